//! Rules that hold for every operation there is, and for every one that will be added.

mod inputs;
mod log;
mod roles;
mod scene;
mod strangers;
