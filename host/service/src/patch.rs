//! Fields of a JSON Merge Patch (RFC 7396), where absent and `null` say different things.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

/// Reads a field that is there. Use it with `#[serde(default)]`: an absent field is `None` and stays.
/// For `Option<Option<T>>`, `null` is `Some(None)` and clears; for `Option<T>`, `null` is refused, since
/// there is nothing to clear.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

/// Sets a field that the patch names, and writes down the new value if it is a new one.
pub(crate) fn note<T: PartialEq + Serialize>(
    changed: &mut Map<String, Value>,
    name: &str,
    field: &mut T,
    new: Option<T>,
) {
    if let Some(new) = new.filter(|new| new != field) {
        changed.insert(name.into(), json!(new));
        *field = new;
    }
}

#[cfg(test)]
mod tests {
    use super::present;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Patch {
        #[serde(default, deserialize_with = "present")]
        name: Option<String>,
        #[serde(default, deserialize_with = "present")]
        about: Option<Option<String>>,
    }

    #[test]
    fn null_is_not_absent() {
        let read = |json| serde_json::from_str::<Patch>(json);
        assert_eq!(
            read("{}").unwrap(),
            Patch {
                name: None,
                about: None
            }
        );
        assert_eq!(read(r#"{"about":null}"#).unwrap().about, Some(None));
        assert_eq!(read(r#"{"about":"x"}"#).unwrap().about, Some(Some("x".into())));
        assert!(read(r#"{"name":null}"#).is_err());
    }
}
