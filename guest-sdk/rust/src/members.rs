use crate::{Member, Mesh, Pages, Result};

/// The people and bots of the mesh; see [`Mesh::members`]. All of it needs `member.read`.
#[derive(Clone, Copy)]
pub struct Members<'a> {
    pub(crate) mesh: &'a Mesh,
}

impl<'a> Members<'a> {
    /// Everyone this bot can see.
    pub fn list(self) -> Pages<'a, Member> {
        let mesh = self.mesh;
        Pages::new(move |request| {
            let page = mesh.backend.member_list(request)?;
            Ok((page.members, page.next_cursor))
        })
    }

    /// One member.
    pub fn get(self, member: &str) -> Result<Member> {
        Ok(self.mesh.backend.member_get(member)?)
    }
}
