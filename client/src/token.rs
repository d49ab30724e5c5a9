//! Where tokens come from.

use crate::Result;
use futures_util::future::BoxFuture;

/// Gives the token that proves who calls.
///
/// Several calls may ask at the same time; a source that gets new tokens from somewhere does so once for
/// all that show it the same `ended` one.
pub trait TokenSource: Send + Sync + 'static {
    /// The token of now. `ended` is one that the server takes no more, or not much longer: then another
    /// one is wanted, and none means that there is no other.
    ///
    /// An error of a kind that passes, such as [`Error::Unreachable`](crate::Error::Unreachable), lets
    /// whoever follows events try again later; any other, such as [`Error::Token`](crate::Error::Token),
    /// ends it.
    fn token<'a>(&'a self, ended: Option<&'a str>) -> BoxFuture<'a, Result<Option<String>>>;
}

/// One token, as long as it lasts.
pub(crate) struct Fixed(pub(crate) Option<String>);

impl TokenSource for Fixed {
    fn token<'a>(&'a self, ended: Option<&'a str>) -> BoxFuture<'a, Result<Option<String>>> {
        let token = self.0.clone().filter(|token| ended != Some(token));
        Box::pin(async { Ok(token) })
    }
}
