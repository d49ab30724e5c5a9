use crate::{Caller, Facts, Layer, Place};
use mesh_types::{ActorId, BotId, MeshId, RoomId};
use std::ops::Deref;

/// Proof that [`crate::decide`] allowed this resource to this caller. Nothing else makes one.
#[derive(Debug, Clone)]
pub struct Grant<R> {
    on: R,
    actor: Option<ActorId>,
    mesh: Option<MeshId>,
    room: Option<RoomId>,
    bot: Option<BotId>,
    place: Option<Place>,
    layer: Layer,
}

impl<R> Grant<R> {
    pub(crate) fn new(on: R, caller: &Caller, facts: &Facts, layer: Layer) -> Self {
        let room = facts.room.as_ref().map(|room| room.id);
        Self {
            on,
            actor: caller.actor(),
            mesh: facts.mesh,
            room,
            bot: facts.bot,
            place: facts.place,
            layer,
        }
    }

    /// The person or bot who was allowed.
    pub fn actor(&self) -> Option<ActorId> {
        self.actor
    }

    /// The mesh that holds the resource.
    pub fn mesh(&self) -> Option<MeshId> {
        self.mesh
    }

    /// The room that holds the resource.
    pub fn room(&self) -> Option<RoomId> {
        self.room
    }

    /// The caller's place in the mesh.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The layer that said the decisive yes; the log keeps it.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// Proof about the room that holds the resource.
    pub fn in_room(&self) -> Option<Grant<RoomId>> {
        self.room.map(|room| self.about(room))
    }

    /// Proof about the bot that the resource belongs to.
    pub fn of_bot(&self) -> Option<Grant<BotId>> {
        self.bot.map(|bot| self.about(bot))
    }

    fn about<S>(&self, on: S) -> Grant<S> {
        let Self {
            actor,
            mesh,
            room,
            bot,
            place,
            layer,
            ..
        } = *self;
        Grant {
            on,
            actor,
            mesh,
            room,
            bot,
            place,
            layer,
        }
    }
}

impl<R> Deref for Grant<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.on
    }
}
