use super::super::guest::{Answer, Guest};
use crate::bindings::{
    auth::{Host, Identity},
    types::{Actor, Error},
};
use mesh_service::{auth::WhoAmI, server::NoInput};

impl Host for Guest {
    async fn whoami(&mut self) -> Answer<Identity> {
        let who = match self.call::<WhoAmI>(NoInput {}).await? {
            Ok(who) => who,
            Err(error) => return Ok(Err(error)),
        };
        let Some(place) = who.memberships.into_iter().find(|place| place.mesh_id == self.mesh) else {
            return Ok(Err(Error::NotFound(
                "The bot is not a member of its mesh any more.".into(),
            )));
        };
        Ok(Ok(Identity {
            actor: Actor {
                id: who.actor_id.to_string(),
                kind: who.kind,
                name: who.name,
            },
            member_id: place.member_id.to_string(),
            mesh_id: place.mesh_id.to_string(),
            role: place.role.as_str().into(),
        }))
    }
}
