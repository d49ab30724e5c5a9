use super::{
    super::{
        convert,
        guest::{Answer, Guest},
    },
    json,
    messages::id,
};
use crate::bindings::bots::{Host, PageRequest};
use mesh_service::bot::{
    BotIn, ExplainBot, ExplainBotIn, GetBot, GetBotLimits, GetBotStatus, GetBotSubscription, ListBotGrants,
    ListBotGrantsIn, ListBots, ListBotsIn, PutBotSubscription, PutBotSubscriptionIn,
};

impl Host for Guest {
    async fn list(&mut self, page: PageRequest) -> Answer<String> {
        let (limit, cursor) = convert::page(page);
        json(
            self.call::<ListBots>(ListBotsIn {
                mesh_id: self.mesh,
                limit,
                cursor,
            })
            .await?,
        )
    }

    async fn get(&mut self, bot: String) -> Answer<String> {
        json(self.call::<GetBot>(BotIn { bot_id: id!(&bot) }).await?)
    }

    async fn status(&mut self) -> Answer<String> {
        json(self.call::<GetBotStatus>(BotIn { bot_id: self.bot }).await?)
    }

    async fn explain(&mut self, operation: String, resource: String) -> Answer<String> {
        json(
            self.call::<ExplainBot>(ExplainBotIn::about(self.bot, operation, resource))
                .await?,
        )
    }

    async fn bot_grant_list(&mut self) -> Answer<String> {
        json(
            self.call::<ListBotGrants>(ListBotGrantsIn {
                bot_id: self.bot,
                version_id: None,
            })
            .await?,
        )
    }

    async fn bot_limit_get(&mut self) -> Answer<String> {
        json(self.call::<GetBotLimits>(BotIn { bot_id: self.bot }).await?)
    }
    async fn bot_subscription_get(&mut self) -> Answer<String> {
        json(self.call::<GetBotSubscription>(BotIn { bot_id: self.bot }).await?)
    }

    async fn bot_subscription_put(
        &mut self,
        events: Option<Vec<String>>,
        rooms: Option<Vec<String>>,
    ) -> Answer<String> {
        let parsed = rooms.map(|rooms| rooms.iter().map(|room| Self::id(room)).collect());
        let rooms = match parsed.transpose() {
            Ok(rooms) => rooms,
            Err(error) => return Ok(Err(error)),
        };
        let input = PutBotSubscriptionIn {
            bot_id: self.bot,
            events: events.map(|events| events.into_iter().collect()),
            rooms,
        };
        json(self.call::<PutBotSubscription>(input).await?)
    }
}
