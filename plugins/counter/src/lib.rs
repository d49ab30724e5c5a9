//! Counts who mentions it how often, and remembers it in its store.

use mesh_bot::{Bot, Mesh, Message, Result};

#[derive(Default)]
struct Counter;

impl Bot for Counter {
    fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
        let author = &mention.author;
        let count = mesh
            .kv()
            .update(&format!("mentions/{}", author.id), |count: u64| count + 1)?;
        mesh.reply(mention, format!("{} has mentioned me {count} times", author.name))?;
        Ok(())
    }
}

mesh_bot::export!(Counter, manifest = "bot.toml");

#[cfg(test)]
mod tests {
    use super::Counter;
    use mesh_bot::{Outcome, testing::TestMesh};

    #[test]
    fn counts_each_author_alone() {
        let mut test = TestMesh::new(Counter);
        for name in ["Ada", "Bob", "Ada"] {
            assert_eq!(test.by(name).mention("hi"), Ok(Outcome::Ack));
        }
        assert_eq!(
            test.replies(),
            [
                "Ada has mentioned me 1 times",
                "Bob has mentioned me 1 times",
                "Ada has mentioned me 2 times"
            ]
        );
    }

    #[test]
    fn remembers_after_a_restart() {
        let mut test = TestMesh::new(Counter);
        assert_eq!(test.mention("hi"), Ok(Outcome::Ack));
        test.restart().expect("a start");
        assert_eq!(test.mention("hi"), Ok(Outcome::Ack));
        assert_eq!(test.replies()[1], "Ada has mentioned me 2 times");
    }

    #[test]
    fn fails_rather_than_forget() {
        let mut test = TestMesh::new(Counter);
        test.deny("bot.state", "not here");
        assert_eq!(test.mention("hi"), Err("denied by grant: not here".into()));
        assert!(test.replies().is_empty());
    }
}
