use super::super::guest::{Answer, Guest};
use crate::bindings::config::Host;
use mesh_service::bot::{BotIn, GetBotConfig};

impl Host for Guest {
    async fn get(&mut self) -> Answer<String> {
        Ok(self
            .call::<GetBotConfig>(BotIn { bot_id: self.bot })
            .await?
            .map(|config| config.config.to_string()))
    }
}
