//! `Origin` and `OriginPattern`. What a person may write is tested with the service.

use std::net::Ipv6Addr;

use daypass::{Origin, OriginPattern};
use proptest::prelude::*;
use proptest::sample::select;
use wasm_bindgen_test::wasm_bindgen_test;

fn pattern(text: &str) -> OriginPattern {
    text.parse().unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn an_origin_is_what_a_browser_sends() {
    let longest_label = format!("https://{}.example", "l".repeat(63));
    let longest_host = format!("https://{}.{}", ["l".repeat(49).as_str(); 5].join("."), "abc");
    let cases = [
        "https://example.com",
        "http://example.com:8080",
        "https://example.com:80",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:8080",
        "http://[2001:db8::1]",
        "http://[::102:304]",
        "http://[::ffff:102:304]",
        "https://xn--bcher-kva.example",
        "https://under_score.example",
        "https://1.example",
        "https://0x1.example",
        "https://example.0x1g",
        "chrome-extension://abcdefghijklmnop",
        "capacitor://localhost",
        &longest_label,
        &longest_host,
    ];
    for text in cases {
        assert!(Origin::parse(text).is_ok(), "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_no_browser_sends_is_not_an_origin() {
    let long_label = format!("https://{}.example", "l".repeat(64));
    let long_host = format!("https://{}.{}", ["l".repeat(49).as_str(); 5].join("."), "abcd");
    let cases = [
        ("null", "the opaque origin"),
        ("", "nothing"),
        ("*", "anything"),
        ("example.com", "no scheme"),
        ("//example.com", "no scheme"),
        ("https:example.com", "no slashes"),
        ("://example.com", "an empty scheme"),
        ("1https://example.com", "a scheme that starts with a digit"),
        ("https://", "no host"),
        ("file://", "no host"),
        ("https://:443", "no host"),
        ("https://example.com/", "a path"),
        ("https://example.com/embed", "a path"),
        ("https://example.com\\embed", "a path"),
        ("https://example.com?x", "a query"),
        ("https://example.com#x", "a fragment"),
        ("https://user@example.com", "user info"),
        ("https://user:pw@example.com", "user info"),
        ("https://example.com@evil.example", "user info"),
        ("https://example.com.", "a trailing dot"),
        ("https://.example.com", "a leading dot"),
        ("https://example..com", "an empty label"),
        ("https://Example.com", "capitals"),
        ("HTTPS://example.com", "capitals"),
        ("https://bücher.example", "no punycode"),
        ("https://ex%61mple.com", "an escape"),
        ("https://*.example.com", "a wildcard"),
        ("https://example.com:443", "the scheme's default port"),
        ("http://example.com:80", "the scheme's default port"),
        ("https://example.com:", "an empty port"),
        ("https://example.com:08080", "a port with a leading zero"),
        ("https://example.com:+8080", "a port with a sign"),
        ("https://example.com:65536", "a port out of range"),
        ("https://example.com:8080:9090", "two ports"),
        ("https://example.com:http", "a port that is not a number"),
        ("http://127.1", "IPv4, shortened"),
        ("http://127.0.0.01", "IPv4 with a leading zero"),
        ("http://127.0.0.256", "IPv4 out of range"),
        ("http://2130706433", "IPv4 as one number"),
        ("http://1.2.3.4.5", "five numbers"),
        ("http://0x7f000001", "IPv4 in hexadecimal"),
        ("http://127.0.0.0x1", "IPv4 in hexadecimal"),
        ("http://example.0x", "a number without digits at the end"),
        ("http://::1", "IPv6 without brackets"),
        ("http://[::1", "one bracket"),
        ("http://::1]", "one bracket"),
        ("http://[::1]8080", "no colon before the port"),
        ("http://[0:0:0:0:0:0:0:1]", "IPv6, not shortened"),
        ("http://[::FFFF:102:304]", "IPv6 in capitals"),
        ("http://[::ffff:1.2.3.4]", "IPv4 in IPv6"),
        ("http://[fe80::1%eth0]", "a zone"),
        ("http://[127.0.0.1]", "IPv4 in brackets"),
        ("https://example.com https://evil.example", "two origins"),
        ("https://example.com, https://evil.example", "two origins"),
        (" https://example.com", "white space"),
        ("https://example.com ", "white space"),
        ("https://example.com\r\nX: y", "a line break"),
        ("https://example.com\0", "a null character"),
        (&long_label, "a label of 64"),
        (&long_host, "a host of 254"),
    ];
    for (text, what) in cases {
        assert!(Origin::parse(text).is_err(), "{what}: {text:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_pattern_matches_whole_labels_and_exactly_the_scheme_and_port_that_it_names() {
    let cases = [
        // The host.
        ("example.com", "https://example.com", true),
        ("example.com", "https://shop.example.com", false),
        ("example.com", "https://evilexample.com", false),
        ("example.com", "https://example.com.evil.example", false),
        ("example.com", "https://example.co", false),
        ("example.com", "https://example.comm", false),
        ("localhost", "http://localhost", true),
        ("localhost", "http://localhost.evil.example", false),
        ("bucher.example", "https://xn--bcher-kva.example", false),
        ("xn--bcher-kva.example", "https://xn--bcher-kva.example", true),
        // Any subdomain.
        ("*.example.com", "https://shop.example.com", true),
        ("*.example.com", "https://a.b.example.com", true),
        ("*.example.com", "https://example.com", false),
        ("*.example.com", "https://evilexample.com", false),
        ("*.example.com", "https://evil-example.com", false),
        ("*.example.com", "https://example.com.evil.example", false),
        ("*.example.com", "https://shop.example.com.evil.example", false),
        ("*.shop.example.com", "https://example.com", false),
        ("*.shop.example.com", "https://other.example.com", false),
        // The scheme: a web page's, unless one is named.
        ("example.com", "http://example.com", true),
        ("localhost", "capacitor://localhost", false),
        ("abcdefgh", "chrome-extension://abcdefgh", false),
        ("https://example.com", "https://example.com", true),
        ("https://example.com", "http://example.com", false),
        ("http://*.example.com", "http://a.example.com", true),
        ("http://*.example.com", "https://a.example.com", false),
        ("capacitor://localhost", "capacitor://localhost", true),
        ("capacitor://localhost", "http://localhost", false),
        // The port: any, unless one is named.
        ("localhost", "http://localhost:3000", true),
        ("https://example.com", "https://example.com:8443", true),
        ("localhost:3000", "http://localhost:3000", true),
        ("localhost:3000", "http://localhost:3001", false),
        ("localhost:3000", "http://localhost", false),
        ("localhost:300", "http://localhost:3000", false),
        ("*.example.com:8443", "https://a.example.com:8443", true),
        ("*.example.com:8443", "https://a.example.com", false),
        ("example.com:443", "https://example.com", true),
        ("example.com:443", "http://example.com", false),
        ("https://example.com:443", "https://example.com", true),
        ("http://example.com:80", "http://example.com", true),
        ("capacitor://localhost:80", "capacitor://localhost", false),
        // Addresses.
        ("127.0.0.1", "http://127.0.0.1:4000", true),
        ("127.0.0.1", "http://127.0.0.11", false),
        ("127.0.0.1", "http://1.127.0.0.1.example", false),
        ("127.0.0.1", "http://localhost", false),
        ("[::1]", "http://[::1]:4000", true),
        ("[::1]:4000", "http://[::1]", false),
        ("[::1]", "http://[::11]", false),
        ("[::ffff:7f00:1]", "http://127.0.0.1", false),
    ];
    for (rule, origin, expected) in cases {
        assert_eq!(pattern(rule).matches(&Origin::parse(origin).unwrap()), expected, "{rule} matches {origin}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_is_not_a_pattern_is_refused_with_a_reason() {
    let cases = [
        ("", "the host must be lower-case labels with single dots between them"),
        ("*", "the host must be"),
        ("*.", "the host must be"),
        ("*.*.example.com", "the host must be"),
        ("**.example.com", "the host must be"),
        ("shop*.example.com", "the host must be"),
        ("shop.*.example.com", "the host must be"),
        ("example.*", "the host must be"),
        ("example.com.", "the host must be"),
        ("Example.com", "the host must be"),
        ("bücher.example", "the host must be"),
        ("example com", "the host must be"),
        ("example.com,shop.example", "the host must be"),
        ("https://", "the host must be"),
        ("*://example.com", "the scheme must be like http or https"),
        ("Https://example.com", "the scheme must be like http or https"),
        ("://example.com", "the scheme must be like http or https"),
        ("example.com:*", "the port must be a number from 0 to 65535"),
        ("example.com:99999", "the port must be a number from 0 to 65535"),
        ("example.com:", "the port must be a number from 0 to 65535"),
        ("example.com/", "an origin has no path, query or user name; write only the scheme, the host and the port"),
        ("https://example.com/embed?x=1", "an origin has no path"),
        ("https://example.com:8443/embed", "an origin has no path"),
        ("https://example.com/a:b", "an origin has no path"),
        ("https://user:pw@example.com", "an origin has no path, query or user name"),
        ("http://[::1]/embed", "an origin has no path"),
        ("example.com#x", "an origin has no path"),
        ("*.127.0.0.1", "an address has no subdomains"),
        ("*.[::1]", "an address has no subdomains"),
        ("1.2.3", "a host that ends in a number must be an IPv4 address"),
        ("192.0x00a80001", "a host that ends in a number must be an IPv4 address"),
        ("[::1", "an IPv6 address needs both brackets"),
        ("[1.2.3.4]", "not an IPv6 address"),
        ("[0::1]", "an IPv6 address must be in its shortest form"),
        ("null", ""),
    ];
    for (text, why) in cases {
        match text.parse::<OriginPattern>() {
            Ok(host) => assert!(why.is_empty(), "{text} is the pattern {host}"),
            Err(error) => {
                let told = error.to_string();
                assert!(!why.is_empty() && told.starts_with(&format!("`{text}` is not an origin: {why}")), "{told}");
            }
        }
        assert_eq!(serde_json::from_value::<OriginPattern>(text.into()).is_ok(), why.is_empty(), "{text}");
    }
    // The host `null` is a host. The origin `null` has no host, and does not match it.
    assert!(Origin::parse("null").is_err());
}

#[wasm_bindgen_test(unsupported = test)]
fn an_error_shows_no_control_characters_and_not_too_much() {
    let told =
        Origin::parse(&format!("https://a\r\nSet-Cookie: x\u{1b}[31m{}", "x".repeat(10_000))).unwrap_err().to_string();
    assert!(!told.contains(char::is_control) && told.len() < 250, "{told}");
}

/// Few labels, so that they often coincide, and some that end or begin like others.
fn host() -> impl Strategy<Value = String> {
    let labels = proptest::collection::vec(select(vec!["a", "b", "ab", "ba", "a-b", "xn--a"]), 1..5);
    prop_oneof![
        8 => labels.prop_map(|labels| labels.join(".")),
        1 => select(vec!["127.0.0.1", "[::1]", "[::ffff:102:304]", "localhost"]).prop_map(String::from),
    ]
}

fn scheme() -> impl Strategy<Value = &'static str> {
    select(vec!["http", "https", "capacitor"])
}

fn port() -> impl Strategy<Value = Option<u16>> {
    proptest::option::of(select(vec![80, 443, 8080, 1, u16::MAX]))
}

fn pattern_text() -> impl Strategy<Value = String> {
    (proptest::option::of(scheme()), any::<bool>(), host(), port()).prop_map(|(scheme, wildcard, host, port)| {
        let wildcard = wildcard && !host.starts_with(['[', '1']);
        let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}{}{host}{port}", if wildcard { "*." } else { "" })
    })
}

/// An origin and its parts, as a browser would write it.
fn origin() -> impl Strategy<Value = (String, &'static str, String, Option<u16>)> {
    (scheme(), host(), port()).prop_map(|(scheme, host, port)| {
        let own = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let written = port.filter(|port| Some(*port) != own).map(|port| format!(":{port}")).unwrap_or_default();
        (format!("{scheme}://{host}{written}"), scheme, host, port.or(own))
    })
}

/// Matches as the documentation says it, slowly: splits into lists, and compares from the end.
fn obviously_matches(pattern: &str, (scheme, host, port): (&str, &str, Option<u16>)) -> bool {
    let (expected_scheme, rest) = match pattern.split_once("://") {
        Some((scheme, rest)) => (vec![scheme], rest),
        None => (vec!["http", "https"], pattern),
    };
    let after_host = rest.rfind(']').map_or(0, |at| at + 1);
    let (expected_host, expected_port) = match rest[after_host..].split_once(':') {
        Some((host, port)) => (format!("{}{host}", &rest[..after_host]), Some(port.parse::<u16>().unwrap())),
        None => (rest.to_owned(), None),
    };
    let labels: Vec<_> = host.split('.').rev().collect();
    let expected: Vec<_> = expected_host.split('.').rev().collect();
    let same_host = match expected.split_last() {
        Some((&"*", expected)) => labels.len() > expected.len() && labels[..expected.len()] == *expected,
        _ => labels == expected,
    };
    same_host && expected_scheme.contains(&scheme) && (expected_port.is_none() || expected_port == port)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[wasm_bindgen_test(unsupported = test)]
    fn a_pattern_prints_as_it_was(text in pattern_text()) {
        let parsed = pattern(&text);
        prop_assert_eq!([parsed.to_string(), format!("{parsed:?}")], [text.clone(), text.clone()]);
        let json = serde_json::to_string(&parsed).unwrap();
        prop_assert_eq!(&json, &format!("\"{text}\""));
        prop_assert_eq!(serde_json::from_str::<OriginPattern>(&json).unwrap(), parsed);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_matcher_agrees_with_a_slow_and_obvious_one(text in pattern_text(), (origin, scheme, host, port) in origin()) {
        let matches = pattern(&text).matches(&Origin::parse(&origin).unwrap());
        prop_assert_eq!(matches, obviously_matches(&text, (scheme, &host, port)), "{} and {}", text, origin);
    }

    /// Except for IPv4-mapped addresses, the standard library writes an address as the URL standard does.
    #[wasm_bindgen_test(unsupported = test)]
    fn an_ipv6_address_has_one_text_which_the_standard_library_writes(
        segments in prop::array::uniform8(select(vec![0_u16, 0, 0, 1, 0x0f, 0x10, 0xab0, 0xffff])),
    ) {
        let address = Ipv6Addr::from(segments);
        prop_assume!(address.to_ipv4_mapped().is_none());
        let is_origin = |address: &str| Origin::parse(&["http://[", address, "]"].concat()).is_ok();
        let [short, long] = [address.to_string(), segments.map(|segment| format!("{segment:x}")).join(":")];
        prop_assert!(is_origin(&short));
        prop_assert_eq!(is_origin(&long), long == short);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn no_text_makes_the_parsers_panic(chars in proptest::collection::vec(select("https://[]:.*@a1\\?#é\0 ".chars().collect::<Vec<_>>()), 0..30)) {
        let text = String::from_iter(chars);
        if let Ok(pattern) = text.parse::<OriginPattern>() {
            prop_assert_eq!(pattern.to_string(), text.clone());
        }
        let _ = Origin::parse(&text);
    }
}
