//! Any caller, any facts: mostly such that something is allowed, sometimes absurd.

use crate::scene::{Scene, id, session};
use mesh_authz::{
    Access, Autonomy, BotAuthority, BotGrant, Caller, Credential, Entering, Facts, GrantEffect, Matter, Pattern,
    Permission, Place, RoomFacts, Scopes, Subject, Who, Wish,
};
use mesh_types::{JoinRule, Role, RoomRole, Timestamp, bot::AutonomyCaps};
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

pub(crate) fn permission() -> impl Strategy<Value = Permission> {
    select(Permission::ALL)
}

pub(crate) fn human_only() -> impl Strategy<Value = Permission> {
    select(
        Permission::ALL
            .iter()
            .copied()
            .filter(|permission| permission.human_only())
            .collect::<Vec<_>>(),
    )
}

fn role() -> impl Strategy<Value = Role> {
    select(Role::ALL)
}

pub(crate) fn access() -> impl Strategy<Value = Access> {
    prop_oneof![
        12 => permission().prop_map(Access::Needs),
        1 => Just(Access::Myself),
        1 => Just(Access::Operator),
        1 => Just(Access::Public("a test")),
    ]
}

/// Mostly number one, sometimes number two.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![6 => Just(1u32), 1 => Just(2u32)]
}

pub(crate) fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        2 => Just(Pattern::Any),
        1 => number().prop_map(|it| Pattern::Mesh(id("mesh", it))),
        1 => number().prop_map(|it| Pattern::Room(id("room", it))),
        1 => number().prop_map(|it| Pattern::Bot(id("bot", it))),
    ]
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        1 => Just(Who::Anonymous),
        8 => weighted(0.1).prop_map(|operator| Who::Person { id: id("person", 1), operator }),
        8 => (number(), number()).prop_map(|(bot, mesh)| Who::Bot { id: id("bot", bot), mesh: id("mesh", mesh) }),
        1 => Just(Who::Operator),
        1 => Just(Who::Job { name: "test", permissions: &[Permission::MessageDelete, Permission::MeshOwn] }),
    ]
}

fn scopes() -> impl Strategy<Value = Credential> {
    let permissions = proptest::sample::subsequence(Permission::ALL, 20..=Permission::ALL.len());
    (permissions, vec(number(), 0..2), vec(number(), 0..2)).prop_map(|(permissions, meshes, rooms)| {
        let meshes = meshes.into_iter().map(|it| id("mesh", it)).collect();
        let rooms = rooms.into_iter().map(|it| id("room", it)).collect();
        Credential::Token(Arc::new(Scopes {
            token: id("pat", 1),
            permissions,
            meshes,
            rooms,
        }))
    })
}

#[expect(
    clippy::match_same_arms,
    reason = "the first four are for any caller, fitting or not"
)]
fn caller() -> impl Strategy<Value = Caller> {
    (who(), scopes(), 0..12).prop_map(|(who, token, choice)| {
        let credential = match (choice, who) {
            (0, _) => Credential::None,
            (1, _) => session(),
            (2, _) => Credential::BotToken,
            (3, _) => Credential::Internal,
            (4..=6, Who::Person { .. }) => token,
            (_, Who::Person { .. }) => session(),
            (4..=6, Who::Bot { .. }) => Credential::Component,
            (_, Who::Bot { .. }) => Credential::BotToken,
            (_, Who::Anonymous) => Credential::None,
            (_, Who::Operator | Who::Job { .. }) => Credential::Internal,
        };
        Caller { who, credential }
    })
}

fn room() -> impl Strategy<Value = RoomFacts> {
    (
        (
            number(),
            select(JoinRule::ALL),
            option::weighted(0.7, select(RoomRole::ALL)),
            weighted(0.2),
        ),
        (any::<bool>(), vec(permission(), 0..4), weighted(0.1)),
    )
        .prop_map(
            |((number, join_rule, my_role, invited), (readers_may_react, taken_away, archived))| RoomFacts {
                id: id("room", number),
                join_rule,
                my_role,
                invited,
                readers_may_react,
                taken_away,
                archived,
            },
        )
}

fn subject() -> impl Strategy<Value = (Subject, Option<Role>)> {
    let room_role = option::of(select(RoomRole::ALL));
    (
        role(),
        weighted(0.3),
        any::<bool>(),
        room_role,
        option::weighted(0.4, role()),
    )
        .prop_map(|(role, is_caller, is_bot, room_role, giving)| {
            (
                Subject {
                    role,
                    is_caller,
                    is_bot,
                    room_role,
                },
                giving,
            )
        })
}

fn authority() -> impl Strategy<Value = BotAuthority> {
    use GrantEffect::{Allow, Ask, Deny};
    let everything = |effect| {
        move |permission: &Permission| BotGrant {
            permission: *permission,
            on: Pattern::Any,
            effect,
            expires_at: None,
        }
    };
    let effect = prop_oneof![4 => Just(Allow), 2 => Just(Ask), 1 => Just(Deny)];
    let one =
        (permission(), pattern(), effect, option::weighted(0.3, -1i64..2)).prop_map(|(permission, on, effect, end)| {
            BotGrant {
                permission,
                on,
                effect,
                expires_at: end.map(Timestamp),
            }
        });
    let wish = (permission(), pattern(), any::<bool>()).prop_map(|(permission, on, required)| Wish {
        permission,
        on,
        required,
    });
    let asks_for_all = Permission::ALL.iter().map(|&permission| Wish {
        permission,
        on: Pattern::Any,
        required: false,
    });
    let manifest = prop_oneof![
        2 => Just(None),
        2 => Just(Some(asks_for_all.collect::<Vec<_>>())),
        1 => vec(wish, 0..40).prop_map(Some),
    ];
    let start = prop_oneof![
        3 => Just(Permission::ALL.iter().map(everything(Allow)).collect::<Vec<_>>()),
        1 => Just(Permission::ALL.iter().map(everything(Ask)).collect::<Vec<_>>()),
        2 => Just(vec![]),
    ];
    let autonomy = select(
        &[
            Autonomy::Act,
            Autonomy::ActLimited,
            Autonomy::Suggest,
            Autonomy::Observe,
        ][..],
    );
    let matter = prop_oneof![
        Just(Matter::Any),
        Just(Matter::Family("message".into())),
        permission().prop_map(Matter::Permission),
        Just(Matter::Operation("message.post".into())),
    ];
    let rooms = || number().prop_map(|it| id("room", it));
    let asks = (matter, option::of(rooms())).prop_map(|(matter, room)| mesh_authz::Ask { matter, room });
    let rooms = option::weighted(0.2, vec(rooms(), 0..3));
    let narrower = (vec(one, 0..12), autonomy, rooms, vec(asks, 0..2));
    (manifest, start, narrower).prop_map(|(manifest, mut grants, (more, autonomy, rooms, asks))| {
        grants.extend(more);
        BotAuthority {
            manifest,
            grants,
            autonomy,
            caps: AutonomyCaps {
                room_ids: rooms.map(|rooms| rooms.into_iter().collect()),
                ..AutonomyCaps::default()
            },
            asks,
        }
    })
}

prop_compose! {
    /// Any scene at all.
    pub(crate) fn scene()(
        caller in caller(),
        (exists, owned, shares_room, approved) in (weighted(0.95), any::<bool>(), any::<bool>(), weighted(0.2)),
        (mesh, place, suspended) in (option::weighted(0.95, number()), option::weighted(0.95, role()), weighted(0.05)),
        (room, bot) in (option::weighted(0.6, room()), option::of(number())),
        subject in option::weighted(0.4, subject()),
        (without_entering, policy) in (weighted(0.3), weighted(0.05)),
        authority in option::weighted(0.95, authority()),
    ) -> Scene {
        // One who acts on itself has one role, and is of one kind.
        let subject = subject.map(|(mut subject, giving)| {
            if let (true, Some(role)) = (subject.is_caller, place) {
                subject.role = role;
                subject.is_bot = matches!(caller.who, Who::Bot { .. });
            }
            (subject, giving)
        });
        Scene {
            caller,
            facts: Facts {
                now: Timestamp(0),
                exists,
                mesh: mesh.map(|it| id("mesh", it)),
                place: place.map(|role| Place { member: id("member", 1), role, suspended }),
                room,
                room_by_room: false,
                bot: bot.map(|it| id("bot", it)),
                owned,
                shares_room,
                subject: subject.map(|(subject, _)| subject),
                giving: subject.and_then(|(_, giving)| giving),
                entering: if without_entering { Entering::NotNeeded } else { Entering::Needed },
                forbidden_by_policy: policy.then_some("files"),
                approved: approved.then(|| id("approval", 1)),
                operation: Some("message.post"),
                authority: authority.map(Arc::new),
            },
        }
    }
}

/// Any scene in which a bot asks.
pub(crate) fn bot_scene() -> impl Strategy<Value = Scene> {
    let credential = select(&[Credential::BotToken, Credential::Component][..]);
    (scene(), number(), credential).prop_map(|(scene, bot, credential)| {
        scene.asked_by(
            Who::Bot {
                id: id("bot", bot),
                mesh: id("mesh", 1),
            },
            credential,
        )
    })
}
