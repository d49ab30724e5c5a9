//! Who asks what about which thing, in few words.

use mesh_authz::{
    Access, Autonomy, BotAuthority, BotGrant, Caller, Credential, Entering, Facts, GrantEffect, Pattern, Permission,
    Place, Refusal, RoomFacts, Scopes, Subject, Verdict, Who, Wish, decide, explain,
};
use mesh_types::{JoinRule, Role, RoomRole, Timestamp};
use std::{fmt::Debug, str::FromStr, sync::Arc};

/// A caller and what is true about it and the thing it wants to act on.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) caller: Caller,
    pub(crate) facts: Facts,
}

/// The id of a kind with this number.
pub(crate) fn id<T: FromStr<Err: Debug>>(prefix: &str, number: u32) -> T {
    format!("{prefix}_{number:026}")
        .parse()
        .expect("a decimal number is a canonical id")
}

pub(crate) fn session() -> Credential {
    Credential::Session {
        id: id("session", 1),
        fresh_until: Timestamp(0),
    }
}

impl Scene {
    fn new(who: Who, credential: Credential, role: Role) -> Self {
        let place = Place {
            member: id("member", 1),
            role,
            suspended: false,
        };
        let facts = Facts {
            exists: true,
            mesh: Some(id("mesh", 1)),
            place: Some(place),
            ..Facts::default()
        };
        Self {
            caller: Caller { who, credential },
            facts,
        }
    }

    /// A person with this role and a session, about the mesh itself.
    pub(crate) fn person(role: Role) -> Self {
        Self::new(
            Who::Person {
                id: id("person", 1),
                operator: false,
            },
            session(),
            role,
        )
    }

    /// A bot with this role and no grants, about the mesh itself.
    pub(crate) fn bot(role: Role) -> Self {
        let mut scene = Self::new(
            Who::Bot {
                id: id("bot", 1),
                mesh: id("mesh", 1),
            },
            Credential::BotToken,
            role,
        );
        scene.facts.authority = Some(Arc::default());
        scene
    }

    /// A bot that was granted every permission everywhere.
    pub(crate) fn trusted_bot(role: Role) -> Self {
        let grants = Permission::ALL
            .iter()
            .map(|&permission| grant(permission, Pattern::Any, GrantEffect::Allow));
        Self::bot(role).authority(BotAuthority {
            grants: grants.collect(),
            ..BotAuthority::default()
        })
    }

    pub(crate) fn asked_by(mut self, who: Who, credential: Credential) -> Self {
        self.caller = Caller { who, credential };
        self
    }

    pub(crate) fn authority(mut self, authority: BotAuthority) -> Self {
        self.facts.authority = Some(Arc::new(authority));
        self
    }

    /// Changes what narrows the bot.
    pub(crate) fn narrowed(mut self, change: impl FnOnce(&mut BotAuthority)) -> Self {
        let mut authority = self.facts.authority.as_deref().cloned().unwrap_or_default();
        change(&mut authority);
        self.facts.authority = Some(Arc::new(authority));
        self
    }

    pub(crate) fn granted(self, permission: Permission, on: Pattern, effect: GrantEffect) -> Self {
        self.narrowed(|authority| authority.grants.push(grant(permission, on, effect)))
    }

    pub(crate) fn manifest(self, permission: Permission, on: Pattern) -> Self {
        self.narrowed(|it| {
            it.manifest.get_or_insert_default().push(Wish {
                permission,
                on,
                required: false,
            });
        })
    }

    pub(crate) fn autonomy(self, autonomy: Autonomy) -> Self {
        self.narrowed(|authority| authority.autonomy = autonomy)
    }

    /// With a personal access token instead of a session.
    pub(crate) fn token(mut self, permissions: &[Permission], change: impl FnOnce(&mut Scopes)) -> Self {
        let token = id("pat", 1);
        let mut scopes = Scopes {
            token,
            permissions: permissions.to_vec(),
            meshes: vec![],
            rooms: vec![],
        };
        change(&mut scopes);
        self.caller.credential = Credential::Token(Arc::new(scopes));
        self
    }

    /// About a room, seen from outside.
    pub(crate) fn room(mut self, join_rule: JoinRule) -> Self {
        self.facts.room = Some(RoomFacts {
            id: id("room", 1),
            join_rule,
            my_role: None,
            invited: false,
            readers_may_react: false,
            taken_away: vec![],
            archived: false,
        });
        self
    }

    /// About a private room that the caller is in.
    pub(crate) fn inside(self, role: RoomRole) -> Self {
        self.room(JoinRule::Private)
            .change_room(|room| room.my_role = Some(role))
    }

    pub(crate) fn change_room(mut self, change: impl FnOnce(&mut RoomFacts)) -> Self {
        change(self.facts.room.as_mut().expect("a room first"));
        self
    }

    pub(crate) fn invited(self) -> Self {
        self.change_room(|room| room.invited = true)
    }

    pub(crate) fn change(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(&mut self.facts);
        self
    }

    pub(crate) fn owning(self) -> Self {
        self.change(|facts| facts.owned = true)
    }

    pub(crate) fn without_entering(self) -> Self {
        self.change(|facts| facts.entering = Entering::NotNeeded)
    }

    /// Acts on a person with this role.
    pub(crate) fn on(self, role: Role) -> Self {
        self.change(|facts| {
            facts.subject = Some(Subject {
                role,
                is_caller: false,
                is_bot: false,
                room_role: None,
            });
        })
    }

    pub(crate) fn on_bot(self, role: Role) -> Self {
        self.change(|facts| {
            facts.subject = Some(Subject {
                role,
                is_caller: false,
                is_bot: true,
                room_role: None,
            });
        })
    }

    pub(crate) fn on_oneself(mut self) -> Self {
        let role = self.facts.place.expect("a member acts on itself").role;
        let is_bot = matches!(self.caller.who, Who::Bot { .. });
        self.facts.subject = Some(Subject {
            role,
            is_caller: true,
            is_bot,
            room_role: None,
        });
        self
    }

    /// The other one's role in the room.
    pub(crate) fn whose_room_role(self, role: RoomRole) -> Self {
        self.change(|facts| facts.subject.as_mut().expect("a subject first").room_role = Some(role))
    }

    pub(crate) fn giving(self, role: Role) -> Self {
        self.change(|facts| facts.giving = Some(role))
    }

    pub(crate) fn decide(&self, access: Access) -> Result<(), Refusal> {
        decide(&self.caller, access, &self.facts, ()).map(|_| ())
    }

    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.decide(Access::Needs(permission)).is_ok()
    }
}

pub(crate) fn grant(permission: Permission, on: Pattern, effect: GrantEffect) -> BotGrant {
    BotGrant {
        permission,
        on,
        effect,
        expires_at: None,
    }
}

/// The answer in a word or two: `allowed`, `unauthenticated`, `not_found`, `ask` or `forbidden` and
/// the reason.
pub(crate) fn word(answer: &Result<(), Refusal>) -> String {
    match answer {
        Ok(()) => "allowed".to_owned(),
        Err(Refusal::Unauthenticated) => "unauthenticated".to_owned(),
        Err(Refusal::NotFound) => "not_found".to_owned(),
        Err(Refusal::Forbidden { reason, .. }) => format!("forbidden {reason}"),
        Err(Refusal::Ask { .. }) => "ask".to_owned(),
    }
}

/// One question and its answer, which the explanation has to share.
#[track_caller]
pub(crate) fn check(what: &str, scene: &Scene, access: Access, expected: &str) {
    let answer = scene.decide(access);
    let findings = explain(&scene.caller, access, &scene.facts);
    assert_eq!(word(&answer), expected, "{what}: {access:?}\n{findings:#?}");
    let allowed = findings
        .iter()
        .all(|finding| matches!(finding.verdict, Verdict::Pass | Verdict::Skip));
    assert_eq!(
        allowed,
        answer.is_ok(),
        "{what}: the explanation differs\n{findings:#?}"
    );
}

/// Many questions about permissions.
#[track_caller]
pub(crate) fn check_all<'a>(rows: impl IntoIterator<Item = (&'a str, Scene, Permission, &'a str)>) {
    for (what, scene, permission, expected) in rows {
        check(what, &scene, Access::Needs(permission), expected);
    }
}
