//! Statements are registered: only [`statements!`](crate::statements) makes a [`Sql`], and a test
//! prepares every one of them on both engines.

/// One statement in the portable dialect: `$1` placeholders, TEXT ids, BIGINT times and flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql(&'static str);

impl Sql {
    /// Only for [`statements!`](crate::statements).
    #[doc(hidden)]
    pub const fn registered(text: &'static str) -> Self {
        Self(text)
    }

    /// The text.
    pub const fn text(self) -> &'static str {
        self.0
    }
}

/// Declares the statements of one noun and lists them in `ALL`.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* const $name: $crate::Sql = $crate::Sql::registered($text);)*

        /// Every statement of this noun.
        pub(crate) const ALL: &[(&str, $crate::Sql)] = &[$((stringify!($name), $name),)*];
    };
}
