//! The `OpenAPI` 3.1 document, made from the table of operations and the schemas of their types.

use super::docs::{doors, permission};
use crate::{Body, ErasedOp, Http, Method, OPS};
use mesh_authz::Access;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// Schemas that refer to each other as components of the document.
pub fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator()
}

/// The path of a route, with the prefix of the API.
pub fn full_path(path: &str) -> String {
    path.strip_prefix("//")
        .map_or_else(|| format!("/api/v1{path}"), |rest| format!("/{rest}"))
}

/// The document.
pub fn document() -> Value {
    let mut schemas = generator();
    let mut paths = Map::new();
    for op in OPS {
        if let Some(http) = op.spec.http {
            let item = paths.entry(full_path(http.path)).or_insert_with(|| json!({}));
            item[http.method.as_str().to_lowercase()] = operation(op, http, &mut schemas);
        }
    }
    let mut components: Map<String, Value> = schemas.take_definitions(true);
    components.insert("Problem".into(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The Mesh",
            "version": "1",
            "summary": "People and bots side by side in rooms.",
            "description": "Errors are problem documents (RFC 9457); programs read `code`. Lists are pages with an opaque `next_cursor`. Creating calls take `Idempotency-Key`; items carry `ETag`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "This server" }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": { "Problem": {
                "description": "It did not happen; the problem says why.",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            } },
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A session's token (`mst_`), a personal access token (`mpt_`) or a bot's token (`mbt_`).",
            } },
        },
    })
}

fn noun(op: &ErasedOp) -> &'static str {
    op.spec.name.split('.').next().unwrap_or_default()
}

fn tags() -> Vec<Value> {
    let mut nouns: Vec<_> = OPS.iter().map(noun).collect();
    nouns.dedup();
    nouns.sort_unstable();
    nouns.dedup();
    nouns
        .into_iter()
        .map(|noun| json!({ "name": noun, "description": format!("Operations on `{noun}`.") }))
        .collect()
}

fn operation(op: &ErasedOp, http: Http, schemas: &mut SchemaGenerator) -> Value {
    let mut input = resolved((op.input)(schemas).to_value(), schemas);
    let in_path: Vec<String> = http
        .path
        .split('/')
        .filter(|part| part.starts_with('{'))
        .map(|part| part.trim_matches(['{', '}', '*']).to_owned())
        .collect();
    let required: Vec<String> = serde_json::from_value(input["required"].clone()).unwrap_or_default();
    let properties = input["properties"].as_object().cloned().unwrap_or_default();
    let in_query = |name: &String| !in_path.contains(name) && (http.method == Method::Get || http.body != Body::Json);
    let mut parameters: Vec<Value> = in_path
        .iter()
        .map(|name| parameter(name, "path", true, &properties[name]))
        .collect();
    for (name, schema) in properties.iter().filter(|(name, _)| in_query(name)) {
        parameters.push(parameter(name, "query", required.contains(name), schema));
    }
    parameters.extend(headers(op, http));
    let mut operation = json!({
        "operationId": op.spec.name,
        "summary": op.spec.summary,
        "description": format!("Permission: `{}`. Doors: {}.", permission(op.spec.access), doors(op.spec)),
        "tags": [noun(op)],
        "parameters": parameters,
        "responses": responses(op, http, schemas),
        "security": if matches!(op.spec.access, Access::Public(_)) { json!([]) } else { json!([{ "token": [] }]) },
    });
    match http.body {
        Body::Component(_) => operation["requestBody"] = binary("application/wasm"),
        Body::File(_) => operation["requestBody"] = binary("*/*"),
        Body::Bytes(_) => operation["requestBody"] = binary("application/octet-stream"),
        Body::Json if http.method != Method::Get => {
            let fields: Map<String, Value> = properties
                .into_iter()
                .filter(|(name, _)| !in_path.contains(name))
                .collect();
            if !fields.is_empty() {
                let required: Vec<_> = required.into_iter().filter(|name| !in_path.contains(name)).collect();
                let needed = !required.is_empty();
                input["properties"] = fields.into();
                input["required"] = required.into();
                let body = json!({ "application/json": { "schema": input } });
                operation["requestBody"] = json!({ "required": needed, "content": body });
            }
        }
        Body::Json => {}
    }
    operation
}

/// A schema itself, where a reference stands for it; its name then belongs to no component.
fn resolved(schema: Value, schemas: &mut SchemaGenerator) -> Value {
    let name = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
        .map(str::to_owned);
    match name.and_then(|name| schemas.definitions_mut().remove(&name)) {
        Some(definition) => definition,
        None => schema,
    }
}

fn parameter(name: &str, place: &str, required: bool, schema: &Value) -> Value {
    let mut schema = schema.clone();
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    json!({ "name": name, "in": place, "required": required, "description": description.unwrap_or_default(), "schema": schema })
}

fn headers(op: &ErasedOp, http: Http) -> Vec<Value> {
    let header = |name: &str, required: bool, description: &str| json!({ "name": name, "in": "header", "required": required, "description": description, "schema": { "type": "string" } });
    let mut headers = Vec::new();
    if http.method == Method::Post && op.spec.effect == crate::Effect::Write {
        headers.push(header(
            "Idempotency-Key",
            false,
            "Repeating the call with the same key gives the first answer.",
        ));
    }
    if op.spec.if_match_required || matches!(http.method, Method::Patch) {
        headers.push(header(
            "If-Match",
            op.spec.if_match_required,
            "The `ETag` of the version that was read.",
        ));
    }
    if let Body::Component(_) = http.body {
        headers.push(header("Content-Digest", true, "`sha-256=:…:` (RFC 9530)."));
    }
    headers
}

fn responses(op: &ErasedOp, http: Http, schemas: &mut SchemaGenerator) -> Value {
    let good = match op.spec.own_door {
        Some("") => json!({ "description": "The connection is the client's now." }),
        Some(media_type) => json!({ "description": op.spec.summary, "content": { media_type: {} } }),
        None if http.status == 204 => json!({ "description": "Done." }),
        None => {
            let schema = (op.output)(schemas).to_value();
            json!({ "description": op.spec.summary, "content": { "application/json": { "schema": schema } } })
        }
    };
    json!({ http.status.to_string(): good, "default": { "$ref": "#/components/responses/Problem" } })
}

fn binary(media_type: &str) -> Value {
    json!({ "required": true, "content": { media_type: { "schema": { "type": "string", "format": "binary" } } } })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Why a call did not happen (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "The stable name; programs read this." },
            "detail": { "type": "string", "description": "A sentence for people." },
            "request_id": { "type": "string" },
            "reason": { "type": "string", "description": "With `forbidden`: which rule refused." },
            "state": { "type": "string", "description": "With `wrong_state`: the state." },
            "retry_after_ms": { "type": "integer" },
            "approval_id": { "type": "string" },
            "decision_id": { "type": "string", "description": "A bot's refusal that `bot.explain` can read back." },
            "errors": { "type": "array", "items": {
                "type": "object",
                "properties": { "pointer": { "type": "string" }, "code": { "type": "string" }, "detail": { "type": "string" } },
            } },
        },
    })
}
