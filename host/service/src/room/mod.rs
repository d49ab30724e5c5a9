//! Rooms, and people and bots in them.
