//! Addresses to listen on.

/// Checks an address. A name is looked up when the service listens.
pub(super) fn parse(text: &str) -> Result<String, &'static str> {
    let parts = text.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains(char::is_whitespace));
    let is_bracketed = |host: &str| host.starts_with('[') && host.ends_with(']');
    match parts {
        // The last part of an IPv6 address is no port.
        Some((host, _)) if host.contains(':') && !is_bracketed(host) => Err("write an IPv6 address as `[::1]:8787`"),
        Some((_, port)) if port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("expected a host and a port from 0 to 65535, such as `127.0.0.1:8787`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for (text, is_address) in [
            ("127.0.0.1:8787", true),
            ("localhost:0", true),
            ("[::1]:80", true),
            ("::1:80", false),
            ("127.0.0.1", false),
            (":80", false),
            ("a b:80", false),
            ("localhost:65536", false),
            ("localhost:http", false),
        ] {
            assert_eq!(parse(text).is_ok(), is_address, "{text}");
        }
    }
}
