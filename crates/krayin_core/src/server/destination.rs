//! Where a token may go: to public addresses, unless the installation names the host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the installation lets connections reach. Its owner sets it, never who connects an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destinations {
    /// Whether plain http may go to other machines than this one.
    pub allow_http: bool,
    /// Hosts that may have a private address; `*` stands for all.
    pub allowed_hosts: Vec<String>,
    /// Whether this machine itself must be named too: whoever gives the address is not who runs the installation.
    pub no_loopback: bool,
}

impl Destinations {
    /// Whether this host may have any address.
    pub(crate) fn allows(&self, host: &str) -> bool {
        let plain = |host: &str| host.trim().trim_matches(['[', ']', '.']).to_ascii_lowercase();
        let host = plain(host);
        self.allowed_hosts.iter().any(|allowed| allowed.trim() == "*" || plain(allowed) == host)
    }

    /// Whether `address`, which names `host`, may be connected to. This machine may be meant where it is called as people
    /// call it: in another writing (`127.1`, `0x7f000001`) it is something that was smuggled in.
    pub(crate) fn may_name(&self, host: &str, address: &str) -> bool {
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        if names_loopback(host) {
            return !self.no_loopback && typed_host(address).eq_ignore_ascii_case(host);
        }
        literal.is_none_or(is_public)
    }
}

/// The host of an address as it was typed, before anything reads it.
fn typed_host(address: &str) -> &str {
    let rest = address.split_once("//").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.find(']') {
        Some(end) => host.get(..=end).unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Whether a name or literal address means this machine: the only one whose loopback a URL can mean.
pub(crate) fn names_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether an address may be connected to under this host name.
pub(crate) fn may_connect(host: &str, address: IpAddr) -> bool {
    is_public(address) || (names_loopback(host) && address.to_canonical().is_loopback())
}

/// Whether an address is one of the Internet's, and no service of the machine that we run on.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // "This network", the unspecified address with it.
        || a == 0
        // Carrier-grade NAT, where clouds keep services of their own.
        || (a == 100 && (64..128).contains(&b))
        // Protocol assignments, the old 6to4 relay, benchmarks.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        // Reserved, broadcast with it.
        || a >= 240
        // The one metadata service with a public address: Azure's.
        || address == Ipv4Addr::new(168, 63, 129, 16);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    match (a, b, c, d, e, f) {
        // IPv4 in IPv6: mapped, and behind a NAT64.
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        // 6to4.
        (0x2002, ..) => v4(b, c),
        // Teredo and other protocols, documentation.
        (0x2001, 0..=0x1ff, ..) | (0x2001, 0xdb8, ..) | (0x3fff, 0..=0xfff, ..) => false,
        // A host's own IPv4 within its network's IPv6 (ISATAP).
        (_, _, _, _, 0 | 0x200, 0x5efe) => a & 0xe000 == 0x2000 && v4(g, h),
        // Only this eighth is in use as global unicast.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Destinations, is_public, may_connect};

    #[test]
    fn knows_what_is_public() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ];
        let special = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "169.254.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "fec0::1",
            "2001:db8::1",
            "2001::1",
            "100::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::1",
            "5f00::1",
            "2600:1:2:3:0:5efe:7f00:1",
            "2600:1:2:3:200:5efe:a00:1",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in special {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn loopback_is_for_a_host_that_names_it() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        for (host, may) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("crm.example.com", false),
            ("localhost.", false),
        ] {
            assert_eq!(may_connect(host, loopback), may, "{host}");
        }
        assert!(!may_connect("localhost", "10.0.0.1".parse().unwrap()), "a hosts file may say anything");
    }

    #[test]
    fn hosts_are_compared_as_hosts() {
        let of = |hosts: &[&str]| Destinations {
            allowed_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            ..Destinations::default()
        };
        let table = [
            (of(&[]), "krayin", false),
            (of(&["krayin"]), "krayin", true),
            (of(&["Krayin. "]), "krayin", true),
            (of(&["krayin"]), "krayin.example.com", false),
            (of(&["example.com"]), "krayin.example.com", false),
            (of(&["fd00::1"]), "[fd00::1]", true),
            (of(&["10.0.0.5"]), "10.0.0.50", false),
            (of(&["", "*"]), "anything", true),
            (of(&["*.example.com"]), "a.example.com", false),
        ];
        for (destinations, host, allowed) in table {
            assert_eq!(destinations.allows(host), allowed, "{destinations:?} {host}");
        }
    }
}
