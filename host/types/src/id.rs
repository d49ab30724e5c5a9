//! `TypeID`s: a prefix, `_`, and a `UUIDv7` as 26 characters of lowercase Crockford base32.
//!
//! Follows the `TypeID` specification 0.3. The text form is canonical: one value has exactly one
//! spelling, so ids can be compared as text in the database.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What each byte stands for; [`NO_DIGIT`] for those that are no digit.
const DIGITS: [u8; 256] = {
    let (mut digits, mut digit) = ([NO_DIGIT; 256], 0u8);
    while (digit as usize) < ALPHABET.len() {
        digits[ALPHABET[digit as usize] as usize] = digit;
        digit += 1;
    }
    digits
};
const NO_DIGIT: u8 = 255;

/// Why a text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that starts with `{prefix}_`")]
pub struct IdError {
    /// The prefix that the id should have had.
    pub prefix: &'static str,
}

fn encode(uuid: Uuid, out: &mut [u8; 26]) {
    let mut bits = uuid.as_u128();
    for slot in out.iter_mut().rev() {
        *slot = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
}

fn decode(text: &[u8]) -> Option<Uuid> {
    // 26 digits hold 130 bits; the first digit may only use its low three.
    if text.len() != 26 || text[0] > b'7' {
        return None;
    }
    let mut bits = 0u128;
    for byte in text {
        let digit = DIGITS[usize::from(*byte)];
        if digit == NO_DIGIT {
            return None;
        }
        bits = (bits << 5) | u128::from(digit);
    }
    Some(Uuid::from_u128(bits))
}

/// The prefix of an id's text, if it has the shape of a `TypeID` at all.
pub fn prefix_of(text: &str) -> Option<&str> {
    let (prefix, rest) = text.rsplit_once('_')?;
    decode(rest.as_bytes()).map(|_| prefix)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What the text form starts with, without the `_`.
            pub const PREFIX: &'static str = $prefix;

            /// The id that wraps this UUID. Make the UUID in the call's context, as version 7.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 26];
                encode(self.0, &mut digits);
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|digits| decode(digits.as_bytes()))
                    .map(Self)
                    .ok_or(IdError { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$"),
                })
            }
        }
    )*

        /// Every prefix in use, with the name of the type that has it.
        pub const PREFIXES: &[(&str, &str)] = &[$(($prefix, stringify!($name)),)*];
    };
}

ids! {
    /// An account on this server.
    PersonId = "person";
    /// A mesh: the unit of membership and policy.
    MeshId = "mesh";
    /// One actor's place in one mesh.
    MemberId = "member";
    /// An invitation to a mesh.
    InviteId = "invite";
    /// A room of a mesh.
    RoomId = "room";
    /// A message.
    MessageId = "msg";
    /// A thread under a message.
    ThreadId = "thread";
    /// A file of a room.
    FileId = "file";
    /// What somebody is told of by name.
    NotificationId = "notif";
    /// A bot.
    BotId = "bot";
    /// One uploaded version of a bot.
    BotVersionId = "bver";
    /// One running instance of a bot.
    InstanceId = "inst";
    /// A timer of a bot.
    TimerId = "timer";
    /// One call of a bot's slash command.
    CommandCallId = "cmdcall";
    /// One question of an actor to a bot.
    BotCallId = "botcall";
    /// The pressing of a button under a message.
    PressId = "press";
    /// An event that a bot could not handle.
    DeadLetterId = "dead";
    /// One authorization verdict that was kept.
    DecisionId = "decision";
    /// A held call that waits for a person.
    ApprovalId = "approval";
    /// A signed-in session.
    SessionId = "session";
    /// A personal access token.
    TokenId = "pat";
    /// A device that asks to be signed in.
    DeviceId = "device";
    /// One request to this server.
    RequestId = "req";
}

/// Whoever can act: a person or a bot. Its text form is the id's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActorId {
    /// A human account.
    Person(PersonId),
    /// A bot.
    Bot(BotId),
}

impl ActorId {
    /// `person` or `bot`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Bot(_) => "bot",
        }
    }
}

impl From<PersonId> for ActorId {
    fn from(id: PersonId) -> Self {
        Self::Person(id)
    }
}

impl From<BotId> for ActorId {
    fn from(id: BotId) -> Self {
        Self::Bot(id)
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => id.fmt(f),
            Self::Bot(id) => id.fmt(f),
        }
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ActorId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse()
            .map(Self::Person)
            .or_else(|_| text.parse().map(Self::Bot))
            .map_err(|_: IdError| IdError { prefix: "person" })
    }
}

impl Serialize for ActorId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ActorId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for ActorId {
    fn schema_name() -> Cow<'static, str> {
        "ActorId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(person|bot)_[0-7][0-9a-hjkmnp-tv-z]{25}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_specification_example_round_trips() {
        let text = "room_01h455vb4pex5vsknk084sn02q";
        let room: RoomId = text.parse().unwrap();
        assert_eq!(room.to_string(), text);
        assert_eq!(room.uuid().to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "room",
            "room_",
            "msg_01h455vb4pex5vsknk084sn02q",
            "ROOM_01h455vb4pex5vsknk084sn02q",
            "room_01H455VB4PEX5VSKNK084SN02Q",
            "room_81h455vb4pex5vsknk084sn02q",
            "room_01h455vb4pex5vsknk084sn02",
            "room_01h455vb4pex5vsknk084sn02qq",
            "room_01h455vb4pex5vsknk084sn0iq",
            "room_01h455vb4pex5vsknk084sn02q ",
            "room_%31h455vb4pex5vsknk084sn02q",
        ] {
            assert!(text.parse::<RoomId>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_id_has_one_spelling(bits: u128, noise in "\\PC{0,40}") {
            let id = RoomId::new(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<RoomId>(), Ok(id));
            if let Ok(parsed) = noise.parse::<RoomId>() {
                prop_assert_eq!(parsed.to_string(), noise);
            }
        }
    }
}
