//! Rooms, and people and bots in them.

use crate::Answer;
use mesh_types::view::{Room, RoomMember};

impl Answer for Room {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/rooms/{}", self.id))
    }
}

impl Answer for RoomMember {}
