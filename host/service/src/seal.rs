//! Sealing what the database keeps and must not be able to read: XChaCha20-Poly1305, with a key from the data
//! folder and a random nonce in front of each text.

use crate::{Error, Result, clock::random};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};

const NONCE: usize = 24;

/// Seals a text. It opens only with the same key and for the same purpose, which names whose it is.
pub(crate) fn seal(key: &[u8; 32], purpose: &str, text: &str) -> Result<Vec<u8>> {
    let nonce = random::<NONCE>();
    let payload = Payload {
        msg: text.as_bytes(),
        aad: purpose.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new(key.into()).encrypt(&XNonce::from(nonce), payload);
    let sealed = sealed.map_err(|_| Error::internal("a secret could not be sealed"))?;
    Ok([&nonce[..], &sealed].concat())
}

/// Opens what [`seal`] made. An error when the key or the purpose is another one, or a byte was changed.
pub(crate) fn open(key: &[u8; 32], purpose: &str, sealed: &[u8]) -> Result<String> {
    let broken = || Error::internal("a secret cannot be opened: it was sealed with another key, or is damaged");
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(broken)?;
    let payload = Payload {
        msg: sealed,
        aad: purpose.as_bytes(),
    };
    let opened = XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), payload);
    String::from_utf8(opened.map_err(|_| broken())?).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_as_it_was() {
        let key = random();
        let sealed = seal(&key, "a", "the words").expect("sealed");
        assert_ne!(sealed, seal(&key, "a", "the words").expect("sealed again"));
        assert!(!String::from_utf8_lossy(&sealed).contains("words"));
        assert_eq!(open(&key, "a", &sealed).expect("opened"), "the words");
        assert!(open(&random(), "a", &sealed).is_err(), "another key");
        assert!(open(&key, "b", &sealed).is_err(), "another purpose");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&key, "a", &changed).is_err(), "byte {at}");
        }
        assert!(open(&key, "a", &sealed[..NONCE]).is_err() && open(&key, "a", b"").is_err());
    }
}
