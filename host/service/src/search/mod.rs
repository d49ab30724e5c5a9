//! Finding things by what is in them.

mod index;
mod messages;
mod question;
mod words;

pub use index::{Index, follow};
pub use messages::{FoundMessage, SearchMessages, SearchMessagesIn};
pub use question::Highlight;
