//! `@handle` in a message's text.

/// Most mentions that one message can make.
pub(crate) const MOST: usize = 50;

const fn in_handle(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-')
}

/// The handles that a text mentions, in lower case, each once, at most [`MOST`].
///
/// A mention starts a word; what stands in code spans or code blocks mentions nobody.
pub(crate) fn handles(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if !text.contains('@') {
        return found;
    }
    // Every odd piece between runs of backticks is code.
    for prose in text.split('`').step_by(2) {
        let bytes = prose.as_bytes();
        for (at, _) in prose.match_indices('@') {
            if at > 0 && (in_handle(bytes[at - 1]) || bytes[at - 1] == b'@') {
                continue;
            }
            let end = bytes[at + 1..]
                .iter()
                .position(|byte| !in_handle(*byte))
                .map_or(bytes.len(), |len| at + 1 + len);
            let handle = prose[at + 1..end].trim_end_matches(['.', '-', '_']).to_lowercase();
            if !handle.is_empty() && !found.contains(&handle) && found.len() < MOST {
                found.push(handle);
            }
        }
    }
    found
}

/// Whether a text mentions this handle.
pub fn mentions(text: &str, handle: &str) -> bool {
    handles(text).iter().any(|found| found == handle)
}

#[cfg(test)]
mod tests {
    use super::{MOST, handles};

    #[test]
    fn mentions_start_words_and_stay_out_of_code() {
        for (text, expected) in [
            ("hello", vec![]),
            ("@echo hello", vec!["echo"]),
            ("ask @Ann, @bob. and @ann!", vec!["ann", "bob"]),
            ("mail ann@example.org", vec![]),
            ("@@echo", vec![]),
            ("`@echo` and ```\n@echo\n``` but @real.name-1", vec!["real.name-1"]),
            ("@ nobody", vec![]),
            ("(@echo)", vec!["echo"]),
            ("é@echo", vec!["echo"]),
        ] {
            assert_eq!(handles(text), expected, "{text}");
        }
        let many = (0..100).map(|n| format!("@u{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(handles(&many).len(), MOST);
    }
}
