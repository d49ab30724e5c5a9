//! Secrets that callers carry. They are shown once and stored as SHA-256.

use crate::clock::random;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// What a token opens; its text starts with this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A session's short-lived token.
    Session,
    /// Renews a session.
    Refresh,
    /// A personal access token.
    Personal,
    /// A bot's token.
    Bot,
    /// Opens one connection.
    Ticket,
    /// An invitation or the first start's code.
    Code,
    /// Waits until a person has decided about a device.
    Device,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "mst_",
            Self::Refresh => "mrt_",
            Self::Personal => "mpt_",
            Self::Bot => "mbt_",
            Self::Ticket => "mtt_",
            Self::Code => "mic_",
            Self::Device => "mdt_",
        }
    }
}

/// A new token of 256 random bits.
pub fn new(kind: Kind) -> String {
    format!("{}{}", kind.prefix(), unguessable())
}

/// 256 random bits as text, for what is part of a token.
pub fn unguessable() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// What is stored of a token.
pub fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
