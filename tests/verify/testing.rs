//! `daypass::verify::testing`: what a product's tests can make of the verifier.

use axum::body::to_bytes;
use axum::{Router, routing::get};
use daypass::verify::http::VerifyLayer;
use daypass::verify::testing::{NewToken, TestToken, Testing};
use daypass::verify::{Access, Dpop, Verifier};
use daypass::{Error, ForeignFormat, Grant, Scope, TokenKind};
use serde_json::json;
use tower::ServiceExt;

const READ: Scope = Scope::literal("floor:readPublic");

/// Verifies a request as the layer does.
async fn verify(verifier: &Verifier, request: http::Request<String>) -> Result<Access, Error> {
    let (parts, _) = request.into_parts();
    verifier.verify(&verifier.credentials(&parts), None).await
}

async fn send(verifier: &Verifier, token: &TestToken) -> Result<Access, Error> {
    verify(verifier, token.request("GET", "/floor?full=1")).await
}

/// Every form that a token has.
fn every(testing: &Testing) -> Vec<TestToken> {
    let bound = |kind| testing.token(kind).bound();
    let plain = TokenKind::ALL.into_iter().filter(|kind| *kind != TokenKind::OauthRefresh);
    let new: Vec<NewToken<'_>> = plain
        .map(|kind| testing.token(kind))
        .chain([bound(TokenKind::Temporary), bound(TokenKind::OauthAccess)])
        .chain([testing.token(TokenKind::Bundle).reference()])
        .chain(ForeignFormat::ALL.map(|format| testing.foreign_token(format)))
        .collect();
    new.into_iter().map(|new| new.scope(READ).tenant("northlight").expires_in(900).create()).collect()
}

fn with_formats(testing: &Testing) -> Verifier {
    testing.verifier().foreign_tokens(&ForeignFormat::ALL)
}

#[tokio::test]
async fn a_token_of_every_kind_is_accepted_until_its_end_or_its_revocation() {
    let testing = Testing::new();
    let (verifier, other) = (with_formats(&testing), with_formats(&Testing::new()));
    let tokens = every(&testing);
    assert_eq!(tokens.len(), 13);
    for token in &tokens {
        let access = send(&verifier, token).await.unwrap();
        assert_eq!((access.kind(), access.id(), access.organization()), (token.kind(), token.id(), "northlight"));
        assert_eq!(access.expires_at(), Some(testing.now() + 900));
        assert!(access.require(&READ).tenant("northlight").resource("ground").is_met(), "{token:?}");
        assert!(!access.require(&READ).tenant("another").resource("ground").is_met(), "{token:?}");
        assert_eq!(send(&other, token).await.err(), Some(Error::InvalidToken), "{token:?}");
    }
    testing.revoke(&tokens[0]);
    assert_eq!(send(&verifier, &tokens[0]).await.err(), Some(Error::TokenRevoked));
    testing.advance(899);
    for token in &tokens[1..] {
        assert_eq!(send(&verifier, token).await.err(), None, "{token:?}");
    }
    testing.advance(1);
    for token in &tokens[1..] {
        assert_eq!(send(&verifier, token).await.err(), Some(Error::TokenExpired), "{token:?}");
    }
    let again = every(&testing);
    for token in &again {
        testing.revoke(token);
        assert_eq!(send(&verifier, token).await.err(), Some(Error::TokenRevoked), "{token:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_refused_as_everywhere() {
    let testing = Testing::new();
    let token = testing.token(TokenKind::OauthRefresh).create();
    assert_eq!(send(&testing.verifier(), &token).await.err(), Some(Error::KindNotAccepted(TokenKind::OauthRefresh)));
}

#[tokio::test]
async fn a_request_comes_from_the_first_origin_or_another() {
    let testing = Testing::new();
    let verifier = testing.verifier();
    for (pattern, origin) in [
        (None, "https://page.example"),
        (Some("shop.example"), "https://shop.example"),
        (Some("*.shop.example"), "https://www.shop.example"),
        (Some("deploy-*.shop.example"), "https://deploy-www.shop.example"),
        (Some("http://127.0.0.1:8000"), "http://127.0.0.1:8000"),
        (Some("https://shop.example:443"), "https://shop.example"),
        (Some("shop.example:443"), "https://shop.example"),
        (Some("*.shop.example:80"), "https://www.shop.example:80"),
        (Some("http://shop.example:80"), "http://shop.example"),
        (Some("http://shop.example:443"), "http://shop.example:443"),
        (Some("[::1]:443"), "https://[::1]"),
        (Some("vscode-webview:"), "vscode-webview://page"),
        (Some("app://page:80"), "app://page:80"),
    ] {
        let new = testing.token(TokenKind::Publishable);
        let token = if let Some(pattern) = pattern { new.origin(pattern) } else { new }.create();
        assert_eq!(token.request("GET", "/").headers()["origin"], origin);
        assert_eq!(send(&verifier, &token).await.err(), None, "{origin}");
        let elsewhere = "https://elsewhere.example";
        let refused = send(&verifier, &token.clone().from_origin(elsewhere)).await;
        assert_eq!(refused.err(), Some(Error::OriginNotAllowed(elsewhere.into())));
        let refused = send(&verifier, &token.without_origin()).await.err();
        assert!(matches!(refused, Some(Error::OriginRequired(_))));
    }
}

#[tokio::test]
async fn a_bound_token_needs_a_proof_for_each_request() {
    let testing = Testing::new().api("https://floors.example/");
    let verifier = testing.verifier().dpop(Dpop::new("https://floors.example"));
    let token = testing.token(TokenKind::Temporary).bound().create();
    let request = token.request("POST", "/floor?full=1");
    assert_eq!(verify(&verifier, request.clone()).await.err(), None);
    let replayed = verify(&verifier, request).await.err();
    assert!(matches!(replayed, Some(Error::InvalidDpopProof(_))), "{replayed:?}");
    let mut for_another_path = token.request("GET", "/floor");
    for_another_path.headers_mut().insert("dpop", token.proof("GET", "/other").parse().unwrap());
    let refused = verify(&verifier, for_another_path).await.err();
    assert_eq!(refused, Some(Error::InvalidDpopProof("The proof is for another URL.")));
    let as_bearer = token.at(daypass::verify::TokenLocation::Bearer);
    assert_eq!(send(&verifier, &as_bearer).await.err(), Some(Error::DpopRequired));
}

#[tokio::test]
async fn the_service_revokes_suspends_rotates_and_fails_as_the_real_one() {
    let testing = Testing::new();
    let verifier = testing.verifier();
    let new = |kind| testing.token(kind).organization("northlight");
    let secret = new(TokenKind::Secret).create();
    let [child, bundle] = [TokenKind::Temporary, TokenKind::Bundle].map(|kind| new(kind).parent(&secret).create());
    let other = testing.token(TokenKind::Temporary).create();

    testing.suspend("northlight");
    for token in [&secret, &child, &bundle] {
        assert_eq!(send(&verifier, token).await.err(), Some(Error::OrganizationSuspended));
    }
    assert_eq!(send(&verifier, &other).await.unwrap().organization(), Testing::ORGANIZATION);
    testing.resume("northlight");
    assert_eq!(send(&verifier, &child).await.err(), None);

    testing.rotate_key();
    let young = new(TokenKind::Temporary).create();
    let key = |token: &TestToken| token.expose_secret().split('.').next().map(str::to_owned);
    assert!(key(&young) != key(&child));
    for token in [&young, &child] {
        // Without what the other one has cached.
        assert_eq!(send(&testing.verifier(), token).await.err(), None);
    }

    testing.revoke(&child);
    for (token, expected) in [(&child, Some(Error::TokenRevoked)), (&bundle, None), (&secret, None)] {
        assert_eq!(send(&verifier, token).await.err(), expected);
    }
    testing.revoke(&secret);
    for token in [&secret, &child, &bundle] {
        assert_eq!(send(&verifier, token).await.err(), Some(Error::TokenRevoked));
    }

    let stored = testing.token(TokenKind::Secret).create();
    for (fail, of_signed, of_stored) in [
        (Testing::fail_introspection as fn(&Testing), None, Some(Error::Unavailable)),
        (Testing::fail_keys, Some(Error::Unavailable), None),
        (Testing::fail_feed, Some(Error::Unavailable), Some(Error::Unavailable)),
    ] {
        fail(&testing);
        let cold = testing.verifier();
        assert_eq!(send(&cold, &other).await.err(), of_signed);
        assert_eq!(send(&cold, &stored).await.err(), of_stored);
        testing.recover();
        for token in [&other, &stored] {
            // The other one asks again only some time after a failure.
            assert_eq!(send(&testing.verifier(), token).await.err(), None);
        }
    }
}

#[tokio::test]
async fn a_token_says_what_the_test_gives_it() {
    let testing = Testing::new();
    let verifier = testing.verifier();
    let visitor = testing.token(TokenKind::Temporary).subject("visitor-7").claim("plan", "gold").create();
    let access = send(&verifier, &visitor).await.unwrap();
    assert_eq!((access.subject(), access.claims()["plan"].as_str()), (Some("visitor-7"), "gold"));

    let bundle = testing.token(TokenKind::Bundle).parameters(json!({"floor": "f1"})).sealed(json!({"server": "s1"}));
    let bundle = bundle.create();
    let access = send(&verifier, &bundle).await.unwrap();
    let sealed = access.sealed().unwrap().unwrap();
    assert_eq!(sealed.get::<String>("server").as_deref(), Some("s1"));
    assert!(sealed.get::<String>("floor").is_none());

    let partner = Grant { tenant: "partner".into(), scopes: [READ].into_iter().collect(), resources: vec![] };
    let token = testing.token(TokenKind::Application).scope("floor:update").resource("floor", "f1").grant(partner);
    let access = send(&verifier, &token.create()).await.unwrap();
    let may = |scope: &Scope, tenant, floor| access.require(scope).tenant(tenant).resource(floor).is_met();
    let update = Scope::literal("floor:update");
    let own = Testing::ORGANIZATION;
    assert_eq!([may(&update, own, "f1"), may(&update, own, "f2"), may(&update, "partner", "f1")], [true, false, false]);
    assert_eq!([may(&READ, "partner", "f2"), may(&READ, own, "f1")], [true, false]);

    let chosen = testing.foreign_token(ForeignFormat::ChosenId).text("engine").create();
    assert_eq!(chosen.request("GET", "/tenant").uri(), "/tenant?accessTokenId=engine");
}

#[tokio::test]
async fn a_request_goes_through_a_router() {
    let testing = Testing::new();
    let name = async |access: Access| access.subject().unwrap_or("nobody").to_owned();
    let router = Router::new().route("/visitor", get(name)).layer(VerifyLayer::new(testing.verifier()));
    let token = testing.token(TokenKind::Temporary).subject("visitor-7").create();
    let response = router.clone().oneshot(token.request("GET", "/visitor")).await.unwrap();
    assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), "visitor-7");
    testing.advance(3600);
    assert_eq!(router.oneshot(token.request("GET", "/visitor")).await.unwrap().status(), 401);
}

#[test]
fn a_token_that_the_service_would_not_create_is_not_made() {
    type New = fn(&Testing) -> NewToken<'_>;
    let testing = Testing::new();
    let cases: [(&str, New); 9] = [
        ("a visitor", |one| one.token(TokenKind::Secret).subject("visitor-7")),
        ("a key", |one| one.token(TokenKind::Bundle).bound()),
        ("signed parameters", |one| one.token(TokenKind::Bundle).reference().sealed(json!({}))),
        ("a reference", |one| one.token(TokenKind::Temporary).reference()),
        ("a text of its creator's choice", |one| one.foreign_token(ForeignFormat::Uuid).text("engine")),
        ("a parent", |one| one.token(TokenKind::Publishable).parent(&one.token(TokenKind::Secret).create())),
        ("origins", |one| one.token(TokenKind::Secret).origin("shop.example")),
        ("origins", |one| one.token(TokenKind::OauthAccess).origin("shop.example")),
        ("lives for 86400 seconds", |one| one.token(TokenKind::Temporary).expires_in(86_401)),
    ];
    for (expected, new) in cases {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| new(&testing).create())).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn debug_shows_no_token_and_no_key() {
    let testing = Testing::new();
    for token in every(&testing) {
        assert!(!format!("{token:?}").contains(token.expose_secret()));
    }
    let shown = format!("{:?} {testing:?}", testing.token(TokenKind::Secret));
    let expected = format!("Testing {{ now: {}, api: \"https://api.invalid\", .. }}", testing.now());
    assert_eq!(shown, format!("NewToken {{ kind: Secret, .. }} {expected}"));
}
