//! Which parts of a request are credentials.

use super::{Api, bearer, body, get_with, headers, outcome, router};
use crate::common::{SITE, Store, generate, record, stored, verifier};
use axum::body::Body;
use axum::http::{HeaderValue, Request};
use daypass::verify::{Credential, PageHeaders, TokenLocation};
use daypass::{Error, TokenKind, UnknownPage};
use tower::ServiceExt;

#[tokio::test]
async fn row_1_one_credential_is_accepted_and_two_are_an_invalid_request() {
    let api = Api::new();
    let (publishable, secret, temporary) = (&api.publishable, bearer(&api.secret), bearer(&api.temporary));
    let (by_query, both_names) =
        (format!("?pubtoken={publishable}"), format!("?pubtoken={publishable}&bearer_token={publishable}"));
    let twice = format!("?pubtoken={publishable}&pubtoken={publishable}");
    let al = format!("AL-Secret-Token {}", api.secret);
    let [lower, spaced] = [format!("bearer {}", api.secret), format!("Bearer   {}", api.secret)];
    let [tabbed, not_ascii] = [format!("Bearer \t{}", api.secret), format!("Bearer {}é", api.secret)];
    let none: &[(&'static str, &str)] = &[];
    let cases = [
        ("", none, "missing_token"),
        ("", &[("authorization", "Basic dXNlcjpwdw==")], "missing_token"),
        ("", &[("authorization", "é")], "missing_token"),
        ("?pubtokens=x", none, "missing_token"),
        ("", &[("authorization", "Bearer")], "invalid_token"),
        ("", &[("authorization", "Bearer ")], "invalid_token"),
        ("", &[("authorization", &tabbed)], "invalid_token"),
        ("", &[("authorization", &not_ascii)], "invalid_token"),
        ("?pubtoken=", none, "invalid_token"),
        ("", &[("x-api-key", "é")], "missing_token"),
        ("?access_token=", none, "missing_token"),
        ("", &[("authorization", &secret)], ""),
        ("", &[("authorization", &lower)], ""),
        ("", &[("authorization", &spaced)], ""),
        ("", &[("authorization", &al)], ""),
        ("", &[("authorization", &secret), ("authorization", "Basic dXNlcjpwdw==")], ""),
        ("", &[("authorization", &secret), ("authorization", &secret)], ""),
        ("", &[("authorization", &secret), ("authorization", &temporary)], "invalid_request"),
        (&by_query, &[("authorization", &temporary), ("origin", SITE)], "invalid_request"),
        (&both_names, &[("origin", SITE)], ""),
        (&twice, &[("origin", SITE)], ""),
    ];
    for (query, request, error) in cases {
        let (status, code) = outcome(api.send(get_with(&format!("/floor{query}"), request)).await).await;
        assert_eq!((code.as_str(), api.calls()), (error, usize::from(error.is_empty())), "{}", request.len());
        assert_eq!(
            status,
            match error {
                "" => 200,
                "invalid_request" => 400,
                _ => 401,
            }
        );
    }
}

#[tokio::test]
async fn row_20_a_secret_in_a_query_is_refused_under_every_name_and_the_response_does_not_repeat_it() {
    let api = Api::new();
    for name in ["pubtoken", "bearer_token", "access_token", "accessTokenId", "embedToken"] {
        for token in [&api.secret, &api.temporary] {
            let path = format!("/floor?x=1&{name}={token}&y");
            let response = api.send(get_with(&path, &[("origin", SITE)])).await;
            let lines = headers(&response).join("\n");
            let (status, text) = (response.status().as_u16(), body(response).await);
            assert_eq!((status, text.contains(r#""error":"secret_in_query""#)), (400, true), "{name}");
            assert!(!text.contains(&token[7..]) && !lines.contains(&token[7..]), "{name}");
        }
        let path = format!("/floor?{name}={}", api.publishable);
        assert_eq!(api.send(get_with(&path, &[("origin", SITE)])).await.status(), 200, "{name}");
    }
    assert_eq!(api.calls(), 5);
}

#[tokio::test]
async fn row_20_a_name_in_a_query_counts_in_every_encoding() {
    let api = Api::new();
    for name in ["pub%74oken", "%70%75%62%74%6F%6b%65%6e", "bearer%5Ftoken"] {
        let path = format!("/floor?{name}={}", api.secret);
        assert_eq!(outcome(api.send(get_with(&path, &[])).await).await, (400, "secret_in_query".into()), "{name}");
        let path = format!("/floor?{name}={}", api.publishable);
        assert_eq!(api.send(get_with(&path, &[("origin", SITE)])).await.status(), 200, "{name}");
        let path = format!("/floor?{name}=dp_pub_x&pubtoken={}", api.publishable);
        let two = api.send(get_with(&path, &[("origin", SITE)])).await;
        assert_eq!(outcome(two).await, (400, "invalid_request".into()), "{name}");
    }
    assert_eq!(api.calls(), 3);
    // Values are not decoded, and an invalid encoding is another name.
    let path = format!("/floor?pubtoken={}", api.publishable.replace('_', "%5F"));
    let encoded = api.send(get_with(&path, &[("origin", SITE)])).await;
    assert_eq!(outcome(encoded).await, (401, "invalid_token".into()));
    for name in ["pub%2574oken", "pub%7", "pubtoken%00", "%FF"] {
        let path = format!("/floor?{name}={}", api.publishable);
        let other = api.send(get_with(&path, &[("origin", SITE)])).await;
        assert_eq!(outcome(other).await, (401, "missing_token".into()), "{name}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_utf_8_is_invalid() {
    let api = Api::new();
    let value = HeaderValue::from_bytes(b"Bearer \xff").unwrap();
    let request = Request::get("/floor").header("authorization", value).body(Body::empty()).unwrap();
    assert_eq!(outcome(api.send(request).await).await, (401, "invalid_token".into()));
}

#[tokio::test]
async fn a_personal_token_travels_bare_or_in_a_cookie_and_no_other_cookie_is_a_credential() {
    let mut store = Store::default();
    let [personal, another] = [(); 2].map(|()| store.add(record(TokenKind::Personal)));
    let (router, _) = router(verifier().introspector(store));
    let bare = personal.clone();
    let another = format!("authn={another}");
    let unknown = generate(TokenKind::Personal).expose_secret().to_owned();
    let cookie = format!("theme=dark; authn={personal}; other=1");
    let not_ascii = format!("city=Zürich;authn={personal}");
    for (headers, expected) in [
        (vec![("authorization", &*bare)], 200),
        (vec![("cookie", &*cookie)], 200),
        (vec![("cookie", &*cookie), ("origin", SITE)], 403),
        // A cookie, which a browser adds by itself, gives way to any other token.
        (vec![("cookie", &*another), ("authorization", &*bare)], 200),
        (vec![("authorization", &*bare), ("cookie", &*another)], 200),
        (vec![("authorization", &*unknown), ("cookie", &*cookie)], 401),
        (vec![("cookie", &*cookie), ("cookie", &*another), ("authorization", &*bare)], 200),
        (vec![("cookie", &*cookie), ("authorization", &*bare), ("authorization", &*unknown)], 400),
        (vec![("cookie", &*cookie), ("authorization", &*bare)], 200),
        (vec![("cookie", &*not_ascii)], 200),
        (vec![("cookie", &*not_ascii), ("cookie", &*another)], 400),
        (vec![("cookie", "authn=session-of-another-system")], 401),
        (vec![("cookie", "authn=session-of-another-system"), ("authorization", &*bare)], 200),
    ] {
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let response = router.clone().oneshot(get_with("/floor", &headers)).await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{names:?}");
    }
}

#[tokio::test]
async fn an_image_with_a_publishable_token_loads_for_a_visitor_with_a_token_in_a_cookie() {
    let mut store = Store::default();
    let [personal, publishable] = [TokenKind::Personal, TokenKind::Publishable].map(|kind| store.add(record(kind)));
    let (router, _) = router(verifier().introspector(store));
    let cookie = format!("authn={personal}");
    let list = [("cookie", &*cookie), ("referer", "https://www.northlight.example/"), ("sec-fetch-site", "same-site")];
    let response = router.oneshot(get_with(&format!("/floor?pubtoken={publishable}"), &list)).await.unwrap();
    assert_eq!((response.status().as_u16(), body(response).await.as_str()), (200, "publishable_1"));
}

#[tokio::test]
async fn a_product_reads_a_publishable_token_and_its_page_by_itself() {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let verify = async |headers: &[(&'static str, &str)], with_page: bool| {
        let (parts, _) = get_with("/floor", headers).into_parts();
        let own = Credential { text: text.as_bytes(), location: TokenLocation::Query };
        let credentials = verifier.credentials(&parts).with_credential(own);
        let page = if with_page { PageHeaders::from_parts(&parts) } else { PageHeaders::default() };
        verifier.verify(&credentials.with_page_headers(page), None).await.map(|access| access.kind())
    };
    let referer = [("referer", "https://www.northlight.example/"), ("sec-fetch-site", "cross-site")];
    assert_eq!(verify(&referer, true).await, Ok(TokenKind::Publishable));
    assert_eq!(verify(&referer, false).await, Err(Error::OriginRequired(UnknownPage::NoPage)));
    let evil = [("origin", "https://evil.example"), referer[0]];
    assert_eq!(verify(&evil, true).await, Err(Error::OriginNotAllowed("https://evil.example".into())));
}
