//! The rules of the catalogue's section B, asked through the public door of the crate.

mod allocation;
mod bots;
mod credentials;
mod matrix;
mod members;
mod properties;
mod random;
mod rooms;
mod scene;
