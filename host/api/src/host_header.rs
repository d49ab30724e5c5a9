//! `Host` must name this server, or a page elsewhere could reach it through a rebound name.

use axum::extract::Request;
use http::header;
use std::net::IpAddr;

/// The names that `Host` may have. The port is not looked at.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts {
    names: Vec<String>,
    any: bool,
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
            any: false,
        }
    }

    /// Any name, for a server behind a proxy that checks it.
    pub fn any() -> Self {
        Self {
            names: Vec::new(),
            any: true,
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
        self.any || self.names.iter().any(|name| name.eq_ignore_ascii_case(name_of(host)))
    }
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
}
