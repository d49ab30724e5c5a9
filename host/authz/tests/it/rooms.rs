//! B2 and B3: who sees rooms, what happens before entering, room roles and overrides.

use crate::scene::{Scene, check_all};
use mesh_authz::Permission as P;
use mesh_types::{JoinRule, Role, RoomRole};

#[test]
#[rustfmt::skip]
fn join_rules_decide_who_sees_a_room_who_reads_it_and_who_joins() {
    use JoinRule::{Direct, Private, Public, Request, Team};
    let member = || Scene::person(Role::Member);
    let guest = || Scene::person(Role::Guest);
    let admin = || Scene::person(Role::Admin);
    // Seeing is `room.read` on an operation that needs no entry.
    for (what, scene, sees, reads, joins) in [
        ("public to a member", member().room(Public), "allowed", "allowed", "allowed"),
        ("public to a guest", guest().room(Public), "not_found", "not_found", "not_found"),
        ("public to an invited guest", guest().room(Public).invited(), "allowed", "allowed", "allowed"),
        ("public to a bot", Scene::trusted_bot(Role::Bot).room(Public), "not_found", "not_found", "not_found"),
        ("request to a member", member().room(Request), "allowed", "forbidden room_role", "allowed"),
        ("request to a guest", guest().room(Request), "not_found", "not_found", "not_found"),
        ("request to an admin", admin().room(Request), "allowed", "forbidden room_role", "allowed"),
        ("team to a member", member().room(Team), "not_found", "not_found", "not_found"),
        ("team to the team", member().room(Team).invited(), "allowed", "forbidden room_role", "allowed"),
        ("team to an admin", admin().room(Team), "allowed", "forbidden room_role", "forbidden room_role"),
        ("private to a member", member().room(Private), "not_found", "not_found", "not_found"),
        ("private to an invited", member().room(Private).invited(), "allowed", "forbidden room_role", "allowed"),
        ("private to a moderator", Scene::person(Role::Moderator).room(Private), "not_found", "not_found", "not_found"),
        ("private to an admin", admin().room(Private), "allowed", "forbidden room_role", "forbidden room_role"),
        ("direct to the creator", Scene::person(Role::Creator).room(Direct), "not_found", "not_found", "not_found"),
        ("direct to an invited", member().room(Direct).invited(), "not_found", "not_found", "not_found"),
    ] {
        let before_entering = scene.clone().without_entering();
        check_all([
            (what, before_entering, P::RoomRead, sees),
            (what, scene.clone(), P::MessageRead, reads),
            (what, scene.clone(), P::FileRead, reads),
            (what, scene.clone(), P::RoomRead, reads),
            (what, scene, P::RoomJoin, joins),
        ]);
    }
    for rule in JoinRule::ALL {
        let inside = member()
            .room(*rule)
            .change_room(|room| room.my_role = Some(RoomRole::Participant));
        check_all([("a participant", inside, P::MessageRead, "allowed")]);
    }
}

#[test]
#[rustfmt::skip]
fn before_entering_a_private_room_nothing_is_read_or_changed() {
    let admin = || Scene::person(Role::Admin).room(JoinRule::Private);
    check_all([
        ("room.get", admin().without_entering(), P::RoomRead, "allowed"),
        ("room.archive", admin().without_entering(), P::RoomManage, "allowed"),
        ("room.delete", admin(), P::RoomDelete, "allowed"),
        ("room.enter", admin(), P::RoomEnterAny, "allowed"),
        ("its people", admin(), P::RoomRead, "forbidden room_role"),
        ("its settings", admin(), P::RoomManage, "forbidden room_role"),
        ("its messages", admin().without_entering(), P::MessageRead, "forbidden room_role"),
        ("posting", admin(), P::MessagePost, "forbidden room_role"),
        ("a message", admin().owning(), P::MessageDelete, "forbidden room_role"),
        ("sharing", admin(), P::FederationShare, "forbidden room_role"),
    ]);
    let invited = Scene::person(Role::Member).room(JoinRule::Private).invited();
    check_all([
        ("an invited member archives", invited.clone().without_entering(), P::RoomManage, "forbidden room_role"),
        ("an invited member enters", invited, P::RoomEnterAny, "forbidden role"),
    ]);
}

#[test]
fn the_people_of_a_direct_room_are_fixed() {
    let inside = |role| {
        Scene::person(role)
            .inside(RoomRole::Participant)
            .change_room(|it| it.join_rule = JoinRule::Direct)
    };
    check_all([
        ("post", inside(Role::Guest), P::MessagePost, "allowed"),
        ("invite", inside(Role::Creator), P::RoomInvite, "forbidden room_role"),
        ("join", inside(Role::Member), P::RoomJoin, "forbidden room_role"),
    ]);
}

#[test]
#[rustfmt::skip]
fn outside_a_public_room_members_read_and_moderators_do_their_work() {
    let seen = |role| Scene::person(role).room(JoinRule::Public);
    check_all([
        ("a member posts", seen(Role::Member), P::MessagePost, "forbidden room_role"),
        ("a member invites", seen(Role::Member), P::RoomInvite, "forbidden room_role"),
        ("a moderator posts", seen(Role::Moderator), P::MessagePost, "allowed"),
        ("a moderator hides", seen(Role::Moderator), P::MessageModerate, "allowed"),
    ]);
}

#[test]
#[rustfmt::skip]
fn room_roles_add_and_nothing_else_makes_a_room_ones_own() {
    let adds: [(RoomRole, &[P]); 3] = [
        (RoomRole::Owner, &[P::RoomManage, P::RoomModerate, P::RoomDelete, P::MessageModerate, P::MessagePin, P::RoomInvite, ]),
        (RoomRole::Moderator, &[P::RoomModerate, P::MessageModerate, P::MessagePin, P::RoomInvite]),
        // These two are `invited` for a member, so being in the room is enough.
        (RoomRole::Participant, &[P::MessagePin, P::RoomInvite]),
    ];
    for (room_role, added) in adds {
        for permission in [
            P::RoomManage,
            P::RoomModerate,
            P::RoomDelete,
            P::MessageModerate,
            P::MessagePin,
            P::RoomInvite,
        ] {
            // Having made the room is no room role.
            let scene = Scene::person(Role::Member).inside(room_role).owning();
            let expected = if added.contains(&permission) {
                "allowed"
            } else {
                "forbidden room_role"
            };
            check_all([(room_role.as_str(), scene, permission, expected)]);
        }
    }
    let guest = |permission| {
        (
            "a guest as owner",
            Scene::person(Role::Guest).inside(RoomRole::Owner),
            permission,
            "forbidden role",
        )
    };
    check_all(
        [
            P::RoomManage,
            P::RoomModerate,
            P::RoomDelete,
            P::MessageModerate,
            P::MessagePin,
            P::RoomInvite,
        ]
        .map(guest),
    );
    check_all([
        ("categories", Scene::person(Role::Member).owning(), P::RoomManage, "forbidden room_role"),
        ("categories", Scene::person(Role::Moderator), P::RoomManage, "allowed"),
        ("a moderator's room", Scene::person(Role::Moderator).inside(RoomRole::Owner), P::RoomDelete, "allowed"),
        ("another's room", Scene::person(Role::Moderator).inside(RoomRole::Participant), P::RoomDelete, "forbidden room_role"),
    ]);
}

#[test]
#[rustfmt::skip]
fn own_words_are_ones_own_whatever_the_room_role() {
    let member = || Scene::person(Role::Member).inside(RoomRole::Owner);
    check_all([
        ("own", member().owning(), P::MessageEdit, "allowed"),
        ("another's", member(), P::MessageEdit, "forbidden ownership"),
        ("another's", Scene::person(Role::Creator).inside(RoomRole::Owner), P::MessageEdit, "forbidden ownership"),
        ("own", member().owning(), P::MessageDelete, "allowed"),
        ("another's", member(), P::MessageDelete, "forbidden ownership"),
        ("another's", Scene::person(Role::Moderator).inside(RoomRole::Participant), P::MessageDelete, "allowed"),
    ]);
}

#[test]
#[rustfmt::skip]
fn reading_members_keep_little() {
    for &permission in P::ALL {
        let scene = Scene::person(Role::Member).inside(RoomRole::ReadOnly).owning();
        let allowed = [P::RoomRead, P::MessageRead, P::FileRead, P::RoomJoin].contains(&permission);
        assert_eq!(scene.may(permission), allowed, "{permission}");
        let reacting = scene.change_room(|room| room.readers_may_react = true);
        assert_eq!(
            reacting.may(permission),
            allowed || permission == P::MessageReact,
            "{permission}"
        );
    }
    check_all([
        ("a member", Scene::person(Role::Member).inside(RoomRole::ReadOnly), P::MessagePost, "forbidden room_role"),
        ("a bot", Scene::trusted_bot(Role::Bot).inside(RoomRole::ReadOnly), P::MessagePost, "forbidden room_role"),
        ("a moderator", Scene::person(Role::Moderator).inside(RoomRole::ReadOnly), P::MessagePost, "allowed"),
    ]);
}

#[test]
#[rustfmt::skip]
fn overrides_take_away_except_from_the_creator() {
    let scene = |role| {
        Scene::person(role)
            .inside(RoomRole::Owner)
            .change_room(|room| room.taken_away = vec![P::MessagePost])
    };
    check_all([
        ("member", scene(Role::Member), P::MessagePost, "forbidden override"),
        ("admin", scene(Role::Admin), P::MessagePost, "forbidden override"),
        ("creator", scene(Role::Creator), P::MessagePost, "allowed"),
        ("another permission", scene(Role::Member), P::MessageReact, "allowed"),
        ("a guest gets nothing by it", scene(Role::Guest), P::MessagePin, "forbidden role"),
    ]);
}

#[test]
fn policies_bind_everyone() {
    let scene = |role| {
        Scene::person(role)
            .inside(RoomRole::Owner)
            .change(|it| it.forbidden_by_policy = Some("files"))
    };
    check_all([
        ("creator", scene(Role::Creator), P::FileUpload, "forbidden policy"),
        ("member", scene(Role::Member), P::FileUpload, "forbidden policy"),
    ]);
}
