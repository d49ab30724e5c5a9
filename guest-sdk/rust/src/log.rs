//! Lines for the bot's log, which its keeper can read. Use the macros: [`crate::info!`] and its
//! sisters [`crate::trace!`], [`crate::debug!`], [`crate::warn!`] and [`crate::error!`].

pub use crate::raw::mesh::bot::log::Level;

/// Writes one line. Lines over the mesh's limits are dropped and counted.
#[cfg(target_arch = "wasm32")]
pub fn write(level: Level, line: &str) {
    crate::raw::mesh::bot::log::write(level, line);
}

/// Writes one line to the test mesh of this thread.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(level: Level, line: &str) {
    crate::testing::write_log(level, line);
}

/// Adds a field to a line, quoted where it would otherwise be unclear.
#[doc(hidden)]
pub fn push_field(line: &mut String, key: &str, value: &dyn std::fmt::Display) {
    use std::fmt::Write as _;
    let value = value.to_string();
    let plain =
        !value.is_empty() && !value.contains(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '='));
    let written = if plain {
        write!(line, " {key}={value}")
    } else {
        write!(line, " {key}={value:?}")
    };
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// Logs at a level; the macros named after the levels are shorter.
#[macro_export]
macro_rules! log {
    ($level:ident, $($key:ident = $value:expr),+; $($message:tt)+) => {{
        let mut line = ::std::format!($($message)+);
        $($crate::log::push_field(&mut line, stringify!($key), &$value);)+
        $crate::log::write($crate::log::Level::$level, &line);
    }};
    ($level:ident, $($message:tt)+) => {
        $crate::log::write($crate::log::Level::$level, &::std::format!($($message)+))
    };
}

/// Logs what only helps when following every step.
#[macro_export]
macro_rules! trace {
    ($($line:tt)+) => { $crate::log!(Trace, $($line)+) };
}

/// Logs what helps to find a fault.
#[macro_export]
macro_rules! debug {
    ($($line:tt)+) => { $crate::log!(Debug, $($line)+) };
}

/// Logs what the keeper of the bot may like to know. Fields come first and end with a semicolon.
///
/// ```
/// # let (room, name) = ("room_1", "Ada");
/// mesh_bot::info!("hello, {name}");
/// mesh_bot::info!(room = room, count = 3; "hello, {name}");
/// ```
#[macro_export]
macro_rules! info {
    ($($line:tt)+) => { $crate::log!(Info, $($line)+) };
}

/// Logs what should be looked into.
#[macro_export]
macro_rules! warn {
    ($($line:tt)+) => { $crate::log!(Warn, $($line)+) };
}

/// Logs what did not work.
#[macro_export]
macro_rules! error {
    ($($line:tt)+) => { $crate::log!(Error, $($line)+) };
}
