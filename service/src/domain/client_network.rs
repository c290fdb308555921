//! The network of a client.

use std::net::{IpAddr, Ipv6Addr};

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
