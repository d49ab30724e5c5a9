//! The secrets that a running instance was told, so that what it says for people does not repeat them.

use std::sync::{Arc, Mutex, PoisonError};

/// Shorter pieces are in too many other words.
const SHORTEST: usize = 6;

/// Clones share what they know.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<(String, String)>>>);

impl Told {
    /// The instance knows this now. Lines of a secret are known one by one, as logs have lines too.
    pub(crate) fn add(&self, name: &str, value: &str) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = value.lines().map(str::trim);
        for piece in [value].into_iter().chain(lines).filter(|piece| piece.len() >= SHORTEST) {
            if !told.iter().any(|(_, known)| known == piece) {
                told.push((name.to_owned(), piece.to_owned()));
            }
        }
        // A secret that holds another one is taken out first.
        told.sort_by_key(|(_, piece)| std::cmp::Reverse(piece.len()));
    }

    /// A text without the secrets.
    pub(crate) fn redact(&self, mut text: String) -> String {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, piece) in &*told {
            if text.contains(piece) {
                text = text.replace(piece, &format!("[secret {name}]"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn what_was_told_is_not_repeated() {
        let told = Told::default();
        told.clone().add("TOKEN", "xoxb-123456");
        told.add("KEY", "-----BEGIN\nxoxb-123456789\n-----END");
        told.add("PIN", "1234");
        for (said, kept) in [
            ("sent xoxb-123456.", "sent [secret TOKEN]."),
            ("xoxb-123456789", "[secret KEY]"),
            ("key -----BEGIN\nxoxb-123456789\n-----END", "key [secret KEY]"),
            ("1234 messages", "1234 messages"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(told.redact(said.to_owned()), kept);
        }
    }
}
