//! `docs/reference`: what a reviewer reads to see what changed in the API.

use mesh_authz::{Permission, value};
use mesh_service::{
    ErasedOp, OPS,
    error::Code,
    server::{doors, full_path, openapi_document, permission},
};
use mesh_types::Role;
use std::fmt::Write as _;

/// Every generated file: its path from the root, and its text.
pub(crate) fn files() -> [(&'static str, String); 4] {
    [
        ("docs/reference/openapi.json", format!("{:#}\n", openapi_document())),
        ("docs/reference/operations.md", operations()),
        ("docs/reference/permissions.md", permissions()),
        ("docs/reference/errors.md", errors()),
    ]
}

fn operations() -> String {
    let mut text = String::from(
        "# Operations\n\n<!-- Written by `make gen`. -->\n\n\
         Permission: of the matrix in [permissions](permissions.md), or `public` (no account needed), `self` (any account), \
         `server.operate` (operators). Doors: R REST, S sockets, W components, M MCP, C command line. \
         IM: `If-Match` is required. Fresh: needs a sign-in within the last ten minutes.\n",
    );
    let mut noun = "";
    for op in OPS {
        let of = op.spec.name.split('.').next().unwrap_or_default();
        if of != noun {
            noun = of;
            let _ = writeln!(
                text,
                "\n## {noun}\n\n| Operation | Route | Permission | Doors | |\n|---|---|---|---|---|"
            );
        }
        let _ = writeln!(text, "{}", row(op));
    }
    text
}

fn row(op: &ErasedOp) -> String {
    let route = op.spec.http.map_or("—".to_owned(), |http| {
        format!("`{} {}`", http.method.as_str(), full_path(http.path))
    });
    let mut about = op.spec.summary.to_owned();
    if op.spec.if_match_required {
        about.push_str(" **IM**");
    }
    if op.spec.fresh {
        about.push_str(" **fresh**");
    }
    format!(
        "| `{}` | {route} | `{}` | {} | {about} |",
        op.spec.name,
        permission(op.spec.access),
        doors(op.spec)
    )
}

fn permissions() -> String {
    let mut text = String::from(
        "# Permissions\n\n<!-- Written by `make gen`. -->\n\n\
         What each role of a mesh may do. Ownership, room roles, overrides, ranks, policies, and for bots their grants \
         still apply. ¹ Only people can have it, never a bot.\n\n| Permission |",
    );
    for role in Role::ALL {
        let _ = write!(text, " {role} |");
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(Role::ALL.len()));
    text.push('\n');
    for permission in Permission::ALL {
        let mark = if permission.human_only() { " ¹" } else { "" };
        let _ = write!(text, "| `{permission}`{mark} |");
        for role in Role::ALL {
            let _ = write!(text, " {} |", format!("{:?}", value(*permission, *role)).to_lowercase());
        }
        text.push('\n');
    }
    text
}

fn errors() -> String {
    let mut text = String::from(
        "# Errors\n\n<!-- Written by `make gen`. -->\n\n\
         Errors are problem documents (RFC 9457). Programs read `code`; the other texts may change.\n\n\
         | Status | Code |\n|---|---|\n",
    );
    let mut codes: Vec<_> = Code::ALL.iter().map(|code| (code.status(), code.as_str())).collect();
    codes.sort_unstable();
    for (status, code) in codes {
        let _ = writeln!(text, "| {status} | `{code}` |");
    }
    text
}
