//! `OriginPattern`. What a person may write is tested with the service.

use daypass::{Origin, OriginPattern};
use proptest::prelude::*;
use proptest::sample::select;
use wasm_bindgen_test::wasm_bindgen_test;

fn pattern(text: &str) -> OriginPattern {
    text.parse().unwrap()
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
        // A part of one label.
        ("pr-*.example.com", "https://pr-12.example.com", true),
        ("pr-*.example.com", "https://pr-.example.com", false),
        ("pr-*.example.com", "https://pr.example.com", false),
        ("pr-*.example.com", "https://example.com", false),
        ("pr-*.example.com", "https://evil-pr-12.example.com", false),
        ("pr-*.example.com", "https://a.pr-12.example.com", false),
        ("pr-*.example.com", "https://pr-12.a.example.com", false),
        ("pr-*.example.com", "https://pr-12.example.com.evil.example", false),
        ("pr-*.example.com", "https://pr-12.evilexample.com", false),
        ("pr-*.example.com", "https://pr-12.example.co", false),
        ("*-staging.example.com", "https://shop-staging.example.com", true),
        ("*-staging.example.com", "https://-staging.example.com", false),
        ("*-staging.example.com", "https://shop-staging-2.example.com", false),
        ("*-staging.example.com", "https://a.shop-staging.example.com", false),
        ("*--shop.example.com", "https://deploy-12--shop.example.com", true),
        ("*--shop.example.com", "https://deploy-12---shop.example.com", true),
        ("*--shop.example.com", "https://deploy-12-shop.example.com", false),
        ("a*a.example.com", "https://aba.example.com", true),
        ("a*a.example.com", "https://aaa.example.com", true),
        ("a*a.example.com", "https://aa.example.com", false),
        ("a*a.example.com", "https://a.example.com", false),
        ("www.pr-*.example.com", "https://www.pr-12.example.com", true),
        ("www.pr-*.example.com", "https://www.a.pr-12.example.com", false),
        ("www.pr-*.example.com", "https://pr-12.example.com", false),
        ("https://pr-*.example.com:8443", "https://pr-1.example.com:8443", true),
        ("https://pr-*.example.com:8443", "https://pr-1.example.com", false),
        ("https://pr-*.example.com:8443", "http://pr-1.example.com:8443", false),
        // Never within an international name.
        ("x*.example.com", "https://x1.example.com", true),
        ("x*.example.com", "https://xn--bcher-kva.example.com", false),
        ("*-kva.example.com", "https://xn--bcher-kva.example.com", false),
        ("*.example.com", "https://xn--bcher-kva.example.com", true),
        ("www.x*.example.com", "https://www.xn--bcher-kva.example.com", false),
        ("xn--bcher-kva.x*.example.com", "https://xn--bcher-kva.x1.example.com", true),
        ("pr-*.xn--bcher-kva.example", "https://pr-1.xn--bcher-kva.example", true),
        ("pr-*.example.com", "https://pr-xn--a.example.com", true),
        // A scheme alone.
        ("vscode-webview:", "vscode-webview://1q2w3e4r", true),
        ("moz-extension:", "moz-extension://0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", true),
        ("moz-extension:", "vscode-webview://1q2w3e4r", false),
        ("app:", "app:", true),
        ("app:", "app://localhost", true),
        ("app:", "app://localhost:8080", true),
        ("app:", "web+app://localhost", false),
        ("app:", "https://app", false),
        ("safari-web-extension:", "safari-web-extension://140BB581-A2C0-422A-9DD3-6982A5ABEE5E", true),
        ("app:", "app://.", true),
        ("app", "app:", false),
        ("app://localhost", "app:", false),
        ("localhost", "app:", false),
        // The scheme: a web page's, unless one is named.
        ("example.com", "http://example.com", true),
        ("localhost", "capacitor://localhost", false),
        ("abcdefgh", "chrome-extension://abcdefgh", false),
        ("https://example.com", "https://example.com", true),
        ("https://example.com", "http://example.com", false),
        ("http://*.example.com", "http://a.example.com", true),
        ("http://*.example.com", "https://a.example.com", false),
        ("capacitor://localhost", "capacitor://localhost", true),
        // The case of a host counts where it is no name of the web.
        ("app://Main", "app://Main", true),
        ("app://Main", "app://main", false),
        ("app://.", "app://.", true),
        ("app://.", "app://a", false),
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
    const ONE_WILDCARD: &str =
        "write one `*`: `*.` before a host, or within a label before a domain, as in pr-*.example.com";
    let cases = [
        ("", "the host must be lower-case labels with single dots between them"),
        ("*", ONE_WILDCARD),
        ("*.", "the host must be"),
        ("*.*.example.com", ONE_WILDCARD),
        ("**.example.com", ONE_WILDCARD),
        ("a*b*.example.com", ONE_WILDCARD),
        ("*.pr-*.example.com", ONE_WILDCARD),
        ("pr-*.*.example.com", ONE_WILDCARD),
        ("shop.*.example.com", ONE_WILDCARD),
        ("pr-*", ONE_WILDCARD),
        ("www.pr-*", ONE_WILDCARD),
        ("example.*", ONE_WILDCARD),
        ("pr-*.", "the host must be"),
        ("pr-*..example.com", "the host must be"),
        (".pr-*.example.com", "the host must be"),
        ("pr_*.Example.com", "the host must be"),
        ("bü-*.example.com", "the host must be"),
        ("xn--*.example.com", "a `*` cannot be within an international name"),
        ("www.xn--bcher-*.example.com", "a `*` cannot be within an international name"),
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
        ("1*.127.0.0.1", "an address has no subdomains"),
        ("1*.0.0.1", "a host that ends in a number must be an IPv4 address"),
        ("[*::1]", ONE_WILDCARD),
        ("https:", "only a scheme of apps or browser extensions is written without a host, as in vscode-webview:"),
        ("http:", "only a scheme of apps"),
        ("ws:", "only a scheme of apps"),
        ("wss:", "only a scheme of apps"),
        ("ftp:", "only a scheme of apps"),
        ("file:", "only a scheme of apps"),
        ("filesystem:", "only a scheme of apps"),
        ("data:", "only a scheme of apps"),
        ("blob:", "only a scheme of apps"),
        ("javascript:", "only a scheme of apps"),
        ("about:", "only a scheme of apps"),
        ("App:", "the scheme must be like http or https"),
        ("*:", "the scheme must be like http or https"),
        ("localhost:", "the port must be a number from 0 to 65535"),
        ("app://", "the host must be"),
        ("app://*", ONE_WILDCARD),
        ("app::80", "the host must be"),
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
    let long_label = format!("{}*.example", "l".repeat(63));
    let long_host = format!("pr-*.{}", ["l".repeat(49).as_str(); 5].join("."));
    for text in [long_label, long_host] {
        let why = text.parse::<OriginPattern>().map_err(|error| error.why());
        assert_eq!(why, Err("the host must be lower-case labels with single dots between them"), "no host is so long");
    }
    // The host `null` is a host. The origin `null` has no host, and does not match it.
    assert!(Origin::parse("null").is_err());
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
    let wildcard = select(vec!["", "*.", "a*.", "*a.", "a*b.", "x*.", "b.a*.", "ab.*a."]);
    let with_host =
        (proptest::option::of(scheme()), wildcard, host(), port()).prop_map(|(scheme, wildcard, host, port)| {
            let is_address = host.starts_with(['[', '1']);
            let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{scheme}{}{host}{port}", if is_address { "" } else { wildcard })
        });
    prop_oneof![9 => with_host, 1 => Just("capacitor:".to_owned())]
}

/// An origin and its parts, as a browser would write it.
fn origin() -> impl Strategy<Value = (String, &'static str, String, Option<u16>)> {
    let with_host = (scheme(), host(), port()).prop_map(|(scheme, host, port)| {
        let own = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let written = port.filter(|port| Some(*port) != own).map(|port| format!(":{port}")).unwrap_or_default();
        (format!("{scheme}://{host}{written}"), scheme, host, port.or(own))
    });
    prop_oneof![9 => with_host, 1 => Just(("capacitor:".to_owned(), "capacitor", String::new(), None))]
}

/// Matches as the documentation says it, slowly: splits into lists, and compares label by label.
fn obviously_matches(pattern: &str, (scheme, host, port): (&str, &str, Option<u16>)) -> bool {
    if let Some(alone) = pattern.strip_suffix(':') {
        return scheme == alone;
    }
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
        _ => {
            let pairs: Vec<_> = labels.iter().zip(&expected).collect();
            labels.len() == expected.len() && pairs.into_iter().all(|(label, expected)| is_like(label, expected))
        }
    };
    same_host && expected_scheme.contains(&scheme) && (expected_port.is_none() || expected_port == port)
}

/// Returns whether a label is like one that may have a `*`: tries each number of characters for that.
fn is_like(label: &str, expected: &str) -> bool {
    let Some((start, end)) = expected.split_once('*') else { return label == expected };
    let lengths = 1..=label.len();
    !label.starts_with("xn--")
        && lengths.into_iter().any(|length| label == [start, &part(label, start.len(), length), end].concat())
}

fn part(label: &str, from: usize, length: usize) -> String {
    label.chars().skip(from).take(length).collect()
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
}
