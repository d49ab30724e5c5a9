//! Which hosts and addresses a bot may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a text of `bot.toml` names hosts: a host name, or `*.` and one for everything below it.
pub(crate) fn is_host_pattern(pattern: &str) -> bool {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Whether a pattern speaks of a host. `*.example.org` speaks of `a.example.org`, not of `example.org`.
pub(crate) fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => host
            .strip_suffix(parent)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => pattern == host,
    }
}

/// Whether an address is of the public internet: not this machine, not a private network, not a relay into one.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(address),
        },
    }
}

/// Whatever the IANA registry of special-purpose IPv4 addresses has is not public.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(matches!(a, 0 | 10 | 127 | 224..)
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && (b == 168 || (b == 0 && matches!(c, 0 | 2)) || (b == 88 && c == 99)))
        || (a == 198 && (matches!(b, 18 | 19) || (b == 51 && c == 100)))
        || (a == 203 && b == 0 && c == 113))
}

/// Only global unicast is public, without what tunnels IPv4 and what is for protocols and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    a & 0xe000 == 0x2000 && a != 0x2002 && a != 0x3fff && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_is_public() {
        for (address, public) in [
            ("93.184.215.14", true),
            ("8.8.8.8", true),
            ("192.0.1.1", true),
            ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::a00:1", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("2002:a00:1::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(address.parse().expect("an address")), public, "{address}");
        }
    }

    #[test]
    fn patterns_speak_of_hosts() {
        for (pattern, host, speaks) in [
            ("slack.com", "slack.com", true),
            ("slack.com", "evilslack.com", false),
            ("slack.com", "a.slack.com", false),
            ("*.slack.com", "a.slack.com", true),
            ("*.slack.com", "a.b.slack.com", true),
            ("*.slack.com", "slack.com", false),
            ("*.slack.com", ".slack.com", false),
            ("*.slack.com", "evilslack.com", false),
        ] {
            assert_eq!(matches(pattern, host), speaks, "{pattern} {host}");
        }
        for wrong in [
            "",
            "*",
            "*.",
            "a..b",
            "https://a",
            "a:1",
            "A.com",
            "a/b",
            "a.*",
            "-a.com",
        ] {
            assert!(!is_host_pattern(wrong), "{wrong}");
        }
        assert!(is_host_pattern("*.slack.com") && is_host_pattern("localhost"));
    }
}
