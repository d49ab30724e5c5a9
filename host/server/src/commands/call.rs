use super::show;
use crate::client::{Client, Failure, Result};
use crate::print::line;
use clap::Args;
use mesh_client::Method;
use mesh_service::{Body, ErasedOp, OPS};
use serde_json::{Map, Value, json};

/// Calls any operation by its name. Fields are flags: `--room-id room_…` or `--room_id room_…`.
#[derive(Args)]
pub(crate) struct Call {
    /// The operation, such as `room.create`; without it they are all listed.
    operation: Option<String>,
    /// `--field value` for each field. `--if-match` and `--idempotency-key` become headers.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    fields: Vec<String>,
}

impl Call {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let Some(name) = self.operation else {
            OPS.iter().filter(|op| op.spec.doors.cli).for_each(describe);
            return Ok(());
        };
        let op = OPS.iter().find(|op| op.spec.doors.cli && op.spec.name == name);
        let op =
            op.ok_or_else(|| Failure::usage(format!("There is no operation `{name}`; `mesh call` lists them.")))?;
        let (as_json, fields) = fields(&self.fields, as_json)?;
        if self.fields.iter().any(|field| field == "--help" || field == "-h") {
            describe(op);
            return Ok(());
        }
        let answer = send(op, fields).await?;
        show(as_json, &answer, |answer| line!("{answer:#}"));
        Ok(())
    }
}

fn schema(op: &ErasedOp) -> Value {
    let mut generator = schemars::SchemaGenerator::default();
    let schema = (op.input)(&mut generator).to_value();
    let name = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
        .map(str::to_owned);
    name.and_then(|name| generator.definitions().get(&name).cloned())
        .unwrap_or(schema)
}

fn describe(op: &ErasedOp) {
    line!("{}  {}", op.spec.name, op.spec.summary);
    let schema = schema(op);
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let mark = if required.contains(&name.as_str()) {
            ""
        } else {
            " (optional)"
        };
        line!(
            "    --{}{mark}  {}",
            name.replace('_', "-"),
            field["description"].as_str().unwrap_or_default()
        );
    }
}

/// `--field value` pairs. `--json` may stand among them, since everything behind the operation is a field.
fn fields(given: &[String], mut as_json: bool) -> Result<(bool, Map<String, Value>)> {
    let (mut fields, mut rest) = (Map::new(), given.iter());
    while let Some(flag) = rest.next() {
        let Some(name) = flag.strip_prefix("--") else {
            return Err(Failure::usage(format!(
                "`{flag}` is no flag; fields are `--name value`."
            )));
        };
        if name == "json" {
            as_json = true;
            continue;
        }
        if name == "help" {
            continue;
        }
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, rest.next().cloned()),
        };
        let value = value.ok_or_else(|| Failure::usage(format!("`--{name}` has no value.")))?;
        fields.insert(name.replace('-', "_"), Value::String(value));
    }
    Ok((as_json, fields))
}

/// The ids of a mesh, a room and a bot that were named instead; the usual mesh where one is needed.
async fn name_things(client: &Client, op: &ErasedOp, fields: &mut Map<String, Value>) -> Result<()> {
    let named = |fields: &Map<String, Value>, field: &str, prefix: &str| {
        let text = fields.get(field).and_then(Value::as_str).map(str::to_owned);
        text.filter(|text| mesh_types::id::prefix_of(text) != Some(prefix))
    };
    let needs_mesh =
        op.spec.http.is_some_and(|http| http.path.contains("{mesh_id}")) && !fields.contains_key("mesh_id");
    let mesh = named(fields, "mesh_id", "mesh");
    if needs_mesh || mesh.is_some() {
        fields.insert(
            "mesh_id".into(),
            client.mesh(mesh.as_deref().unwrap_or_default()).await?.into(),
        );
    }
    if let Some(room) = named(fields, "room_id", "room") {
        fields.insert("room_id".into(), client.room("", &room).await?.into());
    }
    if let Some(bot) = named(fields, "bot_id", "bot") {
        let mesh = client.mesh("").await?;
        fields.insert("bot_id".into(), client.bot(&mesh, &bot).await?.into());
    }
    Ok(())
}

async fn send(op: &ErasedOp, mut fields: Map<String, Value>) -> Result<Value> {
    let client = Client::stored()?;
    name_things(&client, op, &mut fields).await?;
    let Some(http) = op.spec.http else {
        return Err(Failure::usage("This operation is for components only."));
    };
    let schema = schema(op);
    let mut header = |name: &str| fields.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (if_match, key) = (header("if_match"), header("idempotency_key"));
    let mut path = http.path.to_owned();
    let names: Vec<String> = http
        .path
        .split('/')
        .filter(|part| part.starts_with('{'))
        .map(|part| part.trim_matches(['{', '}']).to_owned())
        .collect();
    for name in names {
        let value = fields
            .remove(&name)
            .ok_or_else(|| Failure::usage(format!("`--{}` is missing.", name.replace('_', "-"))))?;
        let value: String = value.as_str().unwrap_or_default().bytes().map(encoded).collect();
        path = path.replace(&format!("{{{name}}}"), &value);
    }
    let method = Method::from_bytes(http.method.as_str().as_bytes()).map_err(Failure::failed)?;
    let raw = match http.body {
        Body::Json => None,
        Body::Bytes(_) | Body::Component(_) | Body::File(_) => Some(
            fields
                .remove("value")
                .and_then(|value| value.as_str().map(str::to_owned))
                .unwrap_or_default(),
        ),
    };
    if method == Method::GET || raw.is_some() {
        let query: Vec<String> = fields
            .iter()
            .map(|(name, value)| {
                format!(
                    "{name}={}",
                    value
                        .as_str()
                        .unwrap_or_default()
                        .bytes()
                        .map(encoded)
                        .collect::<String>()
                )
            })
            .collect();
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
    }
    let body: Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| (name.clone(), typed(&schema["properties"][&name], value)))
        .collect();
    let mut call = mesh_client::Call::new(method.clone(), path);
    if let Some(etag) = if_match {
        call = call.if_match(etag);
    }
    if let Some(key) = key {
        call = call.key(key);
    }
    call = match raw {
        Some(raw) => call.bytes("application/octet-stream", raw),
        None if method == Method::GET => call,
        None => call.json(body.into()),
    };
    client.send(call).await
}

pub(super) fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// A flag's text as the field wants it: numbers, flags, lists and objects are read as JSON.
fn typed(schema: &Value, value: Value) -> Value {
    let is_text = match &schema["type"] {
        Value::String(kind) => kind == "string",
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "string"),
        _ => schema["$ref"].is_string() || schema["anyOf"].is_array() || schema["oneOf"].is_array(),
    };
    let Some(text) = value.as_str().filter(|_| !is_text) else {
        return value;
    };
    if schema["type"] == "array" && !text.trim_start().starts_with('[') {
        return json!(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
        );
    }
    serde_json::from_str(text).unwrap_or(value)
}
