use super::{
    super::{
        convert,
        guest::{Answer, Guest},
    },
    json,
    messages::id,
};
use crate::bindings::{
    approvals::{Host, NewRequest, PageRequest},
    types::Error,
};
use mesh_service::approval::{
    CancelApproval, CancelApprovalIn, GetApproval, GetApprovalIn, ListApprovalRules, ListApprovalRulesIn,
    ListApprovals, ListApprovalsIn, RequestApproval, RequestApprovalIn,
};

impl Host for Guest {
    async fn list(&mut self, state: Option<String>, page: PageRequest) -> Answer<String> {
        let (limit, cursor) = convert::page(page);
        let state = match state.map(|state| Self::id(&state)).transpose() {
            Ok(state) => state,
            Err(error) => return Ok(Err(error)),
        };
        json(
            self.call::<ListApprovals>(ListApprovalsIn {
                mesh_id: self.mesh,
                mine: true,
                to_decide: false,
                state,
                limit,
                cursor,
            })
            .await?,
        )
    }

    async fn request(&mut self, request: NewRequest) -> Answer<String> {
        let room_id = match request.room {
            Some(room) => Some(id!(&room)),
            None => None,
        };
        let Ok(input) = request.input.as_deref().map(serde_json::from_str).transpose() else {
            return Ok(Err(Error::Invalid("`input` is a JSON object".into())));
        };
        let mut asked = RequestApprovalIn::of(self.mesh);
        asked.question = request.question;
        asked.choices = request.choices;
        asked.room_id = room_id;
        asked.operation = request.operation;
        asked.input = input;
        asked.expires_in_s = request
            .expires_in_s
            .map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        json(self.call::<RequestApproval>(asked).await?)
    }

    async fn get(&mut self, approval: String) -> Answer<String> {
        let approval_id = id!(&approval);
        json(self.call::<GetApproval>(GetApprovalIn { approval_id }).await?)
    }

    async fn cancel(&mut self, approval: String) -> Answer<String> {
        let approval_id = id!(&approval);
        json(self.call::<CancelApproval>(CancelApprovalIn { approval_id }).await?)
    }

    async fn approval_rule_list(&mut self) -> Answer<String> {
        json(
            self.call::<ListApprovalRules>(ListApprovalRulesIn { mesh_id: self.mesh })
                .await?,
        )
    }
}
