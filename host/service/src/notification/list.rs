use crate::{
    Cx, Effect, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    mesh::shows,
    op,
    resource::Myself,
};
use mesh_authz::{Caller, Credential, Grant};
use mesh_store::notifications;
use mesh_types::{RoomId, view::Notification};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `notification.list`
pub struct ListNotifications;

/// Which notifications.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListNotificationsIn {
    /// Only those that were not read.
    #[serde(default)]
    pub unread: bool,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A token that names rooms does not tell of the others.
fn shows_room(caller: &Caller, room: RoomId) -> bool {
    match &caller.credential {
        Credential::Token(scopes) => scopes.rooms.is_empty() || scopes.rooms.contains(&room),
        _ => true,
    }
}

impl Op for ListNotifications {
    const SPEC: OpSpec = op("notification.list", Effect::Read)
        .myself()
        .about("Lists the caller's mentions and replies in the rooms it is in, newest first, across meshes.")
        .http(Method::Get, "/me/notifications", 200)
        .socket()
        .mcp()
        .cli();
    type In = ListNotificationsIn;
    type Out = Page<Notification>;
    type On = Myself;

    fn on(_: &ListNotificationsIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: ListNotificationsIn) -> Result<Page<Notification>> {
        let (actor, size) = (cx.actor()?, page_size(input.limit)?);
        let scope = format!("{actor} {}", input.unread);
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let found = notifications::list(cx.tx(), &on, actor, (&before, input.unread), size + 1).await?;
        let mut page = cursor::page(cx, &scope, found, size, |one| one.id.to_string());
        let caller = &cx.envelope().caller;
        page.items
            .retain(|one| shows(caller, one.mesh_id) && shows_room(caller, one.room_id));
        Ok(page)
    }
}
