use crate::{Mesh, NewRoom, Pages, Result, Room, RoomMember, mesh::parse};
use serde::de::DeserializeOwned;

/// Rooms; see [`Mesh::rooms`].
#[derive(Clone, Copy)]
pub struct Rooms<'a> {
    pub(crate) mesh: &'a Mesh,
}

impl<'a> Rooms<'a> {
    /// The rooms this bot can see. Needs `room.read`.
    pub fn list(self) -> Pages<'a, Room> {
        let mesh = self.mesh;
        Pages::new(move |request| {
            let page = mesh.backend.room_list(request)?;
            Ok((page.rooms, page.next_cursor))
        })
    }

    /// One room. Needs `room.read`.
    pub fn get(self, room: &str) -> Result<Room> {
        Ok(self.mesh.backend.room_get(room)?)
    }

    /// Makes a room, which the bot then owns. Needs `room.create`.
    pub fn create(self, room: &NewRoom) -> Result<Room> {
        Ok(self.mesh.backend.room_create(room)?)
    }

    /// Goes into a room. Needs `room.join`.
    pub fn join(self, room: &str) -> Result {
        Ok(self.mesh.backend.room_join(room)?)
    }

    /// Leaves a room. Needs `room.read`.
    pub fn leave(self, room: &str) -> Result {
        Ok(self.mesh.backend.room_leave(room)?)
    }

    /// Who is in a room. Needs `room.read`.
    pub fn members(self, room: &str) -> Pages<'a, RoomMember> {
        let (mesh, room) = (self.mesh, room.to_owned());
        Pages::new(move |request| {
            let page = mesh.backend.room_member_list(&room, request)?;
            Ok((page.members, page.next_cursor))
        })
    }

    /// Brings a member into a room. Needs `room.invite`.
    pub fn add_member(self, room: &str, member: &str) -> Result<RoomMember> {
        Ok(self.mesh.backend.room_member_add(room, member)?)
    }

    /// Takes a member out of a room. Needs `room.moderate`.
    pub fn remove_member(self, room: &str, member: &str) -> Result {
        Ok(self.mesh.backend.room_member_remove(room, member)?)
    }

    /// The events of a room after a position, oldest first, as the operation `room_event.list` answers.
    /// Needs `room.read`.
    pub fn events<T: DeserializeOwned>(self, room: &str, after: u64, limit: u32) -> Result<T> {
        parse(&self.mesh.backend.room_event_list(room, after, limit)?)
    }
}
