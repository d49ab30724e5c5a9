use mesh_authz::{Permission, Value, value};
use mesh_types::Role;
use std::{collections::BTreeSet, fmt::Write};

/// The reviewed table of role and permission. Changing the snapshot is changing the policy.
#[test]
fn matrix() {
    let mut table = format!("{:20}", "permission");
    for role in Role::ALL {
        write!(table, "{:10}", role.as_str()).unwrap();
    }
    table.push('\n');
    for &permission in Permission::ALL {
        write!(table, "{permission:20}").unwrap();
        for &role in Role::ALL {
            write!(table, "{:10}", value(permission, role)).unwrap();
        }
        table.push('\n');
    }
    let trimmed: Vec<_> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(trimmed.join("\n"));
}

#[test]
fn there_are_58_permissions_with_58_names() {
    let names: BTreeSet<_> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    assert_eq!((Permission::ALL.len(), names.len()), (58, 58));
}

#[test]
fn each_column_has_as_many_of_each_value_as_the_catalogue() {
    let count = |role, wanted| {
        Permission::ALL
            .iter()
            .filter(|&&permission| value(permission, role) == wanted)
            .count()
    };
    for (role, yes, own, invited, no) in [
        (Role::Creator, 54, 3, 0, 1),
        (Role::Admin, 53, 3, 0, 2),
        (Role::Moderator, 29, 13, 0, 16),
        (Role::Bot, 5, 19, 11, 23),
        (Role::Member, 9, 23, 7, 19),
        (Role::Guest, 1, 7, 10, 40),
        (Role::Pending, 0, 1, 0, 57),
    ] {
        let found = [Value::Yes, Value::Own, Value::Invited, Value::No].map(|wanted| count(role, wanted));
        assert_eq!(found, [yes, own, invited, no], "{role}");
    }
}

#[test]
fn names_round_trip_and_others_are_refused() {
    for permission in Permission::ALL {
        assert_eq!(permission.as_str().parse(), Ok(*permission));
        let json = serde_json::to_string(permission).unwrap();
        assert_eq!(json, format!("\"{permission}\""));
        assert_eq!(serde_json::from_str::<Permission>(&json).unwrap(), *permission);
    }
    for text in [
        "",
        "message",
        "message.Post",
        "message.post ",
        "message_post",
        "server.operate",
        "self",
    ] {
        assert!(text.parse::<Permission>().is_err(), "{text:?}");
    }
}

#[test]
fn the_schema_lists_every_name() {
    let schema = serde_json::to_value(schemars::schema_for!(Permission)).unwrap();
    let names: Vec<_> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    assert_eq!(schema["enum"], serde_json::json!(names));
}

#[test]
fn nine_permissions_are_for_people_and_eight_only_read() {
    let named = |select: fn(Permission) -> bool| {
        let names = Permission::ALL
            .iter()
            .filter(|&&permission| select(permission))
            .map(|it| it.as_str());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        named(Permission::human_only),
        "mesh.own mesh.data member.role bot.create bot.grant approval.decide trust.manage agreement.manage ledger.manage"
    );
    assert_eq!(
        named(Permission::is_read),
        "mesh.read room.read message.read member.read approval.read file.read ledger.read audit.read"
    );
}
