//! The address of a client, behind proxies too.

use std::net::{IpAddr, Ipv6Addr};

/// Returns the address of a client: that of the connection, or the one that the farthest of so many proxies saw.
///
/// SECURITY: a proxy adds the address that it saw to the end of `X-Forwarded-For`. What stands before those of our own
/// proxies was written by the client.
pub(crate) fn client(peer: IpAddr, forwarded_for: &[&str], proxies: usize) -> IpAddr {
    let seen = forwarded_for.iter().flat_map(|line| line.split(',')).map(str::trim);
    let seen: Vec<_> = seen.collect();
    let index = seen.len().checked_sub(proxies).filter(|_| proxies > 0);
    index.and_then(|index| seen.get(index)?.parse().ok()).unwrap_or(peer)
}

/// Returns the name of the network that a client controls: of IPv6 all addresses of its /64 network.
pub(crate) fn network(client: IpAddr) -> String {
    match client.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_what_the_farthest_proxy_saw() {
        for (forwarded_for, proxies, expected) in [
            (&[][..], 0, "10.0.0.1"),
            (&["1.1.1.1"], 0, "10.0.0.1"),
            (&["1.1.1.1"], 1, "1.1.1.1"),
            (&["9.9.9.9, 1.1.1.1"], 1, "1.1.1.1"),
            (&["9.9.9.9", "1.1.1.1 "], 1, "1.1.1.1"),
            (&["9.9.9.9, 1.1.1.1, 2.2.2.2"], 2, "1.1.1.1"),
            (&["1.1.1.1"], 2, "10.0.0.1"),
            (&[], 1, "10.0.0.1"),
            (&["unknown"], 1, "10.0.0.1"),
            (&["2001:db8::1"], 1, "2001:db8::1"),
        ] {
            let peer = "10.0.0.1".parse().expect("an address");
            assert_eq!(client(peer, forwarded_for, proxies).to_string(), expected, "{forwarded_for:?} {proxies}");
        }
    }

    #[test]
    fn clients_of_one_network_are_one() {
        for (address, expected) in [
            ("1.1.1.1", "1.1.1.1"),
            ("::ffff:1.1.1.1", "1.1.1.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(network(address.parse().expect("an address")), expected);
        }
    }
}
