//! Path, query and body as one JSON object, which is what an operation takes.

use mesh_service::{ErasedOp, Error, Result, error::Code};
use mesh_types::id;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the fields of an input are, as far as texts in a path or a query must be turned into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Flag,
    List,
}

/// How one operation's fields are read.
pub(crate) struct Fields {
    kinds: BTreeMap<String, Kind>,
}

/// The prefix of the ids that a path parameter holds.
fn prefix(parameter: &str) -> Option<&'static str> {
    let noun = match parameter.strip_suffix("_id")? {
        "message" => "msg",
        "version" => "bver",
        "token" => "pat",
        noun => noun,
    };
    id::PREFIXES
        .iter()
        .find(|(prefix, _)| *prefix == noun)
        .map(|(prefix, _)| *prefix)
}

impl Fields {
    /// Reads the input's schema.
    pub(crate) fn of(op: &ErasedOp) -> Self {
        let mut generator = schemars::SchemaGenerator::default();
        let schema = (op.input)(&mut generator);
        let name = schema.as_value()["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next())
            .map(str::to_owned);
        let schema = name.map_or_else(
            || schema.as_value().clone(),
            |name| generator.definitions()[&name].clone(),
        );
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        Self {
            kinds: properties
                .into_iter()
                .map(|(name, schema)| (name, kind(&schema)))
                .collect(),
        }
    }

    /// The merged object. A path id of the wrong shape is "not found", as any id that is not there.
    pub(crate) fn merge(
        &self,
        path: &[(String, String)],
        query: Option<&str>,
        body: Option<Map<String, Value>>,
    ) -> Result<Map<String, Value>> {
        let mut fields = body.unwrap_or_default();
        for (name, value) in query_pairs(query)? {
            let value = self.value(&name, value)?;
            match fields.entry(name) {
                serde_json::map::Entry::Vacant(place) => drop(place.insert(value)),
                serde_json::map::Entry::Occupied(mut place) => match (place.get_mut(), value) {
                    (Value::Array(all), Value::Array(more)) => all.extend(more),
                    (_, _) => return Err(twice(place.key())),
                },
            }
        }
        for (name, value) in path {
            if prefix(name).is_some_and(|prefix| id::prefix_of(value) != Some(prefix)) {
                return Err(Error::not_found());
            }
            let value = self.value(name, value.clone())?;
            if fields.get(name).is_some_and(|other| *other != value) {
                return Err(twice(name));
            }
            fields.insert(name.clone(), value);
        }
        Ok(fields)
    }

    fn value(&self, name: &str, text: String) -> Result<Value> {
        let wrong = |what: &str| Error::invalid(&format!("/{name}"), format!("is {what}"));
        Ok(match self.kinds.get(name).copied().unwrap_or(Kind::Text) {
            Kind::Text => Value::String(text),
            Kind::Number => Value::Number(text.parse::<i64>().map_err(|_| wrong("a whole number"))?.into()),
            Kind::Flag => Value::Bool(text.parse().map_err(|_| wrong("`true` or `false`"))?),
            Kind::List => Value::Array(vec![Value::String(text)]),
        })
    }
}

fn twice(name: &str) -> Error {
    Error::new(
        Code::BadRequest,
        format!("`{name}` is given twice, with different values."),
    )
}

fn kind(schema: &Value) -> Kind {
    let is = |name: &str| match &schema["type"] {
        Value::String(one) => one == name,
        Value::Array(many) => many.iter().any(|one| one == name),
        _ => false,
    };
    if is("integer") || is("number") {
        Kind::Number
    } else if is("boolean") {
        Kind::Flag
    } else if is("array") {
        Kind::List
    } else {
        Kind::Text
    }
}

pub(crate) fn query_pairs(query: Option<&str>) -> Result<Vec<(String, String)>> {
    let decode = |text: &str| {
        let plus = text.replace('+', " ");
        percent_decode_str(&plus)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
    };
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect::<std::result::Result<_, std::str::Utf8Error>>()
        .map_err(|_| Error::new(Code::BadRequest, "The query is not UTF-8."))
}
