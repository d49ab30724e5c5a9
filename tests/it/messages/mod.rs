//! What messages can do besides saying something: come bit by bit, and have buttons.

mod buttons;
mod writing;
