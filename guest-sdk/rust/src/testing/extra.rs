//! The rest of what happens in a test mesh: timers that fire, people who decide, and the other side of HTTP.

use super::{Handled, TestMesh};
use crate::{Bot, Decision, Payload, Request, Response, TimerFired, raw::exports::mesh::bot::handler::Question};
use serde::Serialize;
use serde_json::Value;

impl<B: Bot> TestMesh<B> {
    /// Every timer that the bot has set fires, in the order in which they are due; those that come again stay. Gives
    /// what the bot answers for the last one.
    pub fn fire_timers(&mut self) -> Handled {
        let mut handled = Ok(crate::Outcome::Ack);
        for timer in self.world.take_timers() {
            handled = self.event(Payload::TimerFired(TimerFired {
                timer_id: timer.id,
                room_id: timer.room,
                due_at: timer.due_at,
                data: timer.data,
            }));
        }
        handled
    }

    /// Ada asks the bot for something. Gives its answer, or what it answers in place of one; panics if it does not
    /// answer.
    pub fn call(&mut self, method: &str, input: &impl Serialize) -> Result<Value, String> {
        let input = serde_json::to_string(input).expect("an input");
        self.event(Payload::BotCalled(Question {
            call_id: "botcall_1".into(),
            method: method.into(),
            input,
            hops: 0,
            deadline: u64::MAX,
        }))?;
        let answer = self.world.take_answer().expect("an answer of the bot");
        answer.map(|json| serde_json::from_str(&json).expect("an answer that is JSON"))
    }

    /// Answers, from now on, what the bot asks other bots: which bot, which method, with what. A bot that is `None`
    /// for all is not there.
    pub fn answer_calls(
        &mut self,
        answer: impl Fn(&str, &str, &Value) -> Option<Result<Value, String>> + 'static,
    ) -> &mut Self {
        self.world.answer_calls(Box::new(answer));
        self
    }

    /// Ada decides the oldest question that the bot has asked: `approved` or `rejected`, and which choice. Panics if
    /// there is none.
    pub fn decide(&mut self, state: &str, choice: Option<&str>) -> Handled {
        let asked = self.world.take_question().expect("a question of the bot");
        self.event(Payload::ApprovalDecided(Decision {
            approval_id: asked.id,
            room_id: asked.room,
            operation: asked.operation,
            state: state.into(),
            choice: choice.map(Into::into),
            status: None,
        }))
    }

    /// What the bot has asked and nobody has decided, oldest first.
    pub fn questions(&self) -> Vec<String> {
        self.world.questions()
    }

    /// Answers the bot's HTTP requests from now on. A request that is `None` for all cannot reach the other side.
    ///
    /// ```
    /// # use mesh_bot::{Bot, Mesh, Message, Request, Response, Result, testing::TestMesh};
    /// # #[derive(Default)]
    /// # struct Weather;
    /// # impl Bot for Weather {
    /// #     fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
    /// #         mesh.reply(mention, mesh.fetch(&Request::get("https://weather.example.org"))?.text()).map(drop)
    /// #     }
    /// # }
    /// # mesh_bot::export!(Weather, manifest = "template/bot.toml");
    /// # fn main() {
    /// let mut test = TestMesh::permissive(Weather);
    /// test.answer_http(|request| Some(Response { status: 200, headers: vec![], body: b"rain".into() }));
    /// test.mention("weather?");
    /// assert_eq!(test.replies(), ["rain"]);
    /// # }
    /// ```
    pub fn answer_http(&mut self, answer: impl Fn(&Request) -> Option<Response> + 'static) -> &mut Self {
        self.world.answer_http(Box::new(answer));
        self
    }

    /// The bytes of a file by its name, if somebody made one.
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.world.file(name)
    }
}
