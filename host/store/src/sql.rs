//! Statements are registered: only [`statements!`](crate::statements) makes a [`Sql`], and a test
//! prepares every one of them on both engines.

/// One statement in the portable dialect: `$1` placeholders, TEXT ids, BIGINT times and flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    text: &'static str,
    numbered: &'static str,
}

impl Sql {
    /// Only for [`statements!`](crate::statements).
    #[doc(hidden)]
    pub const fn registered(text: &'static str, numbered: &'static [u8]) -> Self {
        let Ok(numbered) = std::str::from_utf8(numbered) else {
            panic!("a statement is text");
        };
        Self { text, numbered }
    }

    /// The text.
    pub const fn text(self) -> &'static str {
        self.text
    }

    /// The text for SQLite, to which `$1` is a name and `?1` the first parameter.
    pub(crate) const fn numbered(self) -> &'static str {
        self.numbered
    }
}

/// Writes `?` for each `$`.
#[doc(hidden)]
pub const fn numbered<const N: usize>(text: &str) -> [u8; N] {
    let (mut out, mut at) = ([0; N], 0);
    while at < N {
        out[at] = match text.as_bytes()[at] {
            b'$' => b'?',
            byte => byte,
        };
        at += 1;
    }
    out
}

/// Declares the statements of one noun and lists them in `ALL`.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* const $name: $crate::Sql = {
            const NUMBERED: [u8; $text.len()] = $crate::numbered($text);
            $crate::Sql::registered($text, &NUMBERED)
        };)*

        /// Every statement of this noun.
        pub(crate) const ALL: &[(&str, $crate::Sql)] = &[$((stringify!($name), $name),)*];
    };
}
