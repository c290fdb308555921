//! Which page sent a request with a publishable token, and how surely.

use std::sync::{Arc, Mutex};

use super::{get_with, headers, outcome, router};
use crate::common::{NOW, SITE, Signer, Store, access_token, record, stored, verifier};
use axum::body::Body;
use axum::http::{Method, Request};
use daypass::api::TokenRecord;
use daypass::verify::{Credentials, PageHeaders};
use daypass::verify::{Decision, PageEvidence, TokenLocation, Verifier};
use daypass::{Error, TokenKind, UnknownPage};
use serde_json::json;
use tower::ServiceExt;

/// The API's own public URL, behind a proxy. The token allows its origin.
const API: &str = "https://api.northlight.example/v2";
const API_ORIGIN: &str = "https://api.northlight.example";
const EVIL: &str = "https://evil.example";

type Headers<'a> = &'a [(&'static str, &'a str)];

/// What is known of a page: its origin and what says so.
type Known = Result<(&'static str, PageEvidence), UnknownPage>;

/// Sends a request with a publishable token; returns what the hook saw of the page, and the error's code.
async fn page(
    set: impl Fn(Verifier) -> Verifier,
    method: Method,
    list: Headers<'_>,
) -> (Result<(String, PageEvidence), UnknownPage>, String) {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let seen = Arc::new(Mutex::new(None));
    let log = Arc::clone(&seen);
    let verifier = set(verifier).on_decision(move |decision: &Decision<'_>| {
        let page = decision.page.map(|page| (page.origin.to_owned(), page.evidence));
        *log.lock().unwrap() = Some(match (page, decision.error) {
            (Some(page), _) => Ok(page),
            (None, Some(Error::OriginRequired(why))) => Err(*why),
            (None, error) => panic!("{error:?}"),
        });
        assert!(!format!("{decision:?}").contains("secret-of-the-page"));
    });
    let mut request = get_with(&format!("/floor?pubtoken={text}"), list);
    *request.method_mut() = method;
    let (router, _) = router(verifier);
    let (_, code) = outcome(router.oneshot(request).await.unwrap()).await;
    let seen = seen.lock().unwrap().take().expect("a decision");
    (seen, code)
}

async fn check(set: impl Fn(Verifier) -> Verifier + Copy, cases: &[(Method, Headers<'_>, Known)]) {
    for (method, list, expected) in cases {
        let (seen, code) = page(set, method.clone(), list).await;
        let seen = seen.as_ref().map(|(origin, evidence)| (origin.as_str(), *evidence)).map_err(|why| *why);
        assert_eq!(seen, *expected, "{method} {list:?}");
        let code_expected = match expected {
            Ok((origin, _)) if origin.ends_with(".northlight.example") => "",
            Ok(_) => "origin_not_allowed",
            Err(_) => "origin_required",
        };
        assert_eq!(code, code_expected, "{method} {list:?}");
    }
}

const BY_REFERER: Known = Ok((SITE, PageEvidence::Referer));
const BY_ORIGIN: Known = Ok((SITE, PageEvidence::Origin));

#[tokio::test]
async fn row_4_the_page_of_each_load_of_a_browser() {
    let get = || Method::GET;
    let referer = ("referer", "https://www.northlight.example/");
    let [cross, same_site] = ["cross-site", "same-site"].map(|site| ("sec-fetch-site", site));
    let mode = |mode| ("sec-fetch-mode", mode);
    let dest = |dest| ("sec-fetch-dest", dest);
    check(
        |verifier| verifier,
        &[
            // fetch, EventSource, fonts, masks, anything with crossorigin
            (get(), &[("origin", SITE), referer, cross, mode("cors"), dest("empty")], BY_ORIGIN),
            (get(), &[("origin", SITE), mode("cors"), cross, dest("font")], BY_ORIGIN),
            (Method::POST, &[("origin", SITE), referer, cross, mode("no-cors")], BY_ORIGIN),
            (get(), &[("origin", SITE), cross, mode("websocket")], BY_ORIGIN),
            // img, video, background, script
            (get(), &[referer, cross, mode("no-cors"), dest("image")], BY_REFERER),
            (get(), &[referer, same_site, mode("no-cors"), dest("image")], BY_REFERER),
            (get(), &[referer, cross, mode("no-cors"), dest("video"), ("range", "bytes=0-")], BY_REFERER),
            (get(), &[referer, cross, mode("no-cors"), dest("script")], BY_REFERER),
            (get(), &[referer, cross, mode("no-cors"), dest("what-comes-next")], BY_REFERER),
            (Method::HEAD, &[referer, cross, mode("no-cors")], BY_REFERER),
            // a link, which may download; a frame
            (get(), &[referer, cross, mode("navigate"), dest("document"), ("sec-fetch-user", "?1")], BY_REFERER),
            (get(), &[referer, cross, mode("navigate"), dest("iframe")], BY_REFERER),
            // plain http, older browsers
            (get(), &[referer], BY_REFERER),
            (get(), &[("referer", "https://www.northlight.example/a?secret-of-the-page#x")], BY_REFERER),
            (get(), &[("referer", SITE)], BY_REFERER),
            (get(), &[("referer", "https://www.northlight.example?q")], BY_REFERER),
            // a page that sends no Referer, a sandboxed frame
            (get(), &[cross, mode("no-cors"), dest("image")], Err(UnknownPage::Hidden)),
            (get(), &[same_site, mode("no-cors"), dest("image")], Err(UnknownPage::Hidden)),
            (get(), &[cross, mode("navigate"), dest("document")], Err(UnknownPage::Hidden)),
            // a prefetch of the browser, an address that was typed, with a Referer or not
            (get(), &[("sec-fetch-site", "none"), mode("navigate")], Err(UnknownPage::NotByPage)),
            (get(), &[referer, ("sec-fetch-site", "none"), mode("navigate")], Err(UnknownPage::NotByPage)),
            // the API's own origin, which it was not told
            (get(), &[("sec-fetch-site", "same-origin"), mode("cors")], Err(UnknownPage::OwnOrigin)),
            (get(), &[referer, ("sec-fetch-site", "same-origin"), mode("cors")], BY_REFERER),
            // a program, an extension
            (get(), &[], Err(UnknownPage::NoPage)),
            (get(), &[mode("cors"), dest("empty")], Err(UnknownPage::NoPage)),
            (get(), &[referer, cross, mode("cors"), dest("empty")], Err(UnknownPage::OriginRemoved)),
            (get(), &[cross, mode("cors"), dest("empty")], Err(UnknownPage::OriginRemoved)),
            (get(), &[referer, cross, mode("websocket")], Err(UnknownPage::OriginRemoved)),
            (get(), &[referer, ("sec-fetch-site", "same-origin"), mode("websocket")], Err(UnknownPage::OriginRemoved)),
            (get(), &[referer, mode("cors")], Err(UnknownPage::OriginRemoved)),
        ],
    )
    .await;
}

#[tokio::test]
async fn row_4_a_referer_never_replaces_an_origin_and_counts_for_reading_alone() {
    let get = || Method::GET;
    let referer = ("referer", "https://www.northlight.example/");
    let cross = ("sec-fetch-site", "cross-site");
    let by_evil: Known = Ok((EVIL, PageEvidence::Referer));
    check(
        |verifier| verifier,
        &[
            (get(), &[referer, ("origin", "null")], Ok(("null", PageEvidence::Origin))),
            (get(), &[referer, ("origin", "null"), cross], Ok(("null", PageEvidence::Origin))),
            (get(), &[referer, ("origin", EVIL)], Ok((EVIL, PageEvidence::Origin))),
            (get(), &[("origin", EVIL), referer], Ok((EVIL, PageEvidence::Origin))),
            (get(), &[referer, ("origin", "")], Ok(("", PageEvidence::Origin))),
            (
                get(),
                &[referer, ("origin", "https://www.northlight.example/")],
                Ok(("https://www.northlight.example/", PageEvidence::Origin)),
            ),
            (get(), &[("origin", SITE), ("referer", "https://evil.example/")], BY_ORIGIN),
            (Method::POST, &[referer, cross], Err(UnknownPage::Method)),
            (Method::PUT, &[referer], Err(UnknownPage::Method)),
            (Method::OPTIONS, &[referer], Err(UnknownPage::Method)),
            (Method::DELETE, &[("sec-fetch-site", "same-origin")], Err(UnknownPage::Method)),
            (get(), &[("referer", "https://evil.example/?https://www.northlight.example/"), cross], by_evil),
            (get(), &[("referer", "https://evil.example#https://www.northlight.example/"), cross], by_evil),
            // what no browser writes
            (get(), &[referer, referer], Err(UnknownPage::Contradiction)),
            (get(), &[referer, ("referer", "https://evil.example/")], Err(UnknownPage::Contradiction)),
            (get(), &[referer, cross, cross], Err(UnknownPage::Contradiction)),
            (get(), &[referer, cross, ("sec-fetch-site", "same-origin")], Err(UnknownPage::Contradiction)),
            (get(), &[referer, ("sec-fetch-site", "cross-site, none")], Err(UnknownPage::Contradiction)),
            (get(), &[referer, ("sec-fetch-site", "Cross-Site")], Err(UnknownPage::Contradiction)),
            (get(), &[referer, ("sec-fetch-site", "")], Err(UnknownPage::Contradiction)),
            (
                get(),
                &[referer, ("sec-fetch-mode", "no-cors"), ("sec-fetch-mode", "no-cors")],
                Err(UnknownPage::Contradiction),
            ),
            (get(), &[("referer", "")], Err(UnknownPage::Contradiction)),
            (get(), &[("referer", "about:blank")], Err(UnknownPage::Contradiction)),
            (get(), &[("referer", "/floor")], Err(UnknownPage::Contradiction)),
            (get(), &[("referer", "www.northlight.example")], Err(UnknownPage::Contradiction)),
            (get(), &[("referer", "null")], Err(UnknownPage::Contradiction)),
            (get(), &[("referer", "https://www.northlight.example@evil.example/")], Err(UnknownPage::Contradiction)),
            (get(), &[("referer", "https://evil.example\\@www.northlight.example/")], Err(UnknownPage::Contradiction)),
            (get(), &[("referer", "https://www.northlight.example:443/")], Err(UnknownPage::Contradiction)),
            (get(), &[("referer", "https://WWW.northlight.example/")], Err(UnknownPage::Contradiction)),
            (
                get(),
                &[("referer", "https://www.northlight.example, https://evil.example/")],
                Err(UnknownPage::Contradiction),
            ),
            (get(), &[("referer", "https://é.northlight.example/")], Err(UnknownPage::Contradiction)),
            (
                get(),
                &[("referer", "https://northlight.example.evil.example/")],
                Ok(("https://northlight.example.evil.example", PageEvidence::Referer)),
            ),
            // no header of another name
            (get(), &[("x-forwarded-host", SITE), ("forwarded", SITE), ("host", SITE)], Err(UnknownPage::NoPage)),
        ],
    )
    .await;
}

#[tokio::test]
async fn row_4_a_page_on_the_apis_own_origin() {
    let own: Known = Ok((API_ORIGIN, PageEvidence::SameOrigin));
    let same = ("sec-fetch-site", "same-origin");
    let cross = ("sec-fetch-site", "cross-site");
    let of_own = ("referer", "https://api.northlight.example/app?secret-of-the-page");
    let of_site = ("referer", "https://www.northlight.example/");
    check(
        |verifier| verifier.public_url(API),
        &[
            (Method::GET, &[same], own),
            (Method::HEAD, &[same, ("sec-fetch-mode", "cors")], own),
            (Method::GET, &[same, of_own], own),
            // A proxy has changed it.
            (Method::GET, &[same, of_own, ("host", "10.0.0.7:3000")], own),
            (Method::GET, &[of_own], Ok((API_ORIGIN, PageEvidence::Referer))),
            (Method::GET, &[same, of_site], Err(UnknownPage::Contradiction)),
            (Method::GET, &[same, ("referer", "https://evil.example/")], Err(UnknownPage::Contradiction)),
            // A page of the API's own origin, after a redirect of another site.
            (Method::GET, &[cross, of_own], Ok((API_ORIGIN, PageEvidence::Referer))),
            (Method::GET, &[("sec-fetch-site", "same-site"), of_own], Ok((API_ORIGIN, PageEvidence::Referer))),
            (Method::GET, &[cross, of_site], BY_REFERER),
            (Method::GET, &[cross], Err(UnknownPage::Hidden)),
            (Method::POST, &[same], Err(UnknownPage::Method)),
            (Method::POST, &[same, ("origin", API_ORIGIN)], Ok((API_ORIGIN, PageEvidence::Origin))),
            (Method::GET, &[same, ("origin", EVIL)], Ok((EVIL, PageEvidence::Origin))),
            (Method::GET, &[], Err(UnknownPage::NoPage)),
        ],
    )
    .await;
    // The token need not allow the API's own origin.
    let (seen, code) = page(|verifier| verifier.public_url("http://127.0.0.1:3000"), Method::GET, &[same]).await;
    assert_eq!(seen, Ok(("http://127.0.0.1:3000".into(), PageEvidence::SameOrigin)));
    assert_eq!(code, "origin_not_allowed");
}

#[tokio::test]
async fn row_4_of_several_public_urls_the_host_says_which_one_a_request_is_for() {
    let same = ("sec-fetch-site", "same-origin");
    let same_site = ("sec-fetch-site", "same-site");
    let [api, shop] =
        ["https://api.northlight.example/", "https://shop.northlight.example/"].map(|url| ("referer", url));
    let [at_api, at_shop] = ["api.northlight.example", "Shop.northlight.example"].map(|host| ("host", host));
    check(
        |verifier| verifier.public_url(API).public_url("https://shop.northlight.example"),
        &[
            (Method::GET, &[same, at_api], Ok((API_ORIGIN, PageEvidence::SameOrigin))),
            (Method::GET, &[same, at_shop, shop], Ok(("https://shop.northlight.example", PageEvidence::SameOrigin))),
            (Method::GET, &[same_site, at_api, shop], Ok(("https://shop.northlight.example", PageEvidence::Referer))),
            (Method::GET, &[same, at_api, shop], Err(UnknownPage::Contradiction)),
            (Method::GET, &[same_site, at_api, api], Ok((API_ORIGIN, PageEvidence::Referer))),
            // A proxy has added the default port.
            (Method::GET, &[same, ("host", "api.northlight.example:443")], Ok((API_ORIGIN, PageEvidence::SameOrigin))),
            (Method::GET, &[same, ("host", "api.northlight.example:80")], Err(UnknownPage::OwnOrigin)),
            // A proxy has changed it, or the sender.
            (Method::GET, &[same, ("host", "10.0.0.7:3000")], Err(UnknownPage::OwnOrigin)),
            (Method::GET, &[same], Err(UnknownPage::OwnOrigin)),
            (Method::GET, &[same, at_api, at_shop], Err(UnknownPage::OwnOrigin)),
            (Method::GET, &[same, shop], Ok(("https://shop.northlight.example", PageEvidence::Referer))),
            (Method::GET, &[same, ("referer", "https://www.northlight.example/")], Err(UnknownPage::Contradiction)),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_product_can_go_by_the_origin_alone() {
    let referer = ("referer", "https://www.northlight.example/");
    let cross = ("sec-fetch-site", "cross-site");
    let same = ("sec-fetch-site", "same-origin");
    check(
        Verifier::ignore_referer,
        &[
            (Method::GET, &[referer, cross], Err(UnknownPage::RefererIgnored)),
            (Method::GET, &[referer], Err(UnknownPage::RefererIgnored)),
            (Method::GET, &[referer, same], Err(UnknownPage::OwnOrigin)),
            (Method::GET, &[referer, ("origin", SITE)], BY_ORIGIN),
        ],
    )
    .await;
    check(
        |verifier| verifier.ignore_referer().public_url(API),
        &[(Method::GET, &[referer, same], Ok((API_ORIGIN, PageEvidence::SameOrigin)))],
    )
    .await;
}

#[tokio::test]
async fn only_a_publishable_token_goes_by_anything_but_the_origin() {
    let bound = access_token(&[("origins", json!(["*.northlight.example"]))]);
    let mut store = Store::default();
    let bundle = TokenRecord { origins: vec!["elsewhere.example".parse().unwrap()], ..record(TokenKind::Bundle) };
    let [secret, bundle] = [record(TokenKind::Secret), bundle].map(|record| store.add(record));
    let (router, _) = router(verifier().keys(Signer::new("k1", 1).keys()).introspector(store).public_url(API));
    let pages: [Headers<'_>; 2] =
        [&[("referer", "https://www.northlight.example/")], &[("sec-fetch-site", "same-origin")]];
    for list in pages {
        for (token, code) in [(&bound, "origin_required"), (&secret, ""), (&bundle, "")] {
            let bearer = super::bearer(token);
            let list: Vec<_> = list.iter().copied().chain([("authorization", bearer.as_str())]).collect();
            let response = router.clone().oneshot(get_with("/floor", &list)).await.unwrap();
            assert!(response.headers().get_all("vary").iter().eq(["Origin"]));
            assert_eq!(outcome(response).await.1, code);
        }
    }
}

#[tokio::test]
async fn row_6_vary_names_the_headers_that_were_looked_at() {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let all = "vary: Origin, Referer, Sec-Fetch-Site, Sec-Fetch-Mode";
    let referer = ("referer", "https://www.northlight.example/");
    let cases: [(Verifier, Method, Headers<'_>, &str); 9] = [
        (verifier.clone(), Method::GET, &[referer], all),
        (verifier.clone(), Method::HEAD, &[referer], all),
        (verifier.clone(), Method::GET, &[("referer", "https://evil.example/")], all),
        (verifier.clone(), Method::GET, &[], all),
        (verifier.clone().public_url(API), Method::GET, &[], all),
        (verifier.clone(), Method::GET, &[("origin", SITE), referer], "vary: Origin"),
        (verifier.clone(), Method::POST, &[referer], "vary: Origin"),
        (verifier.clone().ignore_referer(), Method::GET, &[referer], "vary: Origin"),
        (
            verifier.ignore_referer().public_url(API),
            Method::GET,
            &[referer],
            "vary: Origin, Sec-Fetch-Site, Sec-Fetch-Mode",
        ),
    ];
    for (verifier, method, list, expected) in cases {
        let bearer = super::bearer(&text);
        let in_header: Vec<_> = list.iter().copied().chain([("authorization", bearer.as_str())]).collect();
        for mut request in [get_with(&format!("/floor?pubtoken={text}"), list), get_with("/floor", &in_header)] {
            *request.method_mut() = method.clone();
            let response = router(verifier.clone()).0.oneshot(request).await.unwrap();
            assert!(
                headers(&response).iter().any(|line| line == expected),
                "{method} {list:?} {:?}",
                response.headers()
            );
        }
    }
    // Without a token nothing was looked at.
    let request: Request<Body> = get_with("/floor", &[referer]);
    let response = router(stored(record(TokenKind::Publishable)).1).0.oneshot(request).await.unwrap();
    assert!(headers(&response).contains(&"vary: Origin".to_owned()));
}

#[tokio::test]
async fn the_help_of_a_refusal_fits_what_was_seen() {
    let cases: [(Headers<'_>, &str, &str); 4] = [
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], "no Referer", "crossorigin"),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], "no Referer", "referrer policy"),
        (&[("sec-fetch-site", "same-origin")], "own origin", "Verifier::public_url"),
        (&[], "none of the headers", "extensions"),
    ];
    let (text, verifier) = stored(record(TokenKind::Publishable));
    for (list, seen, help) in cases {
        let response = router(verifier.clone()).0.oneshot(get_with(&format!("/floor?pubtoken={text}"), list)).await;
        let body: serde_json::Value = serde_json::from_str(&super::body(response.unwrap()).await).unwrap();
        assert_eq!((&body["error"], &body["status"]), (&json!("origin_required"), &json!(403)));
        assert!(body["message"].as_str().unwrap().contains(seen), "{body}");
        assert!(body["help"].as_str().unwrap().contains(help), "{body}");
    }
    // The page that was seen is named without its path and query.
    let list: Headers<'_> = &[("referer", "https://evil.example/reset?secret-of-the-page")];
    let response = router(verifier).0.oneshot(get_with(&format!("/floor?pubtoken={text}"), list)).await.unwrap();
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    let body: serde_json::Value = serde_json::from_str(&super::body(response).await).unwrap();
    assert_eq!((&body["error"], &body["origin"]), (&json!("origin_not_allowed"), &json!(EVIL)));
}

#[tokio::test]
async fn a_holder_learns_which_page_was_seen() {
    let (text, verifier) = stored(TokenRecord { revoked_at: Some(NOW), ..record(TokenKind::Publishable) });
    for (referer, origin, allowed) in [
        (Some("https://www.northlight.example/"), Some(SITE), true),
        (Some("https://evil.example/"), Some(EVIL), false),
        (None, None, false),
    ] {
        let read = PageHeaders { is_read: true, referer: referer.map(str::as_bytes), ..PageHeaders::default() };
        let credentials = Credentials::new(&text, TokenLocation::Query).with_page_headers(read);
        let described = verifier.describe(&credentials).await.unwrap();
        assert_eq!((described.origin_seen.as_deref(), described.origin_allowed), (origin, allowed));
    }
}

#[test]
fn a_public_url_that_no_browser_shows_panics() {
    for url in ["api.example.com", "https://api.example.com:443", "https://API.example.com", "https://", ""] {
        assert!(std::panic::catch_unwind(|| verifier().public_url(url)).is_err(), "{url}");
    }
}
