//! Accounts, meshes, members and invitations, through the pipeline, on a real database.

mod accounts;
mod invites;
mod members;
mod meshes;
mod sessions;
mod tokens;
mod world;
