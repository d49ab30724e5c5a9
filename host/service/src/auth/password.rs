//! Passwords: Argon2id on a blocking thread, two at a time, so that sign-ins cannot starve the rest.

use crate::{Error, Result, clock::random, error::Code};
use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Argon2id with 19 MiB and two passes (OWASP's first choice).
static ARGON: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let params = Params::new(19 * 1024, 2, 1, None).expect("these parameters are valid");
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
});

/// The hash of nobody's password, so that an unknown name costs what a known one does.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody").expect("hashing a constant works"));

static TURNS: Semaphore = Semaphore::const_new(2);

/// How many may wait for their turn; whoever comes then is sent away at once.
static QUEUE: Semaphore = Semaphore::const_new(128);

fn hash_now(password: &str) -> Result<String> {
    let hash = ARGON
        .hash_password_with_salt(password.as_bytes(), &random::<16>())
        .map_err(Error::internal)?;
    Ok(hash.to_string())
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let Ok(_place) = QUEUE.try_acquire() else {
        return Err(Error::later(
            Code::Overloaded,
            "Too many people sign in at once; try again in a moment.",
            1000,
        ));
    };
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// Most characters of a password.
pub(super) const LONGEST: usize = 256;

/// A password has 8 to 256 characters; anything else about it is its owner's business.
pub(super) fn check(password: &str) -> Result<()> {
    match password.chars().count() {
        8..=LONGEST => Ok(()),
        _ => Err(Error::invalid("/password", "has 8 to 256 characters")),
    }
}

/// The hash to store.
pub(super) async fn hash(password: String) -> Result<String> {
    in_turn(move || hash_now(&password)).await?
}

/// Whether a password has this hash. Without a hash it takes as long and is wrong.
pub(super) async fn verify(password: String, stored: Option<String>) -> Result<bool> {
    in_turn(move || {
        // Made by the first sign-in of all, whether or not that one has an account.
        let nobody = LazyLock::force(&NOBODY);
        let known = stored.is_some();
        let stored = stored.as_ref().unwrap_or(nobody);
        let hash = PasswordHash::new(stored).map_err(Error::internal)?;
        let matches = ARGON.verify_password(password.as_bytes(), &hash).is_ok();
        Ok(known && matches)
    })
    .await?
}
