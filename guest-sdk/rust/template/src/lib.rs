//! Answers whoever mentions it, and remembers how often it was asked.

use mesh_bot::{Bot, Mesh, Message, Result};

#[derive(Default)]
struct MyBot;

impl Bot for MyBot {
    fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
        let asked = mesh.kv().update("asked", |asked: u64| asked + 1)?;
        let text = mention.text_without_mention();
        mesh_bot::info!(room = mention.room_id; "asked for the {asked}. time");
        mesh.reply(
            mention,
            format!("Hello {}, you said: {text} (question {asked})", mention.author.name),
        )?;
        Ok(())
    }
}

mesh_bot::export!(MyBot, manifest = "bot.toml");

#[cfg(test)]
mod tests {
    use super::MyBot;
    use mesh_bot::{Outcome, testing::TestMesh};

    #[test]
    fn answers_and_counts() {
        let mut test = TestMesh::new(MyBot);
        assert_eq!(test.mention("good morning"), Ok(Outcome::Ack));
        test.restart().expect("a start");
        assert_eq!(test.by("Bob").mention("hi"), Ok(Outcome::Ack));
        assert_eq!(
            test.replies(),
            [
                "Hello Ada, you said: good morning (question 1)",
                "Hello Bob, you said: hi (question 2)"
            ]
        );
    }
}
