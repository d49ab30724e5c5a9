use super::{
    super::guest::{Answer, Guest},
    json,
    messages::id,
};
use crate::bindings::meshes::{Host, Mesh, PermissionQuestion};
use mesh_service::mesh::{CheckPermissions, CheckPermissionsIn, GetMesh, GetMeshIn, ListRoles, MeshIn, Question};

impl Host for Guest {
    async fn get(&mut self) -> Answer<Mesh> {
        let mesh = self.call::<GetMesh>(GetMeshIn::new(self.mesh)).await?;
        Ok(mesh.map(|detail| detail.mesh).map(|mesh| Mesh {
            id: mesh.id.to_string(),
            name: mesh.name,
            slug: mesh.slug,
            description: mesh.description,
        }))
    }

    async fn role_list(&mut self) -> Answer<String> {
        json(self.call::<ListRoles>(MeshIn { mesh_id: self.mesh }).await?)
    }

    async fn permission_check(&mut self, questions: Vec<PermissionQuestion>) -> Answer<Vec<bool>> {
        let mut asked = Vec::with_capacity(questions.len());
        for question in questions {
            asked.push(Question {
                permission: id!(&question.permission),
                resource: question.resource,
            });
        }
        Ok(self
            .call::<CheckPermissions>(CheckPermissionsIn::new(self.mesh, asked))
            .await?
            .map(|answers| answers.items))
    }
}
