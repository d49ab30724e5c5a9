use super::{
    super::{
        convert,
        guest::{Answer, Guest},
    },
    json,
    messages::id,
};
use crate::bindings::{
    timers::{Host, NewTimer, PageRequest},
    types::Error,
};
use mesh_service::timer::{CancelTimer, CancelTimerIn, CreateTimer, CreateTimerIn, ListTimers, ListTimersIn};
use mesh_types::Timestamp;

impl Host for Guest {
    async fn list(&mut self, page: PageRequest) -> Answer<String> {
        let (limit, cursor) = convert::page(page);
        let input = ListTimersIn {
            bot_id: self.bot,
            limit,
            cursor,
        };
        json(self.call::<ListTimers>(input).await?)
    }

    async fn create(&mut self, timer: NewTimer) -> Answer<String> {
        let room_id = match timer.room.as_deref().map(Self::id).transpose() {
            Ok(room) => room,
            Err(error) => return Ok(Err(error)),
        };
        let Ok(data) = serde_json::from_str(&timer.data) else {
            return Ok(Err(Error::Invalid("`data` is no JSON".into())));
        };
        let input = CreateTimerIn {
            bot_id: self.bot,
            at: timer.at.map(|at| Timestamp(i64::try_from(at).unwrap_or(i64::MAX))),
            cron: timer.cron,
            zone: timer.zone,
            room_id,
            data,
        };
        json(self.call::<CreateTimer>(input).await?)
    }

    async fn cancel(&mut self, timer: String) -> Answer<()> {
        let timer_id = id!(&timer);
        Ok(self.call::<CancelTimer>(CancelTimerIn { timer_id }).await?.map(drop))
    }
}
