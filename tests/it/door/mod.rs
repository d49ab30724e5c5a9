//! The REST door: what it refuses before an operation sees it, and how it answers.

mod address;
mod answers;
mod bodies;
mod documents;
mod existence;
mod slow;
mod uploads;
