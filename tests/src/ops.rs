//! Operations by name, whatever their routes are.

use crate::{Client, Response, send};
use mesh_service::{Body, ErasedOp, Method, OPS};
use reqwest::RequestBuilder;
use serde_json::{Map, Value};

/// A red pixel, as a PNG.
pub const PICTURE: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90\x77\x53\xde\x00\x00\x00\x0c\x49\x44\x41\x54\x78\x9c\x63\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// The operation of this name.
pub fn op(name: &str) -> &'static ErasedOp {
    OPS.iter()
        .find(|op| op.spec.name == name)
        .unwrap_or_else(|| panic!("no operation {name}"))
}

/// The names of the fields that an operation needs.
pub fn required_fields(op: &ErasedOp) -> Vec<String> {
    let mut generator = mesh_service::server::schema_generator();
    let schema = (op.input)(&mut generator).to_value();
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let schema = name.map_or(&schema, |name| &generator.definitions()[name]);
    schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

impl Client {
    /// A request for an operation: fields go to the path, the query and the body, as its route wants them.
    pub fn op(&self, name: &str, fields: &Value) -> RequestBuilder {
        let op = op(name);
        let http = op.spec.http.unwrap_or_else(|| panic!("{name} has no REST door"));
        let mut fields: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
        let mut path = http.path.to_owned();
        for part in http
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            let value = fields.remove(part).unwrap_or_else(|| panic!("{name} needs {part}"));
            path = path.replace(&format!("{{{part}}}"), value.as_str().unwrap_or_default());
        }
        let method = reqwest::Method::from_bytes(http.method.as_str().as_bytes()).expect("a method");
        let request = self.request(method, &path);
        match (http.body, http.method) {
            (Body::Json, Method::Get) => request.query(&fields),
            (Body::Json, _) => request.json(&fields),
            (Body::Bytes(_), _) => request.query(&fields).body(PICTURE),
            (Body::File(_), _) => request.query(&fields).body("a file"),
            (Body::Component(_), _) => {
                let digest = crate::content_digest(b"component");
                let request = request
                    .header("content-type", "application/wasm")
                    .header("content-digest", digest);
                request.query(&fields).body("component")
            }
        }
    }

    /// Calls an operation by its name.
    pub async fn call(&self, name: &str, fields: Value) -> Response {
        send(self.op(name, &fields)).await
    }
}
