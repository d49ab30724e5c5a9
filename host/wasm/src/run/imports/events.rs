use super::{
    super::guest::{Answer, Guest},
    json,
    messages::id,
};
use crate::bindings::events::Host;
use mesh_service::event::{ListRoomEvents, ListRoomEventsIn, SyncEvents, SyncEventsIn};

impl Host for Guest {
    async fn sync(&mut self, cursor: Option<String>) -> Answer<String> {
        json(self.call::<SyncEvents>(SyncEventsIn::since(cursor)).await?)
    }

    async fn room_event_list(&mut self, room: String, after: u64, limit: u32) -> Answer<String> {
        let after = Some(i64::try_from(after).unwrap_or(i64::MAX));
        let input = ListRoomEventsIn {
            room_id: id!(&room),
            after,
            before: None,
            limit: Some(limit),
        };
        json(self.call::<ListRoomEvents>(input).await?)
    }
}
