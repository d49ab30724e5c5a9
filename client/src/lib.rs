#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod backoff;
mod bot_log;
mod call;
mod client;
mod error;
mod follow;
mod socket;
mod token;

pub use bot_log::{BotLog, LogItem};
pub use call::{Answer, Call};
pub use client::Client;
pub use error::{Error, FieldError, Problem, Result};
pub use follow::{Follow, Item};
pub use reqwest::Method;
pub use socket::{Frame, Hello, Limits, Op, Passing, Positions, Resumed, Socket};
pub use token::TokenSource;
