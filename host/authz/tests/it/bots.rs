//! B2 and B4: what bots never do, and how manifests, grants and autonomy narrow them.

use crate::scene::{Scene, check, check_all, id};
use mesh_authz::{Access, Ask, Autonomy, Credential, GrantEffect, Pattern, Permission as P, Who};
use mesh_types::{JoinRule, Role, RoomId, RoomRole, Timestamp};

fn inside() -> Scene {
    Scene::bot(Role::Bot).inside(RoomRole::Participant)
}

fn here() -> Pattern {
    Pattern::Room(id("room", 1))
}

fn elsewhere() -> Pattern {
    Pattern::Room(id("room", 2))
}

/// Attack 45, and every other permission that is for people.
#[test]
#[rustfmt::skip]
fn what_is_for_people_is_refused_to_bots_of_any_role() {
    for &permission in P::ALL.iter().filter(|permission| permission.human_only()) {
        for role in [Role::Creator, Role::Admin, Role::Moderator, Role::Bot, Role::Guest] {
            check_all([(
                "a bot",
                Scene::trusted_bot(role).owning(),
                permission,
                "forbidden human_only",
            )]);
        }
    }
    check_all([
        ("its own request", Scene::trusted_bot(Role::Admin).owning(), P::ApprovalDecide, "forbidden human_only"),
        ("another bot's request", Scene::trusted_bot(Role::Admin), P::ApprovalDecide, "forbidden human_only"),
        ("a person", Scene::person(Role::Admin), P::ApprovalDecide, "allowed"),
    ]);
}

#[test]
#[rustfmt::skip]
fn grants_decide() {
    use GrantEffect::{Allow, Ask, Deny};
    let posting = |on, effect| inside().granted(P::MessagePost, on, effect);
    check_all([
        ("undecided", inside(), P::MessagePost, "forbidden grant"),
        ("no authority at all", inside().change(|it| it.authority = None), P::MessagePost, "forbidden grant"),
        ("allowed here", posting(here(), Allow), P::MessagePost, "allowed"),
        ("allowed in the mesh", posting(Pattern::Mesh(id("mesh", 1)), Allow), P::MessagePost, "allowed"),
        ("allowed elsewhere", posting(elsewhere(), Allow), P::MessagePost, "forbidden grant"),
        ("another permission", posting(here(), Allow), P::MessageReact, "forbidden grant"),
        ("asks", posting(here(), Ask), P::MessagePost, "ask"),
        ("deny beats allow", posting(here(), Allow).granted(P::MessagePost, Pattern::Any, Deny), P::MessagePost, "forbidden grant"),
        ("deny beats ask", posting(here(), Ask).granted(P::MessagePost, here(), Deny), P::MessagePost, "forbidden grant"),
        ("a closer allow beats ask", posting(here(), Allow).granted(P::MessagePost, Pattern::Any, Ask), P::MessagePost, "allowed"),
        ("a closer ask beats allow", posting(here(), Ask).granted(P::MessagePost, Pattern::Any, Allow), P::MessagePost, "ask"),
        ("allow elsewhere does not answer ask", posting(elsewhere(), Allow).granted(P::MessagePost, Pattern::Any, Ask), P::MessagePost, "ask"),
        ("denied elsewhere", posting(Pattern::Any, Allow).granted(P::MessagePost, elsewhere(), Deny), P::MessagePost, "allowed"),
        ("the role is the ceiling", Scene::trusted_bot(Role::Bot), P::MeshManage, "forbidden role"),
    ]);
}

#[test]
fn grants_end_at_their_time() {
    let scene = |now| {
        inside()
            .granted(P::MessagePost, here(), GrantEffect::Allow)
            .change(|it| it.now = Timestamp(now))
            .narrowed(|it| {
                it.grants[0].expires_at = Some(Timestamp(100));
            })
    };
    check_all([
        ("before", scene(99), P::MessagePost, "allowed"),
        ("at the time", scene(100), P::MessagePost, "forbidden grant"),
        ("after", scene(101), P::MessagePost, "forbidden grant"),
    ]);
}

#[test]
#[rustfmt::skip]
fn the_manifest_has_to_ask_for_it() {
    let granted = || inside().granted(P::MessagePost, Pattern::Any, GrantEffect::Allow);
    check_all([
        ("asked for", granted().manifest(P::MessagePost, here()), P::MessagePost, "allowed"),
        ("asked for elsewhere", granted().manifest(P::MessagePost, elsewhere()), P::MessagePost, "forbidden grant"),
        ("asked for something else", granted().manifest(P::MessageRead, here()), P::MessagePost, "forbidden grant"),
        ("an empty manifest", granted().narrowed(|it| it.manifest = Some(vec![])), P::MessagePost, "forbidden grant"),
        ("no manifest", granted(), P::MessagePost, "allowed"),
    ]);
}

#[test]
fn autonomy_limits_what_a_bot_does_by_itself() {
    let scene = |autonomy| {
        Scene::trusted_bot(Role::Bot)
            .inside(RoomRole::Participant)
            .autonomy(autonomy)
    };
    for (autonomy, reads, writes) in [
        (Autonomy::Observe, "allowed", "forbidden grant"),
        (Autonomy::Suggest, "allowed", "ask"),
        (Autonomy::ActLimited, "allowed", "allowed"),
        (Autonomy::Act, "allowed", "allowed"),
    ] {
        check_all([
            ("reads", scene(autonomy), P::MessageRead, reads),
            ("writes", scene(autonomy), P::MessagePost, writes),
        ]);
    }
}

/// What a rule of the mesh makes a bot ask about, and where one with caps writes by itself.
#[test]
#[rustfmt::skip]
fn rules_and_caps_make_a_bot_ask() {
    let ruled = |matter: &str, room| Scene::trusted_bot(Role::Bot).inside(RoomRole::Participant).narrowed(|it| {
        it.asks = vec![Ask { matter: matter.parse().expect("a matter"), room }];
    });
    let called = |scene: Scene| scene.change(|it| it.operation = Some("message.post"));
    let limited = |room| Scene::trusted_bot(Role::Bot).inside(RoomRole::Participant).autonomy(Autonomy::ActLimited).narrowed(|it| {
        it.caps.room_ids = Some([id("room", room)].into());
    });
    check_all([
        ("the permission", ruled("message.post", None), P::MessagePost, "ask"),
        ("the family", ruled("message.*", None), P::MessagePost, "ask"),
        ("not what only looks", ruled("message.*", None), P::MessageRead, "allowed"),
        ("another family", ruled("member.*", None), P::MessagePost, "allowed"),
        ("everything", ruled("*", None), P::MessagePost, "ask"),
        ("everything but asking itself", ruled("*", None), P::ApprovalRequest, "allowed"),
        ("the operation", called(ruled("op:message.post", None)), P::MessagePost, "ask"),
        ("another operation", called(ruled("op:message.edit", None)), P::MessagePost, "allowed"),
        ("no operation", ruled("op:message.post", None), P::MessagePost, "allowed"),
        ("here", ruled("message.post", Some(id("room", 1))), P::MessagePost, "ask"),
        ("elsewhere", ruled("message.post", Some(id("room", 2))), P::MessagePost, "allowed"),
        ("approved", ruled("message.post", None).change(|it| it.approved = Some(id("approval", 1))), P::MessagePost, "allowed"),
        ("a deny wins", ruled("message.post", None).granted(P::MessagePost, Pattern::Any, GrantEffect::Deny), P::MessagePost, "forbidden grant"),
        ("in its rooms", limited(1), P::MessagePost, "allowed"),
        ("outside its rooms", limited(2), P::MessagePost, "ask"),
        ("reads anywhere", limited(2), P::MessageRead, "allowed"),
        ("no caps on what acts", limited(2).autonomy(Autonomy::Act), P::MessagePost, "allowed"),
    ]);
}

#[test]
#[rustfmt::skip]
fn an_approval_answers_an_ask_and_nothing_else() {
    let approved = |scene: Scene| scene.change(|it| it.approved = Some(id("approval", 1)));
    let asks = inside().granted(P::MessagePost, here(), GrantEffect::Ask);
    let denied = asks.clone().granted(P::MessagePost, here(), GrantEffect::Deny);
    check_all([
        ("asked", approved(asks.clone()), P::MessagePost, "allowed"),
        (
            "suggested",
            approved(
                Scene::trusted_bot(Role::Bot)
                    .inside(RoomRole::Participant)
                    .autonomy(Autonomy::Suggest),
            ),
            P::MessagePost,
            "allowed",
        ),
        ("denied since", approved(denied), P::MessagePost, "forbidden grant"),
        ("never granted", approved(inside()), P::MessagePost, "forbidden grant"),
        ("observes", approved(asks.autonomy(Autonomy::Observe)), P::MessagePost, "forbidden grant"),
        ("for people", approved(Scene::trusted_bot(Role::Admin)), P::BotGrant, "forbidden human_only"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_bot_may_run_itself_and_not_another() {
    let about = |number| Scene::bot(Role::Bot).change(|it| it.bot = Some(id("bot", number)));
    check_all([
        ("itself", about(1), P::BotOperate, "allowed"),
        ("itself, without any authority", about(1).change(|it| it.authority = None), P::BotOperate, "allowed"),
        ("itself, observing", about(1).autonomy(Autonomy::Observe), P::BotOperate, "allowed"),
        ("itself, denied", about(1).granted(P::BotOperate, Pattern::Any, GrantEffect::Deny), P::BotOperate, "forbidden grant"),
        ("another", about(2), P::BotOperate, "forbidden ownership"),
        ("its state needs a grant", about(1), P::BotState, "forbidden grant"),
        (
            "its granted state",
            about(1).granted(P::BotState, Pattern::Bot(id("bot", 1)), GrantEffect::Allow),
            P::BotState,
            "allowed",
        ),
        (
            "another's state",
            Scene::trusted_bot(Role::Bot).change(|it| it.bot = Some(id("bot", 2))),
            P::BotState,
            "forbidden ownership",
        ),
    ]);
}

/// Attacks 7 and 42.
#[test]
#[rustfmt::skip]
fn a_bot_reaches_only_its_mesh_and_its_rooms() {
    let trusted = || Scene::trusted_bot(Role::Bot);
    check_all([
        ("another mesh", trusted().change(|it| it.mesh = Some(id("mesh", 2))), P::MeshRead, "not_found"),
        ("a room it is not in", trusted().room(JoinRule::Public), P::MessageRead, "not_found"),
        ("a room it is in", trusted().inside(RoomRole::Participant), P::MessageRead, "allowed"),
    ]);
    let component = trusted().asked_by(
        Who::Bot {
            id: id("bot", 1),
            mesh: id("mesh", 1),
        },
        Credential::Component,
    );
    check_all([("as a component", component, P::MeshRead, "allowed")]);
    check("its own account", &trusted(), Access::Myself, "allowed");
    check("the server", &trusted(), Access::Operator, "forbidden role");
}

#[test]
fn patterns_round_trip() {
    let room: RoomId = id("room", 1);
    for pattern in [
        Pattern::Any,
        Pattern::Room(room),
        Pattern::Mesh(id("mesh", 1)),
        Pattern::Bot(id("bot", 1)),
    ] {
        assert_eq!(pattern.to_string().parse(), Ok(pattern));
    }
    assert!("person_00000000000000000000000001".parse::<Pattern>().is_err());
}
