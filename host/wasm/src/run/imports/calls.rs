use super::{
    super::guest::{Answer, Guest},
    messages::id,
};
use crate::bindings::{calls::Host, types::Error};
use mesh_service::bot::{AnswerBotCall, AnswerBotCallIn, CallBot, CallBotIn};
use serde_json::Value;

impl Host for Guest {
    async fn call(
        &mut self,
        bot: String,
        method: String,
        input: String,
        timeout_ms: Option<u32>,
    ) -> Answer<Result<String, String>> {
        let bot_id = id!(&bot);
        let Ok(input) = serde_json::from_str(&input) else {
            return Ok(Err(Error::Invalid("`input` is no JSON".into())));
        };
        let asked = CallBotIn {
            bot_id,
            method,
            input,
            timeout_ms,
        };
        Ok(self.call::<CallBot>(asked).await?.map(|out| match out.error {
            Some(error) => Err(error),
            None => Ok(out.answer.to_string()),
        }))
    }

    async fn answer(&mut self, call: String, answer: Result<String, String>) -> Answer<()> {
        let call_id = id!(&call);
        let (answer, error) = match answer.map(|json| serde_json::from_str(&json)) {
            Ok(Ok(answer)) => (answer, None),
            Ok(Err(_)) => return Ok(Err(Error::Invalid("`answer` is no JSON".into()))),
            Err(error) => (Value::Null, Some(error)),
        };
        let answered = AnswerBotCallIn {
            bot_id: self.bot,
            call_id,
            answer,
            error,
        };
        Ok(self.call::<AnswerBotCall>(answered).await?.map(drop))
    }
}
