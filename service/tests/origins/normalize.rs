//! `normalize_origin`: reads what a person writes when creating a token.

use daypass::{Origin, OriginPattern};

use crate::origins::{is_shared, normalize_origin};

#[test]
fn a_pattern_becomes_what_a_browser_sends() {
    let cases = [
        ("example.com", "example.com"),
        ("Example.COM", "example.com"),
        ("HTTPS://Shop.Example.com", "https://shop.example.com"),
        ("*.Example.com", "*.example.com"),
        ("https://*.example.com:8443", "https://*.example.com:8443"),
        ("localhost", "localhost"),
        ("LOCALHOST:3000", "localhost:3000"),
        ("*.localhost", "*.localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
        ("[::1]", "[::1]"),
        ("http://[::FFFF:102:304]:80", "http://[::ffff:102:304]:80"),
        ("[2001:DB8::AB]", "[2001:db8::ab]"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("https://*.BÜCHER.example:8443", "https://*.xn--bcher-kva.example:8443"),
        ("faß.example", "xn--fa-hia.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("例え。テスト:3000", "xn--r8jz45g.xn--zckzah:3000"),
        ("ｅｘａｍｐｌｅ．com", "example.com"),
        // A public suffix by itself is one site.
        ("github.io", "github.io"),
        ("*.example.co.uk", "*.example.co.uk"),
        ("*.northlight.github.io", "*.northlight.github.io"),
        // Names of single owners beside and below suffixes.
        ("amazonaws.com", "amazonaws.com"),
        ("*.northlight.s3.amazonaws.com", "*.northlight.s3.amazonaws.com"),
        ("*.northlight.blob.core.windows.net", "*.northlight.blob.core.windows.net"),
        ("*.a.b.northlight.com", "*.a.b.northlight.com"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("Safari-Web-Extension://140BB581-A2C0-422A-9DD3", "safari-web-extension://140BB581-A2C0-422A-9DD3"),
        ("app://.", "app://."),
        ("app://*.Example.com", "app://*.example.com"),
        ("app://Bücher", "app://xn--bcher-kva"),
        // A part of one label, below a domain of one owner.
        ("PR-*.Example.com", "pr-*.example.com"),
        ("https://*-Staging.shop.co.uk:8443", "https://*-staging.shop.co.uk:8443"),
        ("www.pr-*.example.com", "www.pr-*.example.com"),
        ("pr-*.Bücher.example", "pr-*.xn--bcher-kva.example"),
        ("bücher.pr-*.example.com", "xn--bcher-kva.pr-*.example.com"),
        ("pr-*.עברית.example", "pr-*.xn--5dbqzzl.example"),
        ("*.עברית.example", "*.xn--5dbqzzl.example"),
        ("pr-*。example。com", "pr-*.example.com"),
        ("pr-*.localhost:3000", "pr-*.localhost:3000"),
        // A scheme alone.
        ("vscode-webview:", "vscode-webview:"),
        ("Moz-Extension:", "moz-extension:"),
        ("web+app:", "web+app:"),
        // Hosts that have the names of schemes.
        ("data:8080", "data:8080"),
        ("https://null", "https://null"),
        ("null:3000", "null:3000"),
        ("file", "file"),
        ("about.example:80", "about.example:80"),
    ];
    for (text, expected) in cases {
        let pattern = normalize_origin(text).unwrap();
        assert_eq!(pattern.to_string(), expected, "{text}");
        assert_eq!(normalize_origin(expected).unwrap(), pattern, "it is idempotent");
        assert!(!is_shared(&pattern), "{text}");
    }
}

#[test]
fn an_international_name_matches_its_own_page_and_no_look_alike() {
    let pattern = normalize_origin("bücher.example").unwrap();
    let cases = [
        ("https://xn--bcher-kva.example", true),
        ("https://bucher.example", false),
        ("https://xn--bcher-lva.example", false),
        ("https://xn--bcher-kva.example.evil.example", false),
    ];
    for (origin, expected) in cases {
        assert_eq!(pattern.matches(&Origin::parse(origin).unwrap()), expected, "{origin}");
    }
    // Cyrillic а, е, о, р, с: another name than `example.com`.
    assert_ne!(normalize_origin("ехаmple.com").unwrap(), normalize_origin("example.com").unwrap());
}

#[test]
fn a_wildcard_over_the_sites_of_many_owners_is_refused() {
    for text in [
        "*.com",
        "*.COM",
        "*.co.uk",
        "*.github.io",
        "https://*.github.io:443",
        "*.vercel.app",
        "*.xn--p1ai",
        "*.рф",
        "*.公司.cn",
        "*.xn--55qx5d.cn",
        "*.blogspot.com",
        "*.compute.amazonaws.com",
        "*.s3.amazonaws.com",
        "*.kawasaki.jp",
        // Not suffixes themselves, but above suffixes of many owners.
        "*.amazonaws.com",
        "*.compute-1.amazonaws.com",
        "*.windows.net",
        "*.core.windows.net",
        "*.AmazonAWS.com",
        "*.intern",
        "＊.com",
    ] {
        let message = normalize_origin(text).map_err(|error| error.to_string());
        let expected =
            format!("`{text}` is not an origin: it would match the sites of many owners; name a domain of your own");
        assert_eq!(message, Err(expected));
    }
}

#[test]
fn a_wildcard_within_a_label_is_shared_below_a_suffix_of_many_owners() {
    for text in [
        "*--shop.netlify.app",
        "https://*-team.vercel.app:443",
        "*-TEAM.vercel.app",
        "shop-*.github.io",
        "www.shop-*.github.io",
        "shop-*.com",
        "shop-*.co.uk",
        "shop-*.xn--p1ai",
        "shop-*.рф",
        "shop-*.kawasaki.jp",
        "a.shop-*.kawasaki.jp",
        "s3-*.amazonaws.com",
        "shop-*.compute.amazonaws.com",
        "shop-*.core.windows.net",
        // A domain that the list does not know.
        "shop-*.internal",
    ] {
        let pattern = normalize_origin(text).unwrap();
        assert!(is_shared(&pattern), "{text}");
        assert_eq!(normalize_origin(&pattern.to_string()).unwrap(), pattern, "{text}");
    }
    for text in ["pr-*.shop.netlify.app", "pr-*.city.kawasaki.jp", "example.com", "vscode-webview:"] {
        assert!(!is_shared(&normalize_origin(text).unwrap()), "{text}");
    }
}

#[test]
fn what_no_page_can_match_is_refused_with_the_reason() {
    const NULL: &str =
        "browsers send `null` for pages without an origin of their own, of any site; serve the page from an origin";
    const OPAQUE: &str =
        "browsers send `null` for such pages, of any site; serve the page from an origin, and write that";
    const SOCKET: &str = "the origin of a WebSocket is that of its page; write http or https";
    const ALONE: &str = "for all pages of a scheme that is not the web's write it alone, as in vscode-webview:";
    for (text, why) in [
        ("null", NULL),
        ("Null", NULL),
        ("about:blank", OPAQUE),
        ("about:", OPAQUE),
        ("about:srcdoc", OPAQUE),
        ("BLOB:https://example.com/1", OPAQUE),
        ("data:", OPAQUE),
        ("data:text/html,x", OPAQUE),
        ("file:///C:/index.html", OPAQUE),
        ("file://", OPAQUE),
        ("file://localhost", OPAQUE),
        ("filesystem:https://example.com", OPAQUE),
        ("javascript:alert(1)", OPAQUE),
        ("ws://example.com", SOCKET),
        ("wss://example.com:8443", SOCKET),
        ("ftp://example.com", "browsers show no pages of ftp"),
        ("*", "it would match every site; name the sites"),
        ("https://*", "it would match every site; name the sites"),
        ("HTTP://*", "it would match every site; name the sites"),
        ("chrome-extension://*", ALONE),
        ("chrome-extension://", ALONE),
        ("https:", "only a scheme of apps or browser extensions is written without a host, as in vscode-webview:"),
        ("example.com:", "the port must be a number from 0 to 65535"),
        ("xn--b*-hoa.example.com", "a `*` cannot be within an international name"),
        ("bü*.example.com", "a `*` cannot be within an international name"),
    ] {
        let message = normalize_origin(text).map_err(|error| error.to_string());
        assert_eq!(message, Err(format!("`{text}` is not an origin: {why}")));
    }
}

/// Two lists of schemes, in `daypass` and here, refuse the same ones.
#[test]
fn a_scheme_is_refused_alone_by_both_or_by_none() {
    for scheme in ["http", "https", "ws", "wss", "ftp", "file", "filesystem", "data", "blob", "javascript", "about"] {
        let alone = format!("{scheme}:");
        assert!(alone.parse::<OriginPattern>().is_err() && normalize_origin(&alone).is_err(), "{alone}");
        let with_host = normalize_origin(&format!("{scheme}://a.example"));
        assert_eq!(with_host.is_ok(), scheme.starts_with("http"), "{scheme}");
    }
    for scheme in ["app", "web+app", "capacitor", "chrome-extension", "httpx", "wsx", "files", "database"] {
        let alone = format!("{scheme}:");
        assert_eq!(normalize_origin(&alone), alone.parse(), "{alone}");
        assert!(normalize_origin(&alone).is_ok() && normalize_origin(&format!("{scheme}://a.example")).is_ok());
    }
}

#[test]
fn what_people_paste_by_mistake_gets_a_sentence_that_helps() {
    const PATH: &str = "an origin has no path, query or user name; write only the scheme, the host and the port";
    const HOST: &str = "the host must be lower-case labels with single dots between them";
    const WILDCARD: &str =
        "write one `*`: `*.` before a host, or within a label before a domain, as in pr-*.example.com";
    let cases = [
        ("https://example.com/", PATH),
        ("https://example.com:8443/embed", PATH),
        ("https://example.com/embed?floor=1#top", PATH),
        ("https://example.com/a:b", PATH),
        ("https://ana:secret@example.com", PATH),
        ("ana@example.com", PATH),
        ("http://[::1]/embed", PATH),
        ("http://[::1]:8080/embed", PATH),
        ("C:\\www\\index.html", PATH),
        ("https://example.com.", HOST),
        ("https://exa mple.com", HOST),
        (" example.com", HOST),
        ("example.com, shop.example", HOST),
        ("", HOST),
        ("https://", HOST),
        ("shop.*.example.com", WILDCARD),
        ("*.*.example.com", WILDCARD),
        ("example.*", WILDCARD),
        ("pr-*", WILDCARD),
        ("https://example.com:port", "the port must be a number from 0 to 65535"),
        ("*://example.com", "the scheme must be like http or https"),
        ("*.127.0.0.1", "an address has no subdomains"),
        ("*.[::1]", "an address has no subdomains"),
        ("[0:0::1]", "an IPv6 address must be in its shortest form"),
        ("1.2.3", "a host that ends in a number must be an IPv4 address"),
        ("xn--a-ecp.example", "the host is not a valid domain name"),
        ("a\u{202e}b.example", "the host is not a valid domain name"),
    ];
    for (text, why) in cases {
        let message = normalize_origin(text).map_err(|error| error.to_string());
        assert_eq!(message, Err(format!("`{text}` is not an origin: {why}")));
    }
}
