use crate::Permission;
use std::{fmt, str::FromStr};

/// What a rule is about: one operation, one permission, or a family of permissions. Operations and permissions share
/// their names, so the text form says which is meant: `op:message.post`, `message.post`, `message.*` or `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// Whatever is done.
    Any,
    /// Every permission on things of one kind, such as `message`.
    Family(String),
    /// One permission.
    Permission(Permission),
    /// One operation.
    Operation(String),
}

impl Matter {
    /// Whether a call is about this.
    pub fn covers(&self, operation: Option<&str>, permission: Option<Permission>) -> bool {
        match self {
            Self::Any => true,
            Self::Family(kind) => permission.is_some_and(|permission| {
                let rest = permission.as_str().strip_prefix(&**kind);
                rest.is_some_and(|rest| rest.starts_with('.'))
            }),
            Self::Permission(named) => permission == Some(*named),
            Self::Operation(named) => operation == Some(named),
        }
    }

    /// How little it is about; of two rules about the same call, the narrower one decides.
    pub const fn narrowness(&self) -> u8 {
        match self {
            Self::Any => 0,
            Self::Family(_) => 1,
            Self::Permission(_) => 2,
            Self::Operation(_) => 3,
        }
    }
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Family(kind) => write!(f, "{kind}.*"),
            Self::Permission(permission) => permission.fmt(f),
            Self::Operation(name) => write!(f, "op:{name}"),
        }
    }
}

impl FromStr for Matter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(name) = text.strip_prefix("op:") {
            return Ok(Self::Operation(name.to_owned()));
        }
        let Some(kind) = text.strip_suffix(".*") else {
            return text.parse().map(Self::Permission);
        };
        let family = Self::Family(kind.to_owned());
        if Permission::ALL
            .iter()
            .any(|permission| family.covers(None, Some(*permission)))
        {
            Ok(family)
        } else {
            Err(format!("no permission begins with `{kind}.`"))
        }
    }
}
