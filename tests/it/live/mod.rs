//! Open connections: what they are sent, what ends them, and what nobody can do to the others.

mod frames;
mod logs;
mod rights;
mod sent;
mod streams;
