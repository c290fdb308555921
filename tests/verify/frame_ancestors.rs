//! The header that names the pages that may frame an embed's page: never more pages than the
//! verifier accepts.

use std::num::NonZeroU32;

use crate::common::{Down, NOW, SITE, Signer, claims, record, stored, verifier, without_stall};
use axum::http::Request;
use axum::response::IntoResponse;
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::http::FrameAncestors;
use daypass::verify::{Credentials, RateLimits, TokenLocation, Verifier};
use daypass::{Error, Origin, OriginPattern, TokenKind};
use serde_json::json;

/// Patterns, and the sources that name the same pages.
const PATTERNS: [(&str, &str); 23] = [
    ("example.com", "http://example.com:* https://example.com:*"),
    ("*.example.com", "http://*.example.com:* https://*.example.com:*"),
    ("example.com:8443", "http://example.com:8443 https://example.com:8443"),
    ("example.com:443", "http://example.com:443 https://example.com:443"),
    ("*.example.com:80", "https://*.example.com:80"),
    ("https://example.com", "https://example.com:*"),
    ("https://example.com:443", "https://example.com:443"),
    ("https://*.example.com:80", "https://*.example.com:80"),
    ("http://example.com", "'none'"),
    ("http://example.com:3000", "'none'"),
    ("ws://example.com", "'none'"),
    ("wss://example.com", "'none'"),
    ("app://example", "app://example:*"),
    ("127.0.0.1", "http://127.0.0.1:* https://127.0.0.1:*"),
    ("[::1]:3000", "'none'"),
    ("https://[2001:db8::1]", "'none'"),
    ("my_shop.example.com", "'none'"),
    ("app://Main", "'none'"),
    ("vscode-webview:", "vscode-webview:"),
    ("app:", "app:"),
    ("pr-*.example.com", "'none'"),
    ("https://*-a.example.com", "'none'"),
    ("www.pr-*.example.com", "'none'"),
];

fn publishable(origins: &[&str]) -> TokenRecord {
    let origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    TokenRecord { origins, ..record(TokenKind::Publishable) }
}

/// The header for a browser that requests a frame with this token in the query.
async fn frame(verifier: &Verifier, text: &str) -> Result<String, Error> {
    let request = Request::get(format!("/frame?pubtoken={text}")).header("sec-fetch-dest", "iframe").body(()).unwrap();
    let (parts, ()) = request.into_parts();
    verifier.frame_ancestors(&Credentials::from_parts(&parts)).await.map(|ancestors| value(&ancestors))
}

fn value(ancestors: &FrameAncestors) -> String {
    ancestors.header_value().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_pattern_becomes_the_sources_that_mean_it() {
    for (pattern, sources) in PATTERNS {
        let (text, verifier) = stored(publishable(&[pattern]));
        assert_eq!(frame(&verifier, &text).await, Ok(format!("frame-ancestors {sources}")), "{pattern}");
    }
    // A pattern without a source is left out, and the others stay.
    let (text, verifier) = stored(publishable(&["https://a.example", "[::1]", "pr-*.example.com", "app://b", "c:"]));
    assert_eq!(frame(&verifier, &text).await, Ok("frame-ancestors https://a.example:* app://b:* c:".into()));
}

/// Returns whether a source matches a page (CSP Level 3, section 6.7.2): `http` stands for `https`
/// as well, `ws` and `wss` for both. Port 80 stands for 443 as well, as in Chromium.
fn matches(source: &str, origin: &str) -> bool {
    if let Some(scheme) = source.strip_suffix(':') {
        return origin.split_once(':').unwrap().0 == scheme;
    }
    if origin.ends_with(':') {
        return false;
    }
    let (scheme, rest) = source.split_once("://").unwrap();
    let (host, port) = rest.rsplit_once(':').unwrap();
    let (page_scheme, page_rest) = origin.split_once("://").unwrap();
    let own_port = if page_scheme == "http" { "80" } else { "443" };
    let has_port = !page_rest.ends_with(']') && page_rest.contains(':');
    let (page_host, page_port) = if has_port { page_rest.rsplit_once(':').unwrap() } else { (page_rest, own_port) };
    let scheme_fits = scheme == page_scheme
        || (scheme == "http" && page_scheme == "https")
        || (matches!(scheme, "ws" | "wss") && matches!(page_scheme, "http" | "https"));
    let host_fits = match host.strip_prefix('*') {
        Some(suffix) => page_host.ends_with(suffix),
        None => host == page_host,
    };
    let upgraded = scheme == "http" && page_scheme == "https" && (port, page_port) == ("80", "443");
    scheme_fits && host_fits && (port == "*" || port == page_port || upgraded)
}

#[test]
fn every_page_that_may_frame_is_one_that_the_verifier_accepts() {
    let mut pages = vec!["app:".to_owned(), "vscode-webview://1q2w3e4r".to_owned()];
    for scheme in ["http", "https", "ws", "wss", "app"] {
        for host in [
            "example.com",
            "a.example.com",
            "pr-a.example.com",
            "b.a.example.com",
            "evilexample.com",
            "example",
            "127.0.0.1",
            "[::1]",
        ] {
            for port in ["", ":80", ":443", ":3000", ":8443"] {
                pages.push(format!("{scheme}://{host}{port}"));
            }
        }
    }
    let mut framing = 0;
    for (pattern, sources) in PATTERNS {
        let pattern: OriginPattern = pattern.parse().unwrap();
        for page in &pages {
            let Ok(origin) = Origin::parse(page) else { continue };
            let may_frame = sources != "'none'" && sources.split(' ').any(|source| matches(source, page));
            assert!(!may_frame || pattern.matches(&origin), "{page} with {pattern}, {sources}");
            framing += u32::from(may_frame);
        }
    }
    assert!(framing >= 50, "{framing}");
}

#[tokio::test]
async fn without_origins_the_header_agrees_with_the_verifier() {
    for kind in
        [TokenKind::Publishable, TokenKind::Secret, TokenKind::Personal, TokenKind::Application, TokenKind::Bundle]
    {
        let (text, verifier) = stored(TokenRecord { origins: vec![], ..record(kind) });
        let location = match kind {
            TokenKind::Publishable => TokenLocation::Query,
            _ => TokenLocation::Bearer,
        };
        let credentials = Credentials::new(&text, location);
        let accepts_any_page = verifier.verify(&credentials.from_origin("https://any.example"), None).await.is_ok();
        let ancestors = value(&verifier.frame_ancestors(&credentials).await.unwrap());
        assert_eq!(ancestors, if accepts_any_page { "frame-ancestors *" } else { "frame-ancestors 'none'" }, "{kind}");
        assert_eq!(accepts_any_page, kind == TokenKind::Bundle);
    }
}

#[tokio::test]
async fn the_header_of_an_access_names_the_same_pages() {
    let signer = Signer::new("k1", 1);
    let mut claims = claims();
    claims["origins"] = json!(["*.northlight.example"]);
    let text = signer.jwt(JwtType::AccessToken, &claims);
    let verifier = verifier().keys(signer.keys());
    let credentials = Credentials::new(&text, TokenLocation::Bearer).from_origin(SITE);
    let access = verifier.verify(&credentials, None).await.unwrap();
    let expected = "frame-ancestors http://*.northlight.example:* https://*.northlight.example:*";
    assert_eq!(value(&FrameAncestors::of(&access)), expected);

    let policy = [("content-security-policy", "default-src 'none'")];
    let response = (policy, FrameAncestors::of(&access), "page").into_response();
    let policies: Vec<_> = response.headers().get_all("content-security-policy").iter().collect();
    assert_eq!(policies, ["default-src 'none'", expected], "neither policy replaces the other");
}

#[tokio::test]
async fn invalid_revoked_and_expired_tokens_get_the_same_error() {
    let valid = publishable(&["example.com"]);
    let (known, _) = stored(valid.clone());
    for record in [
        TokenRecord { revoked_at: Some(NOW), ..valid.clone() },
        TokenRecord { expires_at: Some(NOW), ..valid.clone() },
        TokenRecord { created_at: NOW + 61, ..valid.clone() },
    ] {
        let (text, verifier) = stored(record);
        assert_eq!(frame(&verifier, &text).await, Err(Error::InvalidToken));
        assert_eq!(frame(&verifier, &known).await, Err(Error::InvalidToken), "unknown to this store");
        assert_eq!(frame(&verifier, "").await, Err(Error::InvalidToken));
    }
}

#[tokio::test]
async fn every_other_error_is_passed_on() {
    let (secret, verifier) = stored(record(TokenKind::Secret));
    assert_eq!(frame(&verifier, &secret).await, Err(Error::SecretInQuery(TokenKind::Secret)));
    assert_eq!(verifier.frame_ancestors(&Credentials::default()).await, Err(Error::MissingToken));
    let two = format!("{secret}&access_token={secret}0");
    assert!(matches!(frame(&verifier, &two).await, Err(Error::InvalidRequest(_))));

    let (text, verifier) = stored(publishable(&["example.com"]));
    assert_eq!(frame(&verifier.clone().introspector(Down), &text).await, Err(Error::Unavailable));
    let results = without_stall(async || {
        let limited = verifier.clone().rate_limits(RateLimits::new().publishable_total(NonZeroU32::MIN));
        [frame(&limited, &text).await, frame(&limited, &text).await, frame(&limited, &text).await]
    })
    .await;
    assert!(matches!(results[..], [Ok(_), .., Err(Error::TooManyRequests(_))]), "{results:?}");
}
