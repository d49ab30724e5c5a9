//! The code that a person reads on one screen and types on another.

use crate::clock::random;

/// Its letters (RFC 8628, 6.1): no vowels, so that no words come about, and none that looks like a digit.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many there are: 34 bits, tried at most some 20 times a minute for ten minutes.
const LENGTH: usize = 8;

/// A new code, as it is shown: `XXXX-XXXX`.
pub(super) fn new() -> String {
    let mut letters = String::with_capacity(LENGTH + 1);
    while letters.len() < LENGTH {
        // 240 is the last multiple of 20 in a byte, so each letter is as likely as any other.
        let even = random::<LENGTH>().into_iter().filter(|byte| *byte < 240);
        let missing = LENGTH - letters.len();
        letters.extend(
            even.take(missing)
                .map(|byte| char::from(LETTERS[usize::from(byte % 20)])),
        );
    }
    letters.insert(LENGTH / 2, '-');
    letters
}

/// What a person typed, as the code is shown: in any case, with the dash, without it, or with spaces.
pub(super) fn typed(text: &str) -> Option<String> {
    let letters = text.chars().filter(|letter| !matches!(letter, '-' | ' '));
    let mut letters: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
    let known = letters.len() == LENGTH && letters.bytes().all(|letter| LETTERS.contains(&letter));
    known.then(|| {
        letters.insert(LENGTH / 2, '-');
        letters
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_read_as_they_were_shown_and_as_people_type_them() {
        let codes: HashSet<String> = (0..200).map(|_| new()).collect();
        assert_eq!(codes.len(), 200);
        for code in codes {
            let bare = code.replace('-', "");
            for text in [
                &code,
                &bare,
                &code.to_lowercase(),
                &format!(" {} {} ", &bare[..3], &bare[3..]),
            ] {
                assert_eq!(typed(text).as_ref(), Some(&code), "{text}");
            }
        }
        for text in [
            "",
            "BCDF",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "ACDF-GHJK",
            "1CDF-GHJK",
            "ßCDF-GHJ",
            "BCDF_GHJK",
        ] {
            assert_eq!(typed(text), None, "{text}");
        }
    }
}
