//! Who may call Threekit's paths: a token of each kind and format, in each place of a request.

use reqwest::Method;
use serde_json::{Value, json};

use super::locations::{LOCATIONS, place, tokens};
use super::people::join;
use super::running::{DEFAULT_PROTOCOLS, Daypass, mistype, send, to_text};
use super::threekit::{PATH, SITE, add_service_account, create, create_public, native, private, public, start};

/// What reading its own record answers to each kind and format, in the order of [`LOCATIONS`]: the code, or `ok`. The
/// places: `Bearer`, `AL-Secret-Token`, bare; the five parameters of the query; a cookie, `x-api-key`, `x-api-token`.
///
/// A JWT, a bundle and a refresh token are no access tokens here, and have no record of their own.
const OWN: [(&str, [&str; LOCATIONS.len()]); 13] = [
    ("publishable", [ORIGIN, KIND, KIND, ORIGIN, ORIGIN, ORIGIN, ORIGIN, ORIGIN, KIND, KIND, KIND]),
    ("secret", ["ok", "ok", KIND, QUERY, QUERY, QUERY, QUERY, QUERY, KIND, KIND, KIND]),
    ("personal", ["ok", KIND, "ok", QUERY, QUERY, QUERY, QUERY, QUERY, "ok", KIND, KIND]),
    ("application", ["ok", KIND, KIND, QUERY, QUERY, QUERY, QUERY, QUERY, KIND, "ok", KIND]),
    // A bare text or a cookie is a token only if it looks like a stored one.
    ("temporary", [KIND, KIND, MISSING, QUERY, QUERY, QUERY, QUERY, QUERY, MISSING, KIND, KIND]),
    ("reference", [KIND, KIND, KIND, QUERY, QUERY, QUERY, QUERY, QUERY, KIND, KIND, KIND]),
    ("signed bundle", [KIND, KIND, MISSING, QUERY, QUERY, QUERY, QUERY, QUERY, MISSING, KIND, KIND]),
    ("oauthAccess", [KIND, KIND, MISSING, QUERY, QUERY, QUERY, QUERY, QUERY, MISSING, KIND, KIND]),
    // Only the token endpoint knows a refresh token.
    ("oauthRefresh", [NONE; LOCATIONS.len()]),
    // A format of another system is read where that system has it. Elsewhere it is no token, but for places that are for
    // tokens alone.
    ("Speckle's", ["ok", NONE, "ok", NONE, MISSING, MISSING, MISSING, MISSING, "ok", MISSING, MISSING]),
    ("UUID", [KIND, NONE, MISSING, NONE, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, KIND]),
    ("chosen id", [NONE, NONE, MISSING, NONE, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING]),
    // Of the organization's owner.
    ("owner's", ["ok", "ok", KIND, QUERY, QUERY, QUERY, QUERY, QUERY, KIND, KIND, KIND]),
];
const KIND: &str = "kind_not_accepted";
const MISSING: &str = "missing_token";
const NONE: &str = "invalid_token";
const ORIGIN: &str = "origin_required";
const QUERY: &str = "secret_in_query";

#[tokio::test]
async fn each_kind_and_format_is_answered_by_the_place_that_it_is_in() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    let organization = daypass.organization();
    let mut tokens = tokens(&daypass).await;
    tokens.push(("owner's", daypass.admin.clone()));
    let private = json!({"name": "n", "permissions": "private", "domains": [], "orgId": organization});
    // It stays readable when it was deleted, and can be deleted again.
    let (_, victim) = daypass.create_secret().await;
    let (mut owns, mut expected) = (Vec::new(), Vec::new());
    for ((kind, token), (_, own)) in tokens.iter().zip(OWN) {
        let mut row = Vec::new();
        for (location, outcome) in LOCATIONS.into_iter().zip(own) {
            let ask = |method: Method, path: String| place(daypass.request(method, &path), location, token);
            let (status, answer) = send(ask(Method::GET, format!("{PATH}/{token}"))).await;
            row.push(if status == 200 { "ok".to_owned() } else { to_text(&answer["error"]) });

            // What manages tokens is for secret tokens with the scopes alone, in the places where they may be at all.
            for (request, success) in [
                (ask(Method::GET, PATH.to_owned()), 200),
                (ask(Method::GET, format!("{PATH}/{victim}")), 200),
                (ask(Method::POST, PATH.to_owned()).json(&private), 201),
                (ask(Method::DELETE, format!("{PATH}/{victim}")), 200),
            ] {
                let (status, answer) = send(request).await;
                let expected = match (*kind, outcome) {
                    ("owner's", "ok") => Value::Null,
                    // It has no scope for them.
                    ("secret", "ok") => json!("insufficient_scope"),
                    (_, "ok") => json!(KIND),
                    (_, code) => json!(code),
                };
                assert_eq!(answer["error"], expected, "{kind} in {location}");
                assert_eq!(status == success, expected.is_null(), "{kind} in {location}");
            }
        }
        owns.push((*kind, row));
        expected.push((*kind, own.map(str::to_owned).to_vec()));
    }
    assert_eq!(owns, expected);
}

/// Whose request it is.
const KINDS: [&str; 9] =
    ["none", "public", "developer's private", "admin's private", "secret without scopes", "application", "temporary", "bundle", "mistyped"];

#[tokio::test]
async fn each_kind_in_each_location_is_answered_at_each_endpoint() {
    let daypass = start();
    let (organization, account) = (daypass.organization(), add_service_account(&daypass));
    let public_token = create_public(&daypass, &["shop.example"]).await;
    let mut privates = vec![];
    for role in ["developer", "admin"] {
        let (_, browser) = join(&daypass, &format!("{role}@example.com"), role).await;
        privates.push(to_text(&create(browser.request(Method::POST, PATH), &private(&organization)).await["id"]));
    }
    let (plain, _) = daypass.create_secret().await;
    let partner = daypass.create_partner().await;
    let temporary = daypass.create_temporary(&plain).await;
    let bundle = daypass.create_reference(&partner, &json!({"fileUrl": "f"})).await;
    let wrong = mistype(&plain);
    let tokens = ["", &public_token, &privates[0], &privates[1], &plain, &partner, &temporary, &bundle, &wrong];
    // What each answers by the header, without an origin, and the public one with its page's.
    let allowed = [
        // list, own record, another's record, create, delete
        [401, 401, 401, 401, 401],
        [403, 200, 403, 403, 403],
        [403, 200, 403, 403, 403],
        [200, 200, 200, 201, 200],
        [403, 200, 403, 403, 403],
        [403, 200, 403, 403, 403],
        [403, 403, 403, 403, 403],
        [403, 403, 403, 403, 403],
        [401, 401, 401, 401, 401],
    ];
    for ((kind, token), allowed) in KINDS.iter().zip(tokens).zip(allowed) {
        let is_public = *kind == "public";
        for location in ["header", "query", "both", "header of a page", "header of another page"] {
            let victim = create(daypass.post(PATH).bearer_auth(&daypass.admin), &public(&organization, &account)).await;
            let victim = native(&daypass, &to_text(&victim["id"])).await.id;
            let own = if token.is_empty() { "none" } else { token };
            let requests = [
                (Method::GET, PATH.to_owned()),
                (Method::GET, format!("{PATH}/{own}")),
                (Method::GET, format!("{PATH}/{victim}")),
                (Method::POST, PATH.to_owned()),
                (Method::DELETE, format!("{PATH}/{victim}")),
            ];
            for ((method, path), allowed) in requests.into_iter().zip(allowed) {
                let with_query = format!("{path}?orgId={organization}&bearer_token={token}");
                let request = match location {
                    _ if token.is_empty() => daypass.request(method.clone(), &path),
                    "query" => daypass.request(method.clone(), &with_query),
                    "both" => daypass.request(method.clone(), &with_query).bearer_auth(token),
                    _ => daypass.request(method.clone(), &path).bearer_auth(token),
                };
                let request = match location {
                    "header of another page" => request.header("origin", "https://elsewhere.example"),
                    "header of a page" => request.header("origin", SITE),
                    _ if is_public => request.header("origin", SITE),
                    _ => request,
                };
                let request = if method == Method::POST { request.json(&private(&organization)) } else { request };
                let expected = match (*kind, location) {
                    ("none" | "mistyped", _) => allowed,
                    // Only a public token may be in a query, in a header as well or not.
                    ("public", "query" | "both") => allowed,
                    (_, "query" | "both") => 400,
                    ("public", "header of another page") => 403,
                    // No page may have a private one.
                    ("temporary" | "bundle" | "public", _) | (_, "header") => allowed,
                    _ => 403,
                };
                let (status, body) = send(request).await;
                assert_eq!(status, expected, "{kind}, {location}, {method}: {}", body["message"]);
            }
            let (_, health) = send(daypass.get(&format!("{PATH}/healthcheck?bearer_token={token}"))).await;
            assert_eq!(health, json!(true), "{kind}");
        }
    }
}
