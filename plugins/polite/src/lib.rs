//! Asks for a capability it can do without, and takes no for an answer.

use mesh_bot::{Bot, Error, Mesh, Message, Result};

#[derive(Default)]
struct Polite;

impl Bot for Polite {
    fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
        let answer = match names(mesh) {
            Ok(names) => format!("I see {} here.", names.join(", ")),
            Err(Error::Denied(denial)) => {
                format!("I may not list the members here, and that is fine. ({denial})")
            }
            Err(other) => return Err(other),
        };
        mesh.reply(mention, answer)?;
        Ok(())
    }
}

fn names(mesh: &Mesh) -> Result<Vec<String>> {
    mesh.members().list().map(|member| Ok(member?.actor.name)).collect()
}

mesh_bot::export!(Polite, manifest = "bot.toml");

#[cfg(test)]
mod tests {
    use super::Polite;
    use mesh_bot::{Outcome, testing::TestMesh};

    #[test]
    fn lists_members_when_it_may() {
        let mut test = TestMesh::new(Polite);
        assert_eq!(test.mention("who is here?"), Ok(Outcome::Ack));
        assert_eq!(test.replies(), ["I see bot, Ada here."]);
    }

    #[test]
    fn takes_no_for_an_answer() {
        let mut test = TestMesh::new(Polite);
        test.deny("member.read", "an admin said no");
        assert_eq!(test.mention("who is here?"), Ok(Outcome::Ack));
        assert_eq!(
            test.replies(),
            ["I may not list the members here, and that is fine. (denied by grant: an admin said no)"]
        );
    }
}
