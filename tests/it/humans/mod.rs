//! Humans in charge: rules about who decides, cards in rooms, caps, and what no bot gets past.

mod alone;
mod caps;
mod cards;
mod hand;
mod rules;
mod votes;

use crate::approvals::Stage;
use mesh_tests::{Client, Person, Response, TestServer};
use serde_json::{Value, json};

impl Stage {
    /// Writes a rule.
    async fn rule(&self, name: &str, terms: Value) -> Response {
        let path = format!("/meshes/{}/approval-rules/{name}", self.mesh.id);
        self.mesh.creator.put(&path, json!({ "terms": terms })).await
    }

    /// Somebody new in the mesh.
    async fn person(&self, server: &TestServer, role: &str) -> Person {
        let person = server.person(role).await;
        self.mesh.join(&person, role).await;
        person
    }
}

/// Somebody says yes.
async fn approve(who: &Client, approval: &str) -> Response {
    who.post(&format!("/approvals/{approval}/approve"), json!({})).await
}

/// Somebody says no.
async fn reject(who: &Client, approval: &str) -> Response {
    who.post(&format!("/approvals/{approval}/reject"), json!({})).await
}

/// The question as somebody reads it.
async fn read(who: &Client, approval: &str) -> Value {
    who.get(&format!("/approvals/{approval}")).await.expect(200)
}
