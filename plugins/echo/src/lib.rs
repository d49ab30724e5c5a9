//! Says what it hears.

use mesh_bot::{Bot, Mesh, Message, Result};

#[derive(Default)]
struct Echo;

impl Bot for Echo {
    fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
        mesh.reply(mention, format!("echo: {}", mention.text_without_mention()))?;
        Ok(())
    }
}

mesh_bot::export!(Echo, manifest = "bot.toml");

#[cfg(test)]
mod tests {
    use super::Echo;
    use mesh_bot::{Outcome, testing::TestMesh};

    #[test]
    fn answers_with_what_was_said() {
        let mut test = TestMesh::new(Echo);
        assert_eq!(test.mention("hello @ada"), Ok(Outcome::Ack));
        assert_eq!(test.replies(), ["echo: hello @ada"]);
    }

    #[test]
    fn stays_in_the_thread() {
        let mut test = TestMesh::new(Echo);
        assert_eq!(test.by("Ada").in_thread("thread_7").mention("hello"), Ok(Outcome::Ack));
        assert_eq!(test.posts()[0].thread_id.as_deref(), Some("thread_7"));
    }

    #[test]
    fn says_nothing_unasked() {
        let mut test = TestMesh::new(Echo);
        assert_eq!(test.message("hello"), Ok(Outcome::Ack));
        assert!(test.replies().is_empty());
    }
}
