//! The operations on bots, through the pipeline, on a real database.

mod commands;
mod grants;
mod lives;
mod search;
mod settings;
mod stores;
mod world;
