//! What commands say on standard output.

use std::{
    fmt,
    io::{self, Write as _},
};

/// Prints a line. Whoever reads may have read enough (`mesh call | head`); that ends the program quietly.
pub(crate) fn write_line(text: fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    if writeln!(out, "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Like `println!`, without its panic.
macro_rules! line {
    ($($text:tt)*) => { $crate::print::write_line(format_args!($($text)*)) };
}
pub(crate) use line;
