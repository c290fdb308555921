//! The address of a client, behind proxies too: [`client_address`].

use std::net::{IpAddr, SocketAddr};

use http::header::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns the address of the client that sent a request: `peer`, the address of the connection or,
/// behind so many proxies of yours in a row, the one that the farthest of them saw, from
/// `X-Forwarded-For`.
///
/// Each of the proxies must add the address that it saw to the end of the header, as nginx does with
/// `$proxy_add_x_forwarded_for`, HAProxy with `option forwardfor`, and the load balancers of the large
/// clouds by themselves. If the header is shorter, or has something else in that place, it is `peer`.
/// An address may have a port.
///
/// SECURITY: a client can write the header too. What counts is the place from the end, where the proxies
/// wrote; nothing before it is read. `Forwarded` (RFC 7239) is not read at all: a proxy that writes the one
/// header passes the other on as the client sent it.
///
/// ```
/// use std::net::{IpAddr, SocketAddr};
/// # use axum::{extract::ConnectInfo, http::request::Parts};
/// # use daypass::verify::{Verifier, http::{VerifyLayer, client_address}};
///
/// /// How many proxies stand before this program.
/// const PROXIES: usize = 1;
///
/// fn client(parts: &Parts) -> Option<IpAddr> {
///     let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
///     Some(client_address(peer.ip(), &parts.headers, PROXIES))
/// }
///
/// # fn layer(verifier: Verifier) -> VerifyLayer {
/// VerifyLayer::new(verifier).client(client)
/// # }
/// ```
#[must_use]
pub fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: usize) -> IpAddr {
    let Some(from_end) = proxies.checked_sub(1) else { return peer };
    let lines = headers.get_all(FORWARDED_FOR).into_iter().rev();
    // As bytes, since what the client wrote on the same line need not be text.
    let mut seen = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    seen.nth(from_end).and_then(parse_address).unwrap_or(peer)
}

/// Parses an address, with or without a port.
fn parse_address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text.trim_ascii()).ok()?;
    let without_port = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let address = text.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.or_else(without_port)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PEER: &str = "10.0.0.1";

    fn client(lines: &[&[u8]], proxies: usize) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("forwarded", HeaderValue::from_static("for=7.7.7.7"));
        headers.insert("x-real-ip", HeaderValue::from_static("7.7.7.7"));
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line).expect("a header"));
        }
        client_address(PEER.parse().expect("an address"), &headers, proxies).to_string()
    }

    #[test]
    fn row_16_a_client_is_what_the_farthest_proxy_saw_and_not_what_it_says_itself() {
        for (lines, proxies, expected) in [
            (&[][..], 0, PEER),
            (&[], 1, PEER),
            (&["1.1.1.1"], 0, PEER),
            (&["1.1.1.1"], 1, "1.1.1.1"),
            (&["9.9.9.9, 1.1.1.1"], 1, "1.1.1.1"),
            (&["9.9.9.9,1.1.1.1\t"], 1, "1.1.1.1"),
            (&["9.9.9.9", "1.1.1.1 "], 1, "1.1.1.1"),
            (&["9.9.9.9, 1.1.1.1, 2.2.2.2"], 2, "1.1.1.1"),
            (&["9.9.9.9, 1.1.1.1", "2.2.2.2"], 2, "1.1.1.1"),
            // Past the proxy that clients should use.
            (&["1.1.1.1"], 2, PEER),
            (&["1.1.1.1"], usize::MAX, PEER),
        ] {
            let bytes: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(client(&bytes, proxies), expected, "{lines:?} {proxies}");
        }
    }

    #[test]
    fn an_address_may_have_a_port() {
        for (text, expected) in [
            ("1.1.1.1:443", "1.1.1.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:1.1.1.1", "::ffff:1.1.1.1"),
        ] {
            assert_eq!(client(&[text.as_bytes()], 1), expected);
        }
    }

    #[test]
    fn other_text_than_an_address_means_the_connection_and_what_the_client_wrote_before_it_changes_nothing() {
        for junk in [
            &b""[..],
            b" ",
            b",",
            b"unknown",
            b"_hidden",
            b"localhost",
            b"1.1.1",
            b"1.1.1.1.1",
            b"01.1.1.1",
            b"[1.1.1.1]",
            b"[2001:db8::1",
            b"2001:db8::1]",
            b"fe80::1%eth0",
            b"\"1.1.1.1\"",
            b"for=1.1.1.1",
            b"1.1.1.1;",
            b"\xff\xfe",
            b"'; DROP TABLE clients; --",
            &[b'9'; 8000],
        ] {
            assert_eq!(client(&[junk], 1), PEER, "{junk:?}");
            let appended = [junk, b", 1.1.1.1"].concat();
            assert_eq!(client(&[&appended], 1), "1.1.1.1", "{junk:?}");
            assert_eq!(client(&[junk, b"1.1.1.1"], 1), "1.1.1.1", "{junk:?}");
        }
    }
}
