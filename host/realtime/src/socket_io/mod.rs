//! Socket.IO.

pub(crate) mod pack;
