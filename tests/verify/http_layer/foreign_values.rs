//! Values that are not ours, in places where a token may be: they are not credentials.

use super::{Api, bearer, get_with, outcome, router};
use crate::common::{SITE, Signer, Store, claims, record, verifier};
use axum::Router;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use daypass::jwt::JwtType;
use daypass::verify::http::VerifyLayer;
use daypass::verify::{Access, Credential, Credentials, TokenLocation, Verifier};
use daypass::{Error, ForeignFormat, TokenKind};
use tower::ServiceExt;

/// Values that gateways and products have: a key, a UUID, a JWT, one of Mapbox, none.
const FOREIGN: [&str; 6] = [
    "gw_4711",
    "bbf18f21-3d0d-4a4c-b650-9c14d4075ce0",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2ln",
    "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.c2ln",
    "pk.eyJ1IjoieCJ9.abc",
    "",
];

fn parts(path: &str, headers: &[(&'static str, &str)]) -> Parts {
    get_with(path, headers).into_parts().0
}

/// Headers and a query that have this value wherever a token may be, but for `Authorization`.
fn everywhere(value: &str) -> (Vec<(&'static str, String)>, String) {
    let headers = vec![
        ("x-api-key", value.to_owned()),
        ("x-api-token", value.to_owned()),
        ("cookie", format!("authn={value}")),
        ("authorization", "Basic dXNlcjpwdw==".into()),
    ];
    let names = ["bearer_token", "access_token", "accessTokenId", "embedToken"];
    (headers, names.map(|name| format!("{name}={value}")).join("&"))
}

#[tokio::test]
async fn row_37_a_value_that_is_not_ours_disturbs_no_token() {
    let api = Api::new();
    for value in FOREIGN {
        let (others, query) = everywhere(value);
        let others: Vec<_> = others.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for token in [&api.secret, &api.temporary] {
            let bearer = bearer(token);
            for path in [format!("/floor?{query}"), format!("/floor?{query}&pubtoken={value}")] {
                let headers = [others.clone(), vec![("authorization", bearer.as_str())]].concat();
                assert_eq!(outcome(api.send(get_with(&path, &headers)).await).await.0, 200, "{path}");
            }
        }
        // The product's own session is in `Authorization`.
        for scheme in ["Bearer", "DPoP", "AL-Secret-Token", "Basic", "Token"] {
            let session = format!("{scheme} {value}");
            let path = format!("/floor?{query}&pubtoken={}", api.publishable);
            let headers = [others.clone(), vec![("authorization", session.as_str()), ("origin", SITE)]].concat();
            assert_eq!(outcome(api.send(get_with(&path, &headers)).await).await.0, 200, "{session}");
        }
        assert_eq!(api.calls(), 9);
        let nothing = api.send(get_with(&format!("/floor?{query}"), &others)).await;
        assert_eq!(nothing.headers()["www-authenticate"], "Bearer");
        assert_eq!(outcome(nothing).await, (401, "missing_token".into()), "{value}");
    }
}

/// Alone in a place for tokens, it is an invalid token, also where a token is optional.
#[tokio::test]
async fn row_37_a_value_that_is_not_ours_is_an_invalid_token_where_only_tokens_are() {
    let api = Api::new();
    let show = async |access: Option<Access>| access.map_or("none".to_owned(), |access| access.id().to_owned());
    let optional = Router::new().route("/floor", get(show)).layer(VerifyLayer::new(verifier()).allow_missing_token());
    for value in FOREIGN {
        let (others, query) = everywhere(value);
        let others: Vec<_> = others.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for scheme in ["Bearer", "DPoP", "AL-Secret-Token"] {
            let session = format!("{scheme} {value}");
            let headers = [others.clone(), vec![("authorization", session.as_str())]].concat();
            let path = format!("/floor?{query}");
            assert_eq!(outcome(api.send(get_with(&path, &headers)).await).await, (401, "invalid_token".into()));
            let response = optional.clone().oneshot(get_with(&path, &headers)).await.unwrap();
            assert_eq!(outcome(response).await, (401, "invalid_token".into()));
        }
        let path = format!("/floor?{query}&pubtoken={value}");
        assert_eq!(outcome(api.send(get_with(&path, &others)).await).await, (401, "invalid_token".into()));
        let response = optional.clone().oneshot(get_with(&format!("/floor?{query}"), &others)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "a gateway's key is no token: {value}");
    }
    assert_eq!(api.calls(), 0);
}

/// SECURITY: a token with a typo, or in an encoding, is one that the sender must learn of.
#[tokio::test]
async fn row_20_a_mangled_token_in_a_query_is_refused_and_not_overlooked() {
    let api = Api::new();
    let (start, jwt) = (&api.secret[..api.secret.len() - 1], &api.temporary[..api.temporary.len() - 9]);
    let mangled = [
        start.to_owned(),
        format!("{start}!"),
        format!("{}+", api.secret),
        format!("%20{}", api.secret),
        format!("+{}", api.secret),
        api.secret.replace('_', "%5F"),
        api.secret.replacen('d', "%64", 1),
        jwt.to_owned(),
        format!("{jwt}%2E"),
        format!("%65{}", &api.temporary[1..]),
        "dp_sec_".to_owned(),
    ];
    let bearer = bearer(&api.temporary);
    for (case, text) in mangled.iter().enumerate() {
        for name in ["pubtoken", "bearer_token", "access_token", "accessTokenId", "embedToken"] {
            let path = format!("/floor?{name}={text}");
            let alone = api.send(get_with(&path, &[("origin", SITE)])).await;
            assert_eq!(outcome(alone).await, (401, "invalid_token".into()), "{name} {case}");
            let beside = api.send(get_with(&path, &[("authorization", &bearer), ("origin", SITE)])).await;
            assert_eq!(outcome(beside).await, (400, "invalid_request".into()), "{name} {case}");
        }
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn one_token_in_two_places_counts_once_at_the_stricter() {
    let api = Api::new();
    let (secret, publishable) = (bearer(&api.secret), bearer(&api.publishable));
    let both = format!("/floor?pubtoken={}", api.publishable);
    let leaked = format!("/floor?access_token={}", api.secret);
    for (path, authorization, expected) in
        [(both.as_str(), &publishable, (200, "")), (leaked.as_str(), &secret, (400, "secret_in_query"))]
    {
        let headers = [("authorization", authorization.as_str()), ("origin", SITE)];
        let headers = if expected.0 == 200 { &headers[..] } else { &headers[..1] };
        let (status, code) = outcome(api.send(get_with(path, headers)).await).await;
        assert_eq!((status, code.as_str()), expected);
    }
    // The header that comes second, or first.
    for names in [["x-api-key", "x-api-token"], ["x-api-token", "x-api-key"]] {
        let headers = names.map(|name| (name, api.secret.as_str()));
        let parts = parts("/floor", &headers);
        let credential = Credentials::from_parts(&parts).credential().unwrap();
        assert!(!credential.location.carries(TokenKind::Secret));
    }
    for (first, second, stricter) in [
        (TokenLocation::Bearer, TokenLocation::Query, TokenLocation::Query),
        (TokenLocation::AccessTokenId, TokenLocation::Query, TokenLocation::Query),
        (TokenLocation::AccessTokenId, TokenLocation::ApiKey, TokenLocation::AccessTokenId),
        (TokenLocation::Bearer, TokenLocation::Dpop, TokenLocation::Dpop),
        // A browser adds a cookie by itself.
        (TokenLocation::Bearer, TokenLocation::Cookie, TokenLocation::Bearer),
    ] {
        for [first, second] in [[first, second], [second, first]] {
            let again = Credential { text: b"dp_sec_", location: second };
            let credentials = Credentials::new("dp_sec_", first).with_credential(again);
            assert_eq!(credentials.credential().unwrap().location, stricter);
        }
    }
}

#[tokio::test]
async fn a_token_of_dpop_that_is_there_as_bearer_too_still_needs_its_proof() {
    let signer = Signer::new("k1", 1);
    let mut bound = claims();
    bound["cnf"] = serde_json::json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"});
    let token = signer.jwt(JwtType::AccessToken, &bound);
    let verifier = verifier().keys(signer.keys()).dpop(daypass::verify::Dpop::new("https://api.example"));
    let (router, calls) = router(verifier);
    let [dpop, bearer] = ["DPoP", "Bearer"].map(|scheme| format!("{scheme} {token}"));
    for headers in [[&dpop, &bearer], [&bearer, &dpop]] {
        let headers = headers.map(|value| ("authorization", value.as_str()));
        let response = router.clone().oneshot(get_with("/floor", &headers)).await.unwrap();
        assert_eq!(outcome(response).await, (401, "invalid_dpop_proof".into()));
    }
    assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn only_the_locations_that_are_set_are_read() {
    let mut store = Store::default();
    let [publishable, application] =
        [TokenKind::Publishable, TokenKind::Application].map(|kind| store.add(record(kind)));
    let signer = Signer::new("k1", 1);
    let temporary = bearer(&signer.jwt(JwtType::AccessToken, &claims()));
    let whole = verifier().keys(signer.keys()).introspector(store);
    let outcome_with = async |locations: Option<&[TokenLocation]>, path: &str, headers: &[(&'static str, &str)]| {
        let verifier = whole.clone();
        let (router, _) = router(locations.map_or_else(|| verifier.clone(), |set| verifier.clone().locations(set)));
        outcome(router.oneshot(get_with(path, headers)).await.unwrap()).await.1
    };
    let in_query = format!("/floor?pubtoken={publishable}");
    let origin = ("origin", SITE);
    let (key, both) = (("x-api-key", application.as_str()), [("x-api-key", application.as_str()), origin]);
    let page = [("authorization", temporary.as_str()), origin];
    let usual: &[TokenLocation] = &[TokenLocation::Bearer, TokenLocation::Query];
    // Two credentials, of which one is not read.
    assert_eq!(outcome_with(None, &in_query, &both).await, "invalid_request");
    assert_eq!(outcome_with(Some(&TokenLocation::ALL), &in_query, &both).await, "invalid_request");
    assert_eq!(outcome_with(Some(usual), &in_query, &both).await, "");
    assert_eq!(outcome_with(Some(&[TokenLocation::Bearer]), &in_query, &page).await, "");
    assert_eq!(outcome_with(None, &in_query, &page).await, "invalid_request");
    // None of them is read.
    assert_eq!(outcome_with(Some(usual), "/floor", &[key]).await, "missing_token");
    assert_eq!(outcome_with(None, "/floor", &[key]).await, "");
    assert_eq!(outcome_with(Some(&[]), &in_query, &page).await, "missing_token");
    // Not even a text that is no token.
    let session = [("authorization", "Bearer of-another-system")];
    assert_eq!(outcome_with(Some(&[TokenLocation::Query]), "/floor", &session).await, "missing_token");
    assert_eq!(outcome_with(Some(usual), "/floor", &session).await, "invalid_token");
}

#[tokio::test]
async fn every_location_is_read_where_it_is_set_and_nowhere_else() {
    let every = verifier().foreign_tokens(&ForeignFormat::ALL);
    let at = |location: TokenLocation| -> Request<()> {
        let request = |name: &str, value: &str| Request::get("/").header(name, value).body(()).unwrap();
        match location {
            TokenLocation::Bearer => request("authorization", "Bearer dp_x"),
            TokenLocation::Dpop => request("authorization", "DPoP dp_x"),
            TokenLocation::AlSecretToken => request("authorization", "AL-Secret-Token dp_x"),
            TokenLocation::Bare => request("authorization", "dp_x"),
            TokenLocation::Cookie => request("cookie", "authn=dp_x"),
            TokenLocation::Query => Request::get("/?access_token=dp_x").body(()).unwrap(),
            TokenLocation::AccessTokenId => Request::get("/?accessTokenId=x").body(()).unwrap(),
            TokenLocation::ApiKey => request("x-api-key", "dp_x"),
            TokenLocation::ApiToken => request("x-api-token", "dp_x"),
            other => panic!("{other:?} has no request"),
        }
    };
    for location in TokenLocation::ALL {
        let (parts, ()) = at(location).into_parts();
        let read =
            |verifier: &Verifier| verifier.credentials(&parts).credential().map(|credential| credential.location);
        assert_eq!(read(&every), Ok(location));
        assert_eq!(read(&every.clone().locations(&[location])), Ok(location));
        let others: Vec<_> = TokenLocation::ALL.into_iter().filter(|other| *other != location).collect();
        assert_eq!(read(&every.clone().locations(&others)), Err(Error::MissingToken), "{location:?}");
    }
    // Where it is not the place of a chosen id, it is a query's parameter like others.
    let others: Vec<_> =
        TokenLocation::ALL.into_iter().filter(|other| *other != TokenLocation::AccessTokenId).collect();
    let (parts, ()) = Request::get("/?accessTokenId=dp_sec_x").body(()).unwrap().into_parts();
    let credential = every.locations(&others).credentials(&parts).credential().map(|credential| credential.location);
    assert_eq!(credential, Ok(TokenLocation::Query));
}
