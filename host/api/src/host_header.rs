//! `Host` must name this server, or a page elsewhere could reach it through a rebound name.

use axum::extract::Request;
use http::header;
use std::net::IpAddr;

/// The names that `Host` may have. The port is not looked at.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts {
    names: Vec<String>,
    addresses: bool,
}

impl AllowedHosts {
    /// This machine's own names, and these.
    pub fn loopback(also: impl IntoIterator<Item = String>) -> Self {
        let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        Self {
            names: own
                .into_iter()
                .chain(also.into_iter().map(|name| name.to_lowercase()))
                .collect(),
            addresses: false,
        }
    }

    /// Every IP address, and `localhost` with the names under it, for a server that is reached from
    /// outside and was given no name. A page elsewhere reaches it only through a name of its own.
    pub fn addresses() -> Self {
        Self {
            names: Vec::new(),
            addresses: true,
        }
    }

    /// Why a request for somebody else is refused, for whoever sent it.
    pub(crate) fn refusal(&self) -> &'static str {
        if self.addresses {
            "This server was given no name, so it answers to IP addresses and `localhost` only. \
             Whoever runs it gives it one as `public_url` or `hosts`."
        } else {
            "This server does not go by that name. Whoever runs it adds names to `hosts`."
        }
    }

    /// Whether a request says that it is for this server. Its target may name a host as well as its
    /// header; who is named in either place must be this server.
    pub(crate) fn named_by(&self, request: &Request) -> bool {
        let mut named = request.headers().get_all(header::HOST).iter();
        let (header, second) = (named.next().map(|host| host.to_str().unwrap_or_default()), named.next());
        let target = request.uri().authority().map(http::uri::Authority::as_str);
        let named = second.is_none() && (header.is_some() || target.is_some());
        named && header.iter().chain(&target).all(|host| self.has(host))
    }

    fn has(&self, host: &str) -> bool {
        let host = name_of(host);
        if self.addresses {
            return host.parse::<IpAddr>().is_ok() || is_localhost(host);
        }
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// `localhost` and what is under it, which lead to this machine without being looked up (RFC 6761).
fn is_localhost(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
}

/// A host without its port and brackets.
fn name_of(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && name.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) =>
        {
            name
        }
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.contains(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_with_any_port() {
        let hosts = AllowedHosts::loopback(["mesh.example".to_owned()]);
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "::1",
            "mesh.example",
            "mesh.example:443",
        ] {
            assert!(hosts.has(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "127.0.0.1:80@evil",
            "[::1",
            "mesh.example.evil:80",
        ] {
            assert!(host == "[::1" || !hosts.has(host), "{host}");
        }
    }

    #[test]
    fn without_a_name_only_addresses() {
        let hosts = AllowedHosts::addresses();
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "mesh.localhost:1",
            "127.0.0.1",
            "192.0.2.1:8080",
            "[2001:db8::1]:8080",
            "2001:db8::1",
        ] {
            assert!(hosts.has(host), "{host}");
        }
        for host in [
            "",
            "mesh",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "notlocalhost",
            "192.0.2.1.nip.io",
            "192.0.2.1:80@evil",
            "[evil.example]",
        ] {
            assert!(!hosts.has(host), "{host}");
        }
    }
}
