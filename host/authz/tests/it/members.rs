//! B2: who is nobody here, rank, roles, and acting on oneself.

use crate::scene::{Scene, check, check_all, id};
use mesh_authz::{Access, Permission as P};
use mesh_types::{Role, RoomRole};

#[test]
#[rustfmt::skip]
fn the_mesh_is_not_there_for_those_who_are_not_in_it() {
    let member = || Scene::person(Role::Member);
    for &permission in P::ALL {
        check_all([
            ("a stranger", member().change(|it| it.place = None), permission, "not_found"),
            ("no mesh", member().owning().change(|it| it.mesh = None), permission, "not_found"),
            ("absent", Scene::person(Role::Creator).change(|it| it.exists = false), permission, "not_found"),
        ]);
        for &role in Role::ALL {
            let suspended = |facts: &mut mesh_authz::Facts| facts.place.as_mut().unwrap().suspended = true;
            check_all([(
                "suspended",
                Scene::person(role).on_oneself().change(suspended),
                permission,
                "not_found",
            )]);
        }
        let own_data = permission == P::MemberData;
        let expected = if own_data { "allowed" } else { "not_found" };
        check_all([
            ("pending on itself", Scene::person(Role::Pending).on_oneself(), permission, expected),
            ("pending on another", Scene::person(Role::Pending).on(Role::Guest), permission, "not_found"),
        ]);
    }
    check(
        "pending, its own account",
        &Scene::person(Role::Pending),
        Access::Myself,
        "allowed",
    );
}

#[test]
#[rustfmt::skip]
fn guests_see_people_they_share_a_room_with() {
    let guest = || Scene::person(Role::Guest);
    let shares = |facts: &mut mesh_authz::Facts| facts.shares_room = true;
    let about_bot = |role| Scene::person(role).change(|it| it.bot = Some(id("bot", 1)));
    check_all([
        ("the list, which narrows itself", guest(), P::MemberRead, "allowed"),
        ("somebody", guest().on(Role::Member), P::MemberRead, "not_found"),
        ("somebody known", guest().on(Role::Member).change(shares), P::MemberRead, "allowed"),
        ("oneself", guest().on_oneself(), P::MemberRead, "allowed"),
        ("a direct room", guest().on(Role::Member).change(shares), P::MessagePost, "allowed"),
        ("a direct room with a stranger", guest().on(Role::Member), P::MessagePost, "not_found"),
        (
            "a member's direct room with a stranger",
            Scene::person(Role::Member).on(Role::Guest),
            P::MessagePost,
            "forbidden ownership",
        ),
        ("a bot", about_bot(Role::Guest), P::MemberRead, "not_found"),
        ("a bot, for a member", about_bot(Role::Member), P::MemberRead, "allowed"),
        ("calling a bot", about_bot(Role::Member), P::CommandInvoke, "forbidden ownership"),
        ("calling a known bot", about_bot(Role::Guest).change(shares), P::CommandInvoke, "allowed"),
        ("somebody, for a member", Scene::person(Role::Member).on(Role::Creator), P::MemberRead, "allowed"),
    ]);
}

/// Attack 38.
#[test]
#[rustfmt::skip]
fn nobody_acts_on_equal_or_higher_roles() {
    let ladder = [
        Role::Creator,
        Role::Admin,
        Role::Moderator,
        Role::Bot,
        Role::Member,
        Role::Guest,
        Role::Pending,
    ];
    for mine in [Role::Creator, Role::Admin] {
        for other in ladder {
            for permission in [
                P::MemberRole,
                P::MemberModerate,
                P::MemberProfile,
                P::MemberAudit,
                P::MemberData,
            ] {
                let expected = if mine < other { "allowed" } else { "forbidden rank" };
                check_all([("rank", Scene::person(mine).on(other), permission, expected)]);
            }
        }
    }
    check_all([
        ("admin acts on creator", Scene::person(Role::Admin).on(Role::Creator), P::MemberModerate, "forbidden rank"),
        ("moderator suspends member", Scene::person(Role::Moderator).on(Role::Member), P::MemberModerate, "allowed"),
        ("moderator suspends moderator", Scene::person(Role::Moderator).on(Role::Moderator), P::MemberModerate, "forbidden rank"),
        (
            "moderator promotes self",
            Scene::person(Role::Moderator).on_oneself().giving(Role::Admin),
            P::MemberRole,
            "forbidden role",
        ),
        ("admin promotes self", Scene::person(Role::Admin).on_oneself().giving(Role::Creator), P::MemberRole, "forbidden rank"),
        ("admin steps down", Scene::person(Role::Admin).on_oneself().giving(Role::Member), P::MemberRole, "allowed"),
        ("creator steps down", Scene::person(Role::Creator).on_oneself().giving(Role::Admin), P::MemberRole, "forbidden rank"),
        ("creator leaves by removal", Scene::person(Role::Creator).on_oneself(), P::MemberModerate, "forbidden rank"),
        ("creator's own profile", Scene::person(Role::Creator).on_oneself(), P::MemberProfile, "allowed"),
    ]);
}

#[test]
#[rustfmt::skip]
fn members_look_after_themselves_and_their_bots() {
    for role in [Role::Moderator, Role::Member, Role::Guest] {
        for permission in [P::MemberProfile, P::MemberAudit, P::MemberData] {
            check_all([
                ("oneself", Scene::person(role).on_oneself(), permission, "allowed"),
                (
                    "another",
                    Scene::person(role).on(Role::Pending).change(|it| it.shares_room = true),
                    permission,
                    "forbidden ownership",
                ),
            ]);
        }
    }
    check_all([
        ("one's bot", Scene::person(Role::Member).on_bot(Role::Bot).owning(), P::MemberProfile, "allowed"),
        ("another's bot", Scene::person(Role::Member).on_bot(Role::Bot), P::MemberProfile, "forbidden ownership"),
        ("joining another's team", Scene::person(Role::Member).on_oneself(), P::TeamManage, "forbidden ownership"),
        ("one's team", Scene::person(Role::Member).on_oneself().owning(), P::TeamManage, "allowed"),
    ]);
}

#[test]
#[rustfmt::skip]
fn roles_are_given_below_ones_own_and_to_the_right_kind() {
    let admin = || Scene::person(Role::Admin);
    let creator = || Scene::person(Role::Creator);
    check_all([
        ("member to moderator", admin().on(Role::Member).giving(Role::Moderator), P::MemberRole, "allowed"),
        ("member to admin", admin().on(Role::Member).giving(Role::Admin), P::MemberRole, "forbidden rank"),
        ("member to admin by creator", creator().on(Role::Member).giving(Role::Admin), P::MemberRole, "allowed"),
        ("a second creator", creator().on(Role::Admin).giving(Role::Creator), P::MemberRole, "forbidden rank"),
        ("person as bot", creator().on(Role::Member).giving(Role::Bot), P::MemberRole, "forbidden rank"),
        ("bot as member", creator().on_bot(Role::Bot).giving(Role::Member), P::MemberRole, "forbidden rank"),
        ("bot as guest", admin().on_bot(Role::Bot).giving(Role::Guest), P::MemberRole, "allowed"),
        ("bot to moderator", admin().on_bot(Role::Bot).giving(Role::Moderator), P::MemberRole, "allowed"),
        ("bot to admin", admin().on_bot(Role::Bot).giving(Role::Admin), P::MemberRole, "forbidden rank"),
        ("bot to admin by creator", creator().on_bot(Role::Bot).giving(Role::Admin), P::MemberRole, "allowed"),
        ("bot to creator", creator().on_bot(Role::Admin).giving(Role::Creator), P::MemberRole, "forbidden rank"),
        ("new bot", admin().giving(Role::Bot), P::BotCreate, "allowed"),
        ("new bot as moderator", creator().giving(Role::Moderator), P::BotCreate, "forbidden rank"),
        ("invite a moderator", admin().giving(Role::Moderator), P::MemberInvite, "allowed"),
        ("invite a moderator", Scene::person(Role::Moderator).giving(Role::Moderator), P::MemberInvite, "forbidden rank"),
        ("invite a member", Scene::person(Role::Moderator).giving(Role::Member), P::MemberInvite, "allowed"),
    ]);
}

#[test]
fn a_bot_can_always_be_stopped() {
    for permission in [P::BotOperate, P::BotGrant, P::BotManage] {
        check_all([(
            "an admin bot",
            Scene::person(Role::Admin).on_bot(Role::Admin),
            permission,
            "allowed",
        )]);
    }
    check_all([(
        "by a moderator",
        Scene::person(Role::Moderator).on_bot(Role::Admin),
        P::BotOperate,
        "allowed",
    )]);
}

#[test]
#[rustfmt::skip]
fn rooms_are_kept_in_order_by_room_role() {
    use RoomRole::{Moderator, Owner, Participant};
    let member = |room_role| Scene::person(Role::Member).inside(room_role);
    check_all([
        ("owner, participant", member(Owner).on(Role::Member).whose_room_role(Participant), P::RoomModerate, "allowed"),
        ("owner, somebody outside", member(Owner).on(Role::Member), P::RoomModerate, "allowed"),
        ("owner, bot", member(Owner).on_bot(Role::Bot).whose_room_role(Participant), P::RoomModerate, "allowed"),
        ("owner, moderator", member(Owner).on(Role::Member).whose_room_role(Moderator), P::RoomModerate, "allowed"),
        ("owner, owner", member(Owner).on(Role::Member).whose_room_role(Owner), P::RoomModerate, "forbidden rank"),
        ("moderator, owner", member(Moderator).on(Role::Guest).whose_room_role(Owner), P::RoomModerate, "forbidden rank"),
        (
            "owner, mesh moderator",
            member(Owner).on(Role::Moderator).whose_room_role(Participant),
            P::RoomModerate,
            "forbidden rank",
        ),
        ("owner, creator", member(Owner).on(Role::Creator).whose_room_role(Participant), P::RoomModerate, "forbidden rank"),
        ("participant", member(Participant).on(Role::Guest), P::RoomModerate, "forbidden room_role"),
    ]);
    let moderator = |other, room_role| {
        Scene::person(Role::Moderator)
            .inside(Participant)
            .on(other)
            .whose_room_role(room_role)
    };
    check_all([
        ("mesh moderator, room owner", moderator(Role::Member, Owner), P::RoomModerate, "allowed"),
        ("mesh moderator, the same", moderator(Role::Moderator, Participant), P::RoomModerate, "forbidden rank"),
        ("admin demotes the creator", Scene::person(Role::Admin).inside(Owner).on(Role::Creator), P::RoomManage, "forbidden rank"),
        ("owner demotes an admin", member(Owner).on(Role::Admin), P::RoomManage, "allowed"),
        ("creator gives up its room", Scene::person(Role::Creator).inside(Owner).on_oneself(), P::RoomManage, "allowed"),
    ]);
}
