//! The inbox: messages that concern somebody in particular.

mod list;
mod mark;

pub use list::ListNotifications;
pub use mark::MarkNotificationsRead;
