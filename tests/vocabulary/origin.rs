//! `Origin`.

use std::net::Ipv6Addr;

use daypass::{Origin, OriginPattern};
use proptest::prelude::*;
use proptest::sample::select;
use wasm_bindgen_test::wasm_bindgen_test;

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
        "capacitor://[::1]:80",
        "safari-web-extension://140BB581-A2C0-422A-9DD3-6982A5ABEE5E",
        "app://.",
        "app://a..b:8080",
        "app:",
        "web+app:",
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
        ("app:example", "no slashes"),
        ("app:/", "one slash"),
        ("app://", "no host after the slashes"),
        ("app://:80", "no host before the port"),
        ("app://a b", "white space"),
        ("app://a\u{7f}", "a control character"),
        ("app://bücher", "no ASCII"),
        ("app://a:1:2", "two ports"),
        ("app://[::1", "one bracket"),
        ("app://[a]", "no address in brackets"),
        ("app://a;b", "what ends a policy"),
        ("app://a,b", "a list"),
        ("app://*", "a wildcard"),
        ("app://a<b", "what no host has"),
        ("file://Server", "capitals, in a scheme whose pages have no origin"),
        ("wss://Example.com", "capitals, in a scheme of the web"),
        ("https:", "a scheme of the web alone"),
        ("file:", "a scheme whose pages have no origin"),
        ("example.com:", "an empty port"),
        ("localhost:", "an empty port"),
        (":", "nothing before the colon"),
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
fn an_error_shows_no_control_characters_and_not_too_much() {
    let told =
        Origin::parse(&format!("https://a\r\nSet-Cookie: x\u{1b}[31m{}", "x".repeat(10_000))).unwrap_err().to_string();
    assert!(!told.contains(char::is_control) && told.len() < 250, "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

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
