use super::{
    super::{
        convert,
        guest::{Answer, Guest},
    },
    messages::id,
};
use crate::bindings::rooms::{Host, NewRoom, PageRequest, Room, RoomMember, RoomMemberPage, RoomPage};
use mesh_service::room::{
    AddRoomMember, AddRoomMemberIn, CreateRoom, CreateRoomIn, GetRoom, JoinRoom, LeaveRoom, ListRoomMembers,
    ListRoomMembersIn, ListRooms, ListRoomsIn, RemoveRoomMember, RoomIn, RoomSeatIn,
};

impl Host for Guest {
    async fn list(&mut self, page: PageRequest) -> Answer<RoomPage> {
        let (limit, cursor) = convert::page(page);
        let input = ListRoomsIn {
            mesh_id: self.mesh,
            mine: false,
            limit,
            cursor,
        };
        let found = self.call::<ListRooms>(input).await?;
        Ok(found.map(|page| RoomPage {
            rooms: page.items.into_iter().map(convert::room).collect(),
            next_cursor: page.next_cursor,
        }))
    }

    async fn get(&mut self, room: String) -> Answer<Room> {
        Ok(self
            .call::<GetRoom>(RoomIn { room_id: id!(&room) })
            .await?
            .map(convert::room))
    }

    async fn create(&mut self, room: NewRoom) -> Answer<Room> {
        let input = CreateRoomIn {
            mesh_id: self.mesh,
            name: room.name,
            slug: room.slug,
            purpose: room.purpose.unwrap_or_default(),
            kind: None,
            join_rule: Some(id!(&room.join_rule)),
            member_ids: Vec::new(),
        };
        Ok(self.call::<CreateRoom>(input).await?.map(convert::room))
    }

    async fn join(&mut self, room: String) -> Answer<()> {
        Ok(self.call::<JoinRoom>(RoomIn { room_id: id!(&room) }).await?.map(drop))
    }

    async fn leave(&mut self, room: String) -> Answer<()> {
        Ok(self.call::<LeaveRoom>(RoomIn { room_id: id!(&room) }).await?.map(drop))
    }

    async fn room_member_list(&mut self, room: String, page: PageRequest) -> Answer<RoomMemberPage> {
        let (limit, cursor) = convert::page(page);
        let found = self
            .call::<ListRoomMembers>(ListRoomMembersIn {
                room_id: id!(&room),
                limit,
                cursor,
            })
            .await?;
        Ok(found.map(|page| RoomMemberPage {
            members: page.items.into_iter().map(convert::room_member).collect(),
            next_cursor: page.next_cursor,
        }))
    }

    async fn room_member_add(&mut self, room: String, member: String) -> Answer<RoomMember> {
        let input = AddRoomMemberIn {
            room_id: id!(&room),
            member_id: id!(&member),
        };
        Ok(self.call::<AddRoomMember>(input).await?.map(convert::room_member))
    }

    async fn room_member_remove(&mut self, room: String, member: String) -> Answer<()> {
        let input = RoomSeatIn {
            room_id: id!(&room),
            member_id: id!(&member),
        };
        Ok(self.call::<RemoveRoomMember>(input).await?.map(drop))
    }
}
