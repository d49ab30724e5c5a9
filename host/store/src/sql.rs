//! Statements are registered: only [`statements!`](crate::statements) makes a [`Sql`], and a test
//! prepares every one of them on both engines.

/// One statement in the portable dialect: `$1` placeholders, TEXT ids, BIGINT times and flags. What
/// only one engine understands stands in `/*sqlite: … */` or `/*postgres: … */`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// Only for [`statements!`](crate::statements).
    #[doc(hidden)]
    pub const fn registered(sqlite: &'static [u8], postgres: &'static [u8]) -> Self {
        let (Ok(sqlite), Ok(postgres)) = (std::str::from_utf8(sqlite), std::str::from_utf8(postgres)) else {
            panic!("a statement is text");
        };
        Self { sqlite, postgres }
    }

    /// The text for SQLite, to which `$1` is a name and `?1` the first parameter.
    pub const fn for_sqlite(self) -> &'static str {
        self.sqlite
    }

    /// The text for PostgreSQL.
    pub const fn for_postgres(self) -> &'static str {
        self.postgres
    }
}

/// Uncovers what stands in `/*engine: … */`, and writes `placeholder` for each `$`.
#[doc(hidden)]
pub const fn for_engine<const N: usize>(text: &str, engine: &str, placeholder: u8) -> [u8; N] {
    let (mut out, mut at, mut uncovered) = ([b' '; N], 0, false);
    while at < N {
        if opens(text.as_bytes(), at, engine.as_bytes()) {
            uncovered = true;
            at += engine.len() + 4;
        } else if uncovered && text.as_bytes()[at] == b'*' && text.as_bytes()[at + 1] == b'/' {
            uncovered = false;
            at += 2;
        } else {
            out[at] = match text.as_bytes()[at] {
                b'$' => placeholder,
                byte => byte,
            };
            at += 1;
        }
    }
    out
}

/// Whether `/*engine: ` stands here.
const fn opens(text: &[u8], at: usize, engine: &[u8]) -> bool {
    if at + engine.len() + 4 > text.len() || text[at] != b'/' || text[at + 1] != b'*' {
        return false;
    }
    let mut letter = 0;
    while letter < engine.len() {
        if text[at + 2 + letter] != engine[letter] {
            return false;
        }
        letter += 1;
    }
    text[at + 2 + engine.len()] == b':' && text[at + 3 + engine.len()] == b' '
}

/// Declares the statements of one noun and lists them in `ALL`.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* const $name: $crate::Sql = {
            const SQLITE: [u8; $text.len()] = $crate::for_engine($text, "sqlite", b'?');
            const POSTGRES: [u8; $text.len()] = $crate::for_engine($text, "postgres", b'$');
            $crate::Sql::registered(&SQLITE, &POSTGRES)
        };)*

        /// Every statement of this noun.
        pub(crate) const ALL: &[(&str, $crate::Sql)] = &[$((stringify!($name), $name),)*];
    };
}

#[cfg(test)]
mod tests {
    crate::statements! {
        BOTH = "SELECT $1 /*sqlite: a*/ /*postgres: b*/";
    }

    #[test]
    fn each_engine_reads_its_own_words() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (_, both) = ALL[0];
        assert_eq!(words(both.for_sqlite()), ["SELECT", "?1", "a", "/*postgres:", "b*/"]);
        assert_eq!(words(both.for_postgres()), ["SELECT", "$1", "/*sqlite:", "a*/", "b"]);
    }
}
