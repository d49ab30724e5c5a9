use super::{
    super::{
        convert,
        guest::{Answer, Guest},
    },
    messages::id,
};
use crate::bindings::members::{Host, Member, MemberPage, PageRequest};
use mesh_service::member::{GetMember, ListMembers, ListMembersIn, MemberIn};

impl Host for Guest {
    async fn list(&mut self, page: PageRequest) -> Answer<MemberPage> {
        let (limit, cursor) = convert::page(page);
        let found = self
            .call::<ListMembers>(ListMembersIn {
                kind: None,
                mesh_id: self.mesh,
                role: None,
                limit,
                cursor,
            })
            .await?;
        Ok(found.map(|page| MemberPage {
            members: page.items.into_iter().map(convert::member).collect(),
            next_cursor: page.next_cursor,
        }))
    }

    async fn get(&mut self, member: String) -> Answer<Member> {
        Ok(self
            .call::<GetMember>(MemberIn {
                member_id: id!(&member),
            })
            .await?
            .map(convert::member))
    }
}
