use super::{
    super::guest::{Answer, Guest},
    json,
};
use crate::bindings::docs::Host;
use mesh_service::server::{ListOps, NoInput};

impl Host for Guest {
    async fn ops(&mut self) -> Answer<String> {
        json(self.call::<ListOps>(NoInput {}).await?)
    }
}
