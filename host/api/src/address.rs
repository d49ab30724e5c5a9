//! The caller's address, as far as it can be trusted.

use http::HeaderMap;
use std::{net::IpAddr, str::FromStr};

/// An address, or a network such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address and no network such as 10.0.0.0/8");
        let (address, bits) = text
            .split_once('/')
            .map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits <= most {
            Ok(Self { address, bits })
        } else {
            Err(wrong())
        }
    }
}

impl Network {
    fn has(self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                (net.to_bits() ^ one.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                (net.to_bits() ^ one.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Where a request comes from: the other end of the connection, or what a trusted proxy says.
///
/// Each proxy appends the address that it saw, so the list is read from its end, as long as whoever
/// wrote an entry is trusted.
pub(crate) fn behind(proxies: &[Network], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if proxies.is_empty() {
        return peer;
    }
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.has(address));
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    let mut address = peer;
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !trusted(address) {
            break;
        }
        match entry.trim().parse::<IpAddr>() {
            Ok(before) => address = before.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn asked(proxies: &[&str], peer: &str, lines: &[&'static str]) -> String {
        let proxies: Vec<Network> = proxies.iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        behind(&proxies, peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_configured_proxies_are_believed() {
        assert_eq!(asked(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(asked(&["10.0.0.1"], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(asked(&["10.0.0.0/8"], "10.9.9.9", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(asked(&["::/0", "0.0.0.0/0"], "10.9.9.9", &[]), "10.9.9.9");
    }

    #[test]
    fn what_the_caller_itself_wrote_is_not() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(asked(&proxies, "10.0.0.1", &["1.1.1.1, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            asked(&proxies, "10.0.0.1", &["1.1.1.1", "198.51.100.7, 10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(asked(&proxies, "10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
    }

    #[test]
    fn networks_are_read_and_refused() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "mesh.example"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
