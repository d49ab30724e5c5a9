//! The client itself: what it resolves is checked before it connects, and what it connects to is what was checked.

use super::address::is_public;
use crate::{Error, Result, error::Code};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use reqwest::{
    Client, Method, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::HeaderMap,
    redirect::Policy,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};

const CONNECT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);

/// Reaches the outside.
#[derive(Debug, Clone)]
pub struct Outbound {
    public: Client,
    internal: Client,
    /// What may be reached although it is not of the public internet: scheme, host and port.
    origins: Arc<[String]>,
}

/// What is sent.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Longest time until the whole answer is there.
    pub(super) time: Duration,
    /// Most bytes of the answer.
    pub(super) most: usize,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Outbound {
    /// A client that reaches the public internet over TLS, and these origins (`http://10.0.0.7:3000`) besides.
    pub fn new(internal: &[String]) -> std::result::Result<Self, String> {
        let origins = internal.iter().map(|origin| {
            let url = Url::parse(origin).map_err(|error| format!("`{origin}` is no origin: {error}"))?;
            let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty();
            if plain && url.origin().is_tuple() {
                Ok(url.origin().ascii_serialization())
            } else {
                Err(format!("`{origin}` is no origin: write scheme, host and port"))
            }
        });
        let origins: std::result::Result<Vec<_>, _> = origins.collect();
        let client = || {
            Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT)
                .pool_idle_timeout(IDLE)
                .user_agent(concat!("the-mesh-bot/", env!("CARGO_PKG_VERSION")))
        };
        let public = client().https_only(true).dns_resolver(Arc::new(PublicOnly));
        Ok(Self {
            public: public.build().map_err(|error| error.to_string())?,
            internal: client().build().map_err(|error| error.to_string())?,
            origins: origins?.into(),
        })
    }

    /// Whether a URL is one of the origins that the configuration names.
    fn is_internal(&self, url: &Url) -> bool {
        self.origins.contains(&url.origin().ascii_serialization())
    }

    /// Refuses what leads to where no bot goes. A name is looked up, and checked, when it is connected to.
    pub(super) fn check(&self, url: &Url) -> Result<()> {
        if self.is_internal(url) {
            return Ok(());
        }
        let public = match url.host() {
            Some(url::Host::Ipv4(address)) => is_public(address.into()),
            Some(url::Host::Ipv6(address)) => is_public(address.into()),
            Some(url::Host::Domain(_)) => true,
            None => false,
        };
        if !public {
            return Err(Error::invalid("/url", "leads to an address that no bot may reach"));
        }
        if url.scheme() != "https" || url.port().is_some() {
            return Err(Error::invalid("/url", "begins with https:// and names no port"));
        }
        Ok(())
    }

    /// Sends a request and takes the whole answer. Redirects are answers.
    pub(super) async fn send(&self, request: Request) -> Result<Response> {
        self.check(&request.url)?;
        let client = if self.is_internal(&request.url) {
            &self.internal
        } else {
            &self.public
        };
        let exchange = async {
            let sent = client
                .request(request.method, request.url)
                .headers(request.headers)
                .body(request.body);
            let response = sent.send().await.map_err(broken)?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let (mut body, mut pieces) = (BytesMut::new(), response.bytes_stream());
            while let Some(piece) = pieces.next().await {
                let piece = piece.map_err(broken)?;
                if body.len() + piece.len() > request.most {
                    let detail = format!("The answer has more than {} bytes.", request.most);
                    return Err(Error::new(Code::PeerError, detail));
                }
                body.extend_from_slice(&piece);
            }
            Ok(Response {
                status,
                headers,
                body: body.freeze(),
            })
        };
        let late = |_| Error::new(Code::PeerTimeout, "The other side did not answer in time.");
        tokio::time::timeout(request.time, exchange).await.map_err(late)?
    }
}

/// What went wrong, without the address: it may hold what others must not read.
fn broken(error: reqwest::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(one) = cause {
        if one.is::<NotPublic>() {
            return Error::invalid("/url", "leads to an address that no bot may reach");
        }
        cause = one.source();
    }
    let what = if error.is_connect() {
        "The other side cannot be reached."
    } else {
        "The other side broke off, or did not speak HTTP."
    };
    Error::new(Code::PeerError, what)
}

/// The name leads into a network of our own.
#[derive(Debug, thiserror::Error)]
#[error("not a public address")]
struct NotPublic;

/// Looks names up and refuses those with any address that is not public, so that no answer of a name server leads a
/// bot inside. What is connected to is what was looked at here.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            if !found.iter().all(|address| is_public(address.ip())) {
                return Err(Box::new(NotPublic) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attack 25: however an address is written.
    #[test]
    fn no_way_of_writing_an_address_leads_inside() {
        let outbound = Outbound::new(&["http://127.0.0.1:9000".into()]).expect("a client");
        for url in [
            "https://127.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/",
            "https://[::1]/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://10.1/",
            "http://example.org/",
            "https://example.org:8443/",
            "http://127.0.0.1:9001/",
            "https://127.0.0.1:9000/",
        ] {
            let refused = outbound.check(&Url::parse(url).expect("a URL"));
            assert_eq!(refused.expect_err(url).code, Code::ValidationFailed, "{url}");
        }
        for url in ["https://example.org/a", "http://127.0.0.1:9000/a"] {
            outbound.check(&Url::parse(url).expect("a URL")).expect(url);
        }
    }

    /// Attack 26: a name is checked when it is connected to, and `localhost` is a name that leads inside.
    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_connected_to() {
        let outbound = Outbound::new(&[]).expect("a client");
        let request = Request {
            method: Method::GET,
            url: Url::parse("https://localhost/").expect("a URL"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            time: Duration::from_secs(5),
            most: 100,
        };
        let refused = outbound.send(request).await.expect_err("refused");
        assert_eq!(
            (refused.code, &*refused.fields[0].pointer),
            (Code::ValidationFailed, "/url")
        );
    }

    #[test]
    fn origins_are_origins() {
        for wrong in ["10.0.0.1", "http://a/b", "http://a?b", "mailto:a@b", "http://u@a"] {
            assert!(Outbound::new(&[wrong.into()]).is_err(), "{wrong}");
        }
    }
}
