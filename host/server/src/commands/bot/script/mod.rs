//! Scripts of a bot: what happens in a mesh, and what the bot is expected to do about it. They are about the component,
//! so they are the same in every language.

mod effects;
mod format;
mod judge;
mod world;

use super::{super::show, inspect};
use crate::{
    client::{Failure, Result},
    print::line,
};
use anyhow::{Context as _, anyhow};
use effects::{Effects, Seen};
use format::{Act, Source, Step};
use judge::{Miss, did, judge};
use mesh_service::manifest::Manifest;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use world::World;

/// Who begins every script, and is the mesh's Creator.
const CREATOR: &str = "Ada";

/// The scripts of a bot's folder, in order.
pub(super) fn find(folder: &Path) -> Vec<PathBuf> {
    let tests = Path::new("tests");
    let tests = if folder == Path::new(".") {
        tests.to_owned()
    } else {
        folder.join(tests)
    };
    let entries = std::fs::read_dir(tests).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter_map(std::result::Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    found.sort();
    found
}

/// How a script went.
#[derive(Debug, serde::Serialize)]
struct Report {
    file: String,
    /// Steps that went as expected.
    steps: usize,
    /// What was done in the step that did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    misses: Vec<Miss>,
    /// What else the bot did there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<String>,
}

/// Plays scripts with a component, each in a mesh of its own. An error when one does not go as expected.
pub(super) async fn play(component: &Path, scripts: &[PathBuf], as_json: bool) -> Result<()> {
    // All are read before anything is run, so that a slip of the pen is told at once.
    let sources: Vec<Source> = scripts.iter().map(|path| Source::read(path)).collect::<Result<_>>()?;
    let manifest = inspect::read(component)?.manifest;
    let manifest = manifest.ok_or_else(|| Failure::failed(anyhow!("{} has no bot.toml in it", component.display())))?;
    let name = Manifest::from_toml(&manifest).map_err(Failure::failed)?.bot.name;
    let bytes = std::fs::read(component).with_context(|| format!("{} cannot be read", component.display()))?;
    let shared = tempfile::tempdir().context("there is no temporary folder")?;
    let mut reports = Vec::with_capacity(sources.len());
    for (n, source) in sources.iter().enumerate() {
        let mut world = World::open(shared.path(), &shared.path().join(n.to_string())).await?;
        world.bring(&name, bytes.clone(), &source.script).await?;
        let report = run(&mut world, source).await?;
        show(as_json, &json!(report), |_| print(&report));
        reports.push(report);
    }
    let failed = reports.iter().filter(|report| !report.misses.is_empty()).count();
    if failed == 0 {
        return Ok(());
    }
    let all = reports.len();
    let (which, scripts) = (
        if failed == all {
            String::new()
        } else {
            format!("{failed} of ")
        },
        plural(all, "script"),
    );
    Err(Failure::failed(anyhow!("{which}{scripts} did not go as expected")))
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn print(report: &Report) {
    let Some(step) = &report.step else {
        line!("{}: {} as expected", report.file, plural(report.steps, "step"));
        return;
    };
    line!("{}: not as expected, {step}", report.file);
    for miss in &report.misses {
        line!("  line {}", miss.line);
        line!("    expected      {}", miss.expected);
        line!("    came instead  {}", miss.instead);
    }
    for also in &report.also {
        line!("  {also}");
    }
}

/// Does what a script says, up to the first step that does not go as expected: what comes after it means little.
async fn run(world: &mut World, source: &Source) -> Result<Report> {
    let mut seen = Seen::default();
    world.settle().await?;
    seen.look(world).await?;
    let mut report = Report {
        file: source.file.clone(),
        steps: 0,
        step: None,
        misses: Vec::new(),
        also: Vec::new(),
    };
    for at in &source.script.steps {
        let (step, line) = (at.get_ref(), source.line(at));
        let act = step
            .act()
            .map_err(|wrong| Failure::failed(anyhow!("{}:{line}: {wrong}", source.file)))?;
        let what = described(step, &act);
        if let Err(error) = happen(world, step, act).await? {
            report.step = Some(format!("step {} on line {line}: {what}", report.steps + 1));
            report.misses.push(Miss {
                line,
                expected: what,
                instead: error.to_string(),
            });
            return Ok(report);
        }
        world.settle().await?;
        let effects = seen.look(world).await?;
        report.misses = judge(world, source, step, &effects).await?;
        if let Some(why) = &effects.failed {
            report.misses.insert(
                0,
                Miss {
                    line,
                    expected: "the bot to handle it".into(),
                    instead: format!("it failed: {why}"),
                },
            );
        }
        if !report.misses.is_empty() {
            report.step = Some(format!("step {} on line {line}: {what}", report.steps + 1));
            report.also = also(&effects);
            return Ok(report);
        }
        report.steps += 1;
    }
    Ok(report)
}

/// What helps whoever wonders why.
fn also(effects: &Effects) -> Vec<String> {
    let logs = effects
        .logs
        .iter()
        .map(|(level, text)| format!("it logged {level} {text:?}"));
    let again = effects.again.then(|| "it is handed this again later".to_owned());
    did(effects).into_iter().chain(logs).chain(again).collect()
}

fn described(step: &Step, act: &Act<'_>) -> String {
    let (by, room) = (step.by(), step.room());
    let place = if room == "general" {
        String::new()
    } else {
        format!(" in {room}")
    };
    match act {
        Act::Say(text) => format!("{by} says {text:?}{place}"),
        Act::Command { .. } => format!("{by} calls {:?}{place}", step.command.as_deref().unwrap_or_default()),
        Act::React(emoji) => format!("{by} reacts with {emoji}{place}"),
        Act::Wait(_) => format!("{} pass", step.wait.as_deref().unwrap_or_default()),
        Act::Configure(_) => "the settings change".into(),
    }
}

/// Makes it happen.
async fn happen(world: &World, step: &Step, act: Act<'_>) -> Result<Result<(), mesh_service::Error>> {
    let room = world
        .rooms
        .get(step.room())
        .ok_or_else(|| Failure::usage("no such room"))?;
    let last = room.last.clone().unwrap_or_default();
    let (op, fields) = match act {
        Act::Say(text) => {
            let mut fields = json!({ "room_id": room.id, "text": text });
            if step.thread {
                fields["thread_id"] = Value::from(last.replace("msg_", "thread_"));
            }
            ("message.post", fields)
        }
        Act::Command { name, text } => {
            let mut fields = json!({ "room_id": room.id, "name": name, "text": text });
            if let Some(arguments) = &step.arguments {
                fields["arguments"] = json!(arguments);
            }
            ("command.invoke", fields)
        }
        Act::React(emoji) => ("reaction.add", json!({ "message_id": last, "emoji": emoji })),
        Act::Wait(time) => {
            world.wait(time).await?;
            return Ok(Ok(()));
        }
        Act::Configure(config) => return Ok(world.configure(config).await),
    };
    Ok(world.call(step.by(), op, fields).await.map(drop))
}
