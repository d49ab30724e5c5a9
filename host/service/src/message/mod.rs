//! Messages, threads and reactions.

mod mention;
mod post;

pub use post::{PostMessage, PostMessageIn};

use crate::Answer;
use mesh_types::view::{Message, Thread};

impl Answer for Message {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/messages/{}", self.id))
    }
}

impl Answer for Thread {}
