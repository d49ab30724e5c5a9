//! B5 and B6: what each kind of caller and credential reaches at all, and how an answer is explained.

use crate::scene::{Scene, check, check_all, id, session};
use mesh_authz::{Access, Caller, Credential, Layer, Permission as P, Reason, Refusal, Verdict, Who, decide, explain};
use mesh_types::{ActorId, JoinRule, Role, RoomRole};

const PUBLIC: Access = Access::Public("a test");
const PERSON: fn(bool) -> Who = |operator| Who::Person {
    id: id("person", 1),
    operator,
};

#[test]
fn without_a_credential_only_public_things_answer() {
    let nobody = Scene::person(Role::Creator).asked_by(Who::Anonymous, Credential::None);
    check("public", &nobody, PUBLIC, "allowed");
    check("account", &nobody, Access::Myself, "unauthenticated");
    check("server", &nobody, Access::Operator, "unauthenticated");
    let absent = nobody.clone().change(|it| it.exists = false);
    check("public and absent", &absent, PUBLIC, "not_found");
    for &permission in P::ALL {
        check_all([("a permission", nobody.clone(), permission, "unauthenticated")]);
        check_all([("a permission on nothing", absent.clone(), permission, "unauthenticated")]);
    }
}

/// Attack 7.
#[test]
fn credentials_prove_only_their_kind_of_caller() {
    let bot = Who::Bot {
        id: id("bot", 1),
        mesh: id("mesh", 1),
    };
    for (who, credential) in [
        (PERSON(true), Credential::BotToken),
        (PERSON(true), Credential::Component),
        (PERSON(true), Credential::None),
        (bot, session()),
        (bot, Credential::None),
        (Who::Anonymous, session()),
    ] {
        let scene = Scene::person(Role::Creator).asked_by(who, credential);
        for access in [PUBLIC, Access::Myself, Access::Operator, Access::Needs(P::MeshRead)] {
            check("misfit", &scene, access, "unauthenticated");
        }
    }
}

#[test]
fn operators_operate_the_server_and_see_no_mesh() {
    let operator = Scene::person(Role::Creator).asked_by(Who::Operator, Credential::Internal);
    check("server", &operator, Access::Operator, "allowed");
    check("public", &operator, PUBLIC, "allowed");
    check("account", &operator, Access::Myself, "forbidden scope");
    for &permission in P::ALL {
        check_all([("a mesh", operator.clone(), permission, "not_found")]);
    }
    let marked = Scene::person(Role::Member).asked_by(PERSON(true), session());
    check("a marked person", &marked, Access::Operator, "allowed");
    check_all([(
        "a marked person is a member like others",
        marked.clone(),
        P::MeshManage,
        "forbidden role",
    )]);
    check(
        "its token",
        &marked.token(P::ALL, |_| {}),
        Access::Operator,
        "forbidden scope",
    );
    check(
        "another person",
        &Scene::person(Role::Creator),
        Access::Operator,
        "forbidden role",
    );
}

#[test]
fn jobs_do_what_is_listed_for_them() {
    let who = Who::Job {
        name: "retention",
        permissions: &[P::MessageDelete, P::MemberRole],
    };
    let job = Scene::person(Role::Guest)
        .room(JoinRule::Direct)
        .asked_by(who, Credential::Internal);
    for &permission in P::ALL {
        let listed = [P::MessageDelete, P::MemberRole].contains(&permission);
        check_all([(
            "listed",
            job.clone(),
            permission,
            if listed { "allowed" } else { "forbidden scope" },
        )]);
    }
    check("account", &job, Access::Myself, "forbidden scope");
    check("server", &job, Access::Operator, "forbidden scope");
    check_all([(
        "absent",
        job.change(|it| it.exists = false),
        P::MessageDelete,
        "not_found",
    )]);
}

#[test]
#[rustfmt::skip]
fn tokens_are_narrowed_to_their_scopes() {
    let admin = || Scene::person(Role::Admin).inside(RoomRole::Participant);
    check_all([
        ("named", admin().token(&[P::MessageRead], |_| {}), P::MessageRead, "allowed"),
        ("not named", admin().token(&[P::MessageRead], |_| {}), P::MessagePost, "forbidden scope"),
        ("names nothing", admin().token(&[], |_| {}), P::MessageRead, "forbidden scope"),
        ("this mesh", admin().token(&[P::MessageRead], |it| it.meshes = vec![id("mesh", 1)]), P::MessageRead, "allowed"),
        ("another mesh", admin().token(&[P::MessageRead], |it| it.meshes = vec![id("mesh", 2)]), P::MessageRead, "forbidden scope"),
        ("this room", admin().token(&[P::MessageRead], |it| it.rooms = vec![id("room", 1)]), P::MessageRead, "allowed"),
        ("another room", admin().token(&[P::MessageRead], |it| it.rooms = vec![id("room", 2)]), P::MessageRead, "forbidden scope"),
        (
            "a room of another mesh",
            admin().token(&[P::MessageRead], |it| {
                (it.meshes, it.rooms) = (vec![id("mesh", 2)], vec![id("room", 1)]);
            }),
            P::MessageRead,
            "forbidden scope",
        ),
        (
            "the mesh, with a token for a room",
            Scene::person(Role::Admin).token(&[P::MeshRead], |it| it.rooms = vec![id("room", 1)]),
            P::MeshRead,
            "forbidden scope",
        ),
        ("for people, named", Scene::person(Role::Admin).token(&[P::BotGrant], |_| {}), P::BotGrant, "allowed"),
        ("for people, not named", Scene::person(Role::Admin).token(&[P::MeshRead], |_| {}), P::BotGrant, "forbidden scope"),
        ("no more than the role", Scene::person(Role::Member).token(P::ALL, |_| {}), P::MeshManage, "forbidden role"),
        ("not what is hidden", Scene::person(Role::Member).room(JoinRule::Private).token(P::ALL, |_| {}), P::RoomRead, "not_found"),
    ]);
    check("account", &admin().token(&[], |_| {}), Access::Myself, "allowed");
}

#[test]
#[rustfmt::skip]
fn the_grant_says_who_what_and_why() {
    let scene = Scene::person(Role::Member).inside(RoomRole::Participant);
    let grant = decide(&scene.caller, Access::Needs(P::MessagePost), &scene.facts, "the room").unwrap();
    assert_eq!(*grant, "the room");
    assert_eq!(grant.actor(), Some(ActorId::Person(id("person", 1))));
    assert_eq!((grant.mesh(), grant.room()), (scene.facts.mesh, Some(id("room", 1))));
    for (layer, scene, access) in [
        (Layer::Ownership, scene.clone(), Access::Needs(P::MessagePost)),
        (Layer::Role, scene.clone(), Access::Needs(P::MessageRead)),
        (Layer::Scope, scene.clone().token(P::ALL, |_| {}), Access::Needs(P::MessageRead)),
        (Layer::Grant, Scene::trusted_bot(Role::Bot), Access::Needs(P::MeshRead)),
        (Layer::Role, scene.clone().asked_by(PERSON(true), session()), Access::Operator),
        (Layer::Credential, scene, Access::Myself),
    ] {
        assert_eq!(
            decide(&scene.caller, access, &scene.facts, ()).unwrap().layer(),
            layer,
            "{access:?}"
        );
    }
    assert_eq!(
        decide(&Caller::ANONYMOUS, PUBLIC, &Scene::person(Role::Guest).facts, ())
            .unwrap()
            .actor(),
        None
    );
}

#[test]
fn refusals_name_the_layer_and_say_what_would_help() {
    let scene = Scene::person(Role::Guest)
        .inside(RoomRole::Participant)
        .token(&[], |_| {});
    let refusal = scene.decide(Access::Needs(P::MessagePin)).unwrap_err();
    let detail = "The role guest does not have `message.pin`; another role in the mesh would be needed.".to_owned();
    assert_eq!(
        refusal,
        Refusal::Forbidden {
            reason: Reason::Role,
            layer: Layer::Role,
            detail
        }
    );
    // The explanation goes on after the first refusal, so that one does not find them one by one.
    let findings = explain(&scene.caller, Access::Needs(P::MessagePin), &scene.facts);
    let told: Vec<_> = findings
        .iter()
        .map(|it| format!("{} {} {}", it.layer, it.verdict, it.detail))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Refuse)
            .count(),
        2
    );
}
