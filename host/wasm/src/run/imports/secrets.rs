use super::super::guest::{Answer, Guest};
use crate::bindings::secrets::Host;
use mesh_service::bot::{BotSecretIn, ReadBotSecret};

impl Host for Guest {
    async fn read(&mut self, name: String) -> Answer<String> {
        let input = BotSecretIn {
            bot_id: self.bot,
            name: name.clone(),
        };
        let opened = self.call::<ReadBotSecret>(input).await?;
        Ok(opened.map(|opened| {
            self.told.add(&name, &opened.value);
            opened.value
        }))
    }
}
