//! `mesh bot test` with scripts, played with a real component.

use mesh_tests::{Machine, component, conformance_bot};
use serde_json::Value;

/// Plays these scripts, each a name and a text; gives the exit code, the output and the errors.
async fn play(scripts: &[(&str, &str)], more: &[&str]) -> (i32, String, String) {
    play_with(conformance_bot("rust"), scripts, more).await
}

async fn play_with(bot: Vec<u8>, scripts: &[(&str, &str)], more: &[&str]) -> (i32, String, String) {
    let machine = Machine::new();
    let folder = machine.folder.path();
    std::fs::create_dir(folder.join("tests")).unwrap();
    for (name, text) in scripts {
        std::fs::write(folder.join("tests").join(name), text).unwrap();
    }
    std::fs::write(folder.join("bot.wasm"), bot).unwrap();
    machine
        .run(&[&["bot", "test", "--component", "bot.wasm"], more].concat(), "")
        .await
}

/// Everything that can happen in a script, and everything that can be expected.
const ALL: &str = r#"
config = { greeting = "Hi" }
secrets = { TOKEN = "not to be told" }
people = { Cleo = "moderator" }

[[step]]
say = "@conform-rust echo hello"
replies = ["hello"]
reactions = []
denied = []

[[step]]
by = "Bob"
room = "kitchen"
say = "@conform-rust members"
replies = ["Ada, Bob, Cleo, conform-rust"]

[[step]]
by = "Cleo"
say = "@conform-rust greeting"
replies = ["Hi"]

[[step]]
config = { greeting = "Hello" }
nothing = true

[[step]]
say = "@conform-rust greeting"
replies = [{ like = "Hel*" }]

[[step]]
say = "@conform-rust count"
replies = ["1"]
kv = { count = 1 }

[[step]]
say = "@conform-rust remember tea green"
kv = { count = 1, tea = "green" }

[[step]]
react = "👍"
by = "Bob"
replies = ["👍 by Bob"]

[[step]]
say = "@conform-rust react 🍵"
replies = []
reactions = ["🍵"]

[[step]]
command = "/measure deep"
arguments = { depth = 3 }
replies = ['Ada called measure with deep and {"depth":3}']

[[step]]
say = "@conform-rust remind 3600 tea"
replies = []

[[step]]
wait = "59m"
nothing = true

[[step]]
wait = "2m"
replies = ["reminder: tea"]

[[step]]
say = "@conform-rust remind 60 cake"
nothing = true

[[step]]
wait = "30s"
nothing = true

[[step]]
say = "@conform-rust remind 3600 later"

[[step]]
wait = "2h"
replies = ["reminder: cake", "reminder: later"]

[[step]]
say = "@conform-rust log careful"
logs = [{ like = "*careful*", level = "warn" }]

[[step]]
say = "@conform-rust secret TOKEN"
replies = ["14 characters"]
logs = [{ like = "*[secret TOKEN]*" }]

[[step]]
say = "@conform-rust room den"
replies = ["denied"]
denied = ["room.create"]

[[step]]
say = "@conform-rust retry"
nothing = true

[[step]]
wait = "1s"
replies = ["again"]

[[step]]
say = "Is it this?"

[[step]]
say = "@conform-rust echo below"
thread = true
replies = ["below"]
"#;

#[tokio::test]
async fn a_script_that_goes_as_expected() {
    let denied = "deny = [\"bot.state\"]\n[[step]]\nsay = \"@conform-rust claim it\"\nreplies = [\"denied\"]\ndenied = [\"kv.put\"]\n";
    let (exit, said, why) = play(
        &[("all.toml", ALL), ("denied.toml", denied), ("notes.txt", "no script")],
        &[],
    )
    .await;
    assert_eq!(
        said, "tests/all.toml: 24 steps as expected\ntests/denied.toml: 1 step as expected\n",
        "{why}"
    );
    assert_eq!(exit, 0, "{why}");
}

#[tokio::test]
async fn what_came_instead_is_told_line_by_line() {
    let wrong = r#"[[step]]
say = "@conform-rust count"
replies = ["1"]

[[step]]
by = "Bob"
say = "@conform-rust count"
replies = [
  "1",
  { like = "* more" },
]
reactions = ["👍"]
logs = ["counted"]
kv = { count = 1, tea = "green" }
denied = ["message.delete"]
nothing = true

[[step]]
say = "@conform-rust fail never reached"
"#;
    let failed = "[[step]]\nsay = \"@conform-rust fail badly\"\nreplies = []\n";
    let rejected = "\n\n[[step]]\nroom = \"kitchen\"\nsay = \"@conform-rust reject it\"\n";
    let more = "[[step]]\nsay = \"@conform-rust echo one\"\nreplies = []\n";
    let good = "[[step]]\nsay = \"hello\"\nnothing = true\n";
    let odd = "[[step]]\ncommand = \"/no-such x\"\n";
    let scripts = [
        ("a.toml", wrong),
        ("b.toml", failed),
        ("c.toml", rejected),
        ("d.toml", more),
        ("e.toml", good),
        ("f.toml", odd),
    ];
    let (exit, said, why) = play(&scripts, &[]).await;
    let expected = r#"tests/a.toml: not as expected, step 2 on line 5: Bob says "@conform-rust count"
  line 9
    expected      the reply "1"
    came instead  "2"
  line 10
    expected      the reply like "* more"
    came instead  no reply
  line 12
    expected      the reactions "👍"
    came instead  nothing
  line 13
    expected      the log line "counted"
    came instead  nothing was logged
  line 14
    expected      "count" to be 1 in the store
    came instead  2
  line 14
    expected      "tea" to be "green" in the store
    came instead  there is no such key
  line 15
    expected      to be refused "message.delete"
    came instead  nothing
  line 16
    expected      nothing
    came instead  it replied "2"
  it replied "2"
tests/b.toml: not as expected, step 1 on line 1: Ada says "@conform-rust fail badly"
  line 1
    expected      the bot to handle it
    came instead  it failed: The bot reported an error: badly
  it logged error "The bot reported an error: badly"
  it is handed this again later
tests/c.toml: not as expected, step 1 on line 3: Ada says "@conform-rust reject it" in kitchen
  line 3
    expected      the bot to handle it
    came instead  it failed: the bot rejected it: it
tests/d.toml: not as expected, step 1 on line 1: Ada says "@conform-rust echo one"
  line 3
    expected      no reply
    came instead  one more, "one"
  it replied "one"
tests/e.toml: 1 step as expected
tests/f.toml: not as expected, step 1 on line 1: Ada calls "/no-such x"
  line 1
    expected      Ada calls "/no-such x"
    came instead  not_found: There is no such command in this room.
"#;
    assert_eq!(
        (exit, why.as_str()),
        (1, "mesh: 5 of 6 scripts did not go as expected\n")
    );
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_report_for_programs() {
    let wrong = "[[step]]\nsay = \"@conform-rust echo a\"\nreplies = [\"b\"]\n";
    let (exit, said, _) = play(&[("a.toml", wrong)], &["--json"]).await;
    let report: Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!(
        (exit, &report["steps"], &report["misses"][0]["line"]),
        (1, &0.into(), &3.into()),
        "{said}"
    );
    assert_eq!(report["misses"][0]["instead"], "\"a\"", "{said}");
}

/// All scripts are read before any is played.
#[tokio::test]
async fn slips_of_the_pen_are_told_with_their_line() {
    let good = "[[step]]\nsay = \"hello\"\n";
    for (text, parts) in [
        ("[[step]]\nsays = \"x\"\n", ["b.toml", "line 2", "says"]),
        (
            "\n[[step]]\nsay = \"x\"\nwait = \"1s\"\n",
            ["b.toml:2", "exactly one", "`say`"],
        ),
        ("[[step]]\nwait = \"soon\"\n", ["b.toml:1", "soon", "no time"]),
        ("deny = [\"everything\"]\n", ["b.toml", "line 1", "everything"]),
    ] {
        let (exit, said, why) = play(&[("a.toml", good), ("b.toml", text)], &[]).await;
        assert_eq!((exit, said.as_str()), (1, ""), "{why}");
        for part in parts {
            assert!(why.contains(part), "no {part} in {why}");
        }
    }
}

/// Time that passes in a script passes for the bot as well.
#[tokio::test]
async fn the_clock_of_a_bot_goes_along() {
    let clock = "[[step]]\nsay = \"@lab clock\"\nreplies = [\"done: 0 minutes\"]\n";
    let script = format!("{clock}\n[[step]]\nwait = \"3h\"\nnothing = true\n\n{clock}");
    let (exit, said, why) = play_with(component("lab"), &[("clock.toml", &script)], &[]).await;
    assert_eq!(
        (exit, said.as_str()),
        (0, "tests/clock.toml: 3 steps as expected\n"),
        "{why}"
    );
}
