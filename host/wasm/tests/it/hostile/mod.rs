//! Components that nobody would write: generated ones, and real ones that were damaged. Whatever they are, the
//! server refuses them or ends them, and goes on.
//!
//! `MESH_COMPONENTS` says how many there are, and `MESH_COMPONENTS_SEED` from which number they are made. A
//! failure says which one it was; `MESH_COMPONENT` makes only that one.

mod bytes;
mod chance;
mod frame;
mod life;
mod smith;
mod splice;
mod worlds;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;

use chance::Chance;
use life::Arena;

/// How many components there are in all when nobody says it: what a minute and a half on two cores can do.
const COMPONENTS: u64 = 4_000;

/// Random code in a bot that is sound around it: most of it runs.
#[tokio::test]
async fn generated_code_is_contained() {
    live_and_let_die("generated code", 40, &mut |chance| frame::component(chance)).await;
}

/// Modules of which nothing is sound but the names.
#[tokio::test]
async fn generated_modules_are_contained() {
    live_and_let_die("generated modules", 15, &mut |chance| smith::component(chance)).await;
}

/// Core modules of real bots, changed one by one so that most stay valid.
#[tokio::test]
async fn changed_modules_are_contained() {
    let corpus = splice::Corpus::new();
    live_and_let_die("changed modules", 15, &mut |chance| corpus.changed(chance)).await;
}

/// Real bots cut, flipped and shuffled as files.
#[tokio::test]
async fn damaged_files_are_contained() {
    let corpus = splice::Corpus::new();
    live_and_let_die("damaged files", 20, &mut |chance| {
        let whole = corpus.component(chance).to_vec();
        Some(bytes::damaged(whole, chance))
    })
    .await;
}

/// Valid components of other worlds, and of the contract with other types.
#[tokio::test]
async fn other_worlds_are_contained() {
    live_and_let_die("other worlds", 10, &mut |chance| worlds::component(chance)).await;
}

/// Makes this share of the components, in percent, and hands each over to the bot host.
async fn live_and_let_die(kind: &'static str, percent: u64, make: &mut dyn FnMut(&mut Chance) -> Option<Vec<u8>>) {
    let seed = asked("MESH_COMPONENTS_SEED").unwrap_or(41);
    let count = asked("MESH_COMPONENTS").unwrap_or(COMPONENTS) * percent / 100;
    let only = asked("MESH_COMPONENT");
    let mut arena = Arena::new().await;
    let mut tally = BTreeMap::<String, u64>::new();
    for number in only.map_or(0..count, |only| only..only + 1) {
        let naming = Naming { kind, seed, number };
        naming.write_down();
        let fate = match make(&mut Chance::of(seed, number)) {
            Some(component) => arena.live(&component).await,
            None => "not made".into(),
        };
        *tally.entry(fate).or_default() += 1;
    }
    arena.is_whole().await;
    println!("{}", summary(kind, seed, &tally));
}

fn asked<T: FromStr>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().ok().expect("a number"))
}

fn summary(kind: &str, seed: u64, tally: &BTreeMap<String, u64>) -> String {
    let all: u64 = tally.values().sum();
    let mut text = format!("{all} {kind} from {seed}:");
    for (fate, count) in tally {
        let _ = write!(text, "\n  {count:6} {fate}");
    }
    text
}

/// Says which component it was when a test ends early. Where it takes the process along, the file says it.
struct Naming {
    kind: &'static str,
    seed: u64,
    number: u64,
}

impl Naming {
    fn text(&self) -> String {
        format!(
            "{}: MESH_COMPONENTS_SEED={} MESH_COMPONENT={}",
            self.kind, self.seed, self.number
        )
    }

    fn write_down(&self) {
        let file = format!("{}/{}", env!("CARGO_TARGET_TMPDIR"), self.kind.replace(' ', "-"));
        std::fs::write(file, self.text()).expect("a note");
    }
}

impl Drop for Naming {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was {}", self.text());
        }
    }
}
