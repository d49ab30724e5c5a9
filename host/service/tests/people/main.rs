//! Accounts, meshes, members and invitations, through the pipeline, on a real database.

#[macro_use]
mod world;

mod accounts;
mod direct_rooms;
mod invites;
mod members;
mod mesh_rules;
mod meshes;
mod notifications;
mod pins;
mod rooms;
mod search;
mod sessions;
mod statuses;
mod tokens;
mod unread;
