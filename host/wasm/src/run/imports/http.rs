use super::super::guest::{Answer, Guest};
use crate::bindings::http::{Host, Request, Response};
use mesh_service::outbound::{Fetch, FetchIn, SecretHeader};

impl Host for Guest {
    async fn fetch(&mut self, request: Request) -> Answer<Response> {
        self.spend_http_call()?;
        let secrets = request.secrets.into_iter().map(|secret| SecretHeader {
            name: secret.name,
            prefix: secret.prefix,
            secret: secret.secret,
        });
        let input = FetchIn {
            bot_id: self.bot,
            method: request.method,
            url: request.url,
            headers: request.headers,
            secrets: secrets.collect(),
            timeout_ms: request.timeout_ms,
            body: request.body.into(),
            answer: None,
        };
        Ok(self.call::<Fetch>(input).await?.map(|fetched| Response {
            status: fetched.status,
            headers: fetched.headers,
            body: fetched.body.into(),
        }))
    }
}
