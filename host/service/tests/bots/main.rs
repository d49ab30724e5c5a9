//! The operations on bots, through the pipeline, on a real database.

mod grants;
mod lives;
mod search;
mod settings;
mod stores;
mod world;
