//! Members of a mesh, and how one becomes one.

mod avatar;
mod heritage;
mod invite;
mod leave;
mod look;
mod resolve;
mod role;
mod status;
mod update;

pub use avatar::{DeleteAvatar, GetAvatar, PutAvatar};
pub use invite::{AcceptInvite, CreateInvite, CreateInviteIn, ListInvites, PreviewInvite, RevokeInvite};
pub use leave::LeaveMesh;
pub use look::{GetMember, Kind, ListMembers, ListMembersIn, MemberIn};
pub use resolve::ResolveMember;
pub use role::{RemoveMember, SetMemberRole};
pub use status::SetStatus;
pub use update::UpdateMember;

pub(crate) use invite::{find_open, join_by_invite};
pub(crate) use status::with_status;

use crate::Answer;
use mesh_types::view::Member;

impl Answer for Member {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    /// A status comes and ends without the member.
    fn is_all_versioned(&self) -> bool {
        false
    }

    fn location(&self) -> Option<String> {
        Some(format!("/members/{}", self.id))
    }
}
