//! Patterns that anyone may match, by a name below a suffix that many owners share: who accepts that, and where it shows.

use daypass::verify::{Credentials, TokenLocation};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, send, to_text};
use super::threekit;

const SHARED: &str = "*--shop.netlify.app";
const LOGGED: &str = "accepted a pattern below a suffix that many owners share";

fn publishable(origins: &[&str], accepts: bool) -> Value {
    let mut body = json!({"kind": "publishable", "name": "Previews", "origins": origins});
    if accepts {
        body["acceptSharedSuffix"] = json!(true);
    }
    body
}

fn patch(daypass: &Daypass, id: &str, body: &Value) -> RequestBuilder {
    daypass.request(Method::PATCH, &format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin).json(body)
}

/// Returns the actors who accepted this pattern for the token with this id, as the audit trail says.
fn accepted(daypass: &Daypass, id: &str, pattern: &str) -> Vec<String> {
    let list = daypass.json(&["audit", "list", "--target", id]);
    let entries = list["entries"].as_array().expect("entries");
    let has = |entry: &&Value| {
        let patterns = entry["facts"]["acceptedSharedSuffixes"].as_array();
        patterns.is_some_and(|patterns| patterns.contains(&json!(pattern)))
    };
    entries.iter().filter(has).map(|entry| to_text(&entry["actor"]["kind"])).collect()
}

/// Returns how often somebody accepted such a pattern: for a stored token the audit trail says it, else the log.
fn count_accepted(daypass: &Daypass) -> usize {
    let list = daypass.json(&["audit", "list", "--action", "token", "--limit", "1000"]);
    let entries = list["entries"].as_array().expect("entries");
    let of_tokens = entries.iter().filter(|entry| entry["facts"]["acceptedSharedSuffixes"].is_array()).count();
    of_tokens + daypass.log().matches(LOGGED).count()
}

#[tokio::test]
async fn it_is_accepted_by_name_once_for_each_token_and_is_in_the_audit_trail() {
    let daypass = Daypass::start();
    let request = daypass.post("/v2/access-token").bearer_auth(&daypass.admin);
    let message = expect_error(request.json(&publishable(&[SHARED], false)), 400, "invalid_request").await;
    assert!(message.contains("Anyone may take a name that matches `*--shop.netlify.app`"), "{message}");
    assert!(message.contains("`acceptSharedSuffix`"), "{message}");

    let (_, id) = daypass.create_token(publishable(&["*--Shop.netlify.app", "pr-*.shop.example"], true)).await;
    assert_eq!(accepted(&daypass, &id, SHARED), ["token"]);
    assert!(accepted(&daypass, &id, "pr-*.shop.example").is_empty());
    let (_, own) = daypass.create_token(publishable(&["pr-*.shop.example", "vscode-webview:"], false)).await;

    // An edit that keeps the pattern need not accept it, and one that adds another must.
    let kept = json!({"origins": [SHARED, "shop.example"]});
    let (status, record) = send(patch(&daypass, &id, &kept)).await;
    assert_eq!((status, &record["origins"]), (200, &kept["origins"]));
    for (id, origins) in [(&id, [SHARED, "*-b.vercel.app"]), (&own, ["shop.example", SHARED])] {
        let edit = json!({"origins": origins});
        expect_error(patch(&daypass, id, &edit), 400, "invalid_request").await;
        let (status, record) = send(patch(&daypass, id, &json!({"origins": origins, "acceptSharedSuffix": true}))).await;
        assert_eq!((status, &record["origins"]), (200, &edit["origins"]));
    }
    assert_eq!(accepted(&daypass, &id, SHARED).len(), 1, "only what is added is told");
    assert_eq!(accepted(&daypass, &id, "*-b.vercel.app").len(), 1);
    assert_eq!(accepted(&daypass, &own, SHARED).len(), 1);
    expect_error(patch(&daypass, &id, &json!({"acceptSharedSuffix": true})), 400, "invalid_request").await;
}

#[tokio::test]
async fn every_request_that_takes_origins_asks_for_it_and_the_operator_can_refuse_it() {
    const PROTOCOLS: &str = "--protocols=space-api,kudo,crafter,speckle,threekit";
    let daypass = Daypass::start_with(&[PROTOCOLS]);
    let refusing = daypass.start_beside_with(&[PROTOCOLS.to_owned(), "--refuse-shared-suffixes".to_owned()]);
    let (secret, _) = daypass.create_secret().await;
    let partner = daypass.create_partner().await;
    let (_, id) = daypass.create_token(publishable(&["shop.example"], false)).await;
    let mut public = threekit::public(&daypass.organization(), &threekit::add_service_account(&daypass));
    public["domains"] = json!([SHARED]);
    let edited = format!("/v2/access-token/{id}");
    for (method, path, caller, body) in [
        (Method::POST, "/v2/access-token", &daypass.admin, publishable(&[SHARED], false)),
        (Method::PATCH, &edited, &daypass.admin, json!({"origins": [SHARED]})),
        (
            Method::POST,
            "/v2/temporary-access-token/create",
            &secret,
            json!({"scopes": [FLOOR_READ], "origins": [SHARED]}),
        ),
        (Method::POST, "/v2/bundle/create", &partner, json!({"parameters": {}, "origins": [SHARED]})),
        (
            Method::POST,
            "/v2/bundle/create",
            &partner,
            json!({"parameters": {}, "origins": [SHARED], "singleUse": true}),
        ),
        (Method::POST, threekit::PATH, &daypass.admin, public),
    ] {
        let mut accepting = body.clone();
        accepting["acceptSharedSuffix"] = json!(true);
        let request = |body: &Value| daypass.request(method.clone(), path).bearer_auth(caller).json(body);
        let message = expect_error(request(&body), 400, "invalid_request").await;
        assert!(message.contains("`acceptSharedSuffix`"), "{path}: {message}");

        let url = format!("{}{path}", refusing.url);
        let forbidden = reqwest::Client::new().request(method.clone(), url).bearer_auth(caller).json(&accepting);
        let message = expect_error(forbidden, 400, "invalid_request").await;
        assert!(message.contains("operator of this service refuses"), "{path}: {message}");

        let before = count_accepted(&daypass);
        let (status, answer) = send(request(&accepting)).await;
        assert!([200, 201].contains(&status), "{path}: {}", answer["message"]);
        assert_eq!(count_accepted(&daypass), before + 1, "{path}");
    }
    // The operator's own commands are not bound by that, and a token keeps what it has.
    let kept = reqwest::Client::new().patch(format!("{}{edited}", refusing.url)).bearer_auth(&daypass.admin);
    let (status, _) = send(kept.json(&json!({"origins": [SHARED, "shop.example"]}))).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_command_line_accepts_it_by_an_option_and_shows_it() {
    let daypass = Daypass::start();
    let create = ["create", "--kind", "publishable", "--name", "Previews", "--origin", SHARED];
    let output = daypass.token_command(&create);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("anyone may take a name that matches *--shop.netlify.app"), "{error}");
    assert!(!output.status.success() && error.contains("--accept-shared-suffix"), "{error}");

    let output = daypass.token_command(&[&create[..], &["--accept-shared-suffix", "--json"]].concat());
    let created: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let id = to_text(&created["id"]);
    assert_eq!(accepted(&daypass, &id, SHARED), ["commandLine"]);
    let shown = daypass.token_command(&["show", &id]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("origin   *--shop.netlify.app (anyone may take a name that matches)"), "{shown}");

    let kept = daypass.token_command(&["edit", &id, "--origin", SHARED, "--origin", "a.example"]);
    assert!(kept.status.success() && accepted(&daypass, &id, SHARED).len() == 1);
    let other = ["edit", &*id, "--origin", "*-b.vercel.app"];
    let output = daypass.token_command(&other);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("--accept-shared-suffix"), "{error}");
    assert!(daypass.token_command(&[&other[..], &["--accept-shared-suffix"]].concat()).status.success());
    assert_eq!(accepted(&daypass, &id, "*-b.vercel.app"), ["commandLine"]);
}

#[tokio::test]
async fn a_token_opens_the_pages_that_its_patterns_match_and_no_others() {
    let daypass = Daypass::start();
    let origins = ["https://pr-*.shop.example", "vscode-webview:"];
    let (token, _) = daypass.create_token(publishable(&origins, false)).await;
    for (origin, is_allowed) in [
        ("https://pr-12.shop.example", true),
        ("http://pr-12.shop.example", false),
        ("https://pr-12.a.shop.example", false),
        ("https://pr-.shop.example", false),
        ("https://xn--pr-12-kva.shop.example", false),
        ("vscode-webview://1q2w3e4r5t", true),
        ("vscode-webview:", true),
        ("moz-extension://1q2w3e4r5t", false),
        ("null", false),
    ] {
        let request = daypass.get("/v2/access-token/self").query(&[("pubtoken", &token)]).header("origin", origin);
        let (status, own) = send(request).await;
        assert_eq!((status, &own["originAllowed"]), (200, &json!(is_allowed)), "{origin}");
    }
    // A temporary token has them in its claims, which a verifier reads without asking.
    let (secret, _) = daypass.create_secret().await;
    let request = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret);
    let (_, answer) = send(request.json(&json!({"scopes": [FLOOR_READ], "origins": origins}))).await;
    let temporary = to_text(&answer["authorization"]).replace("Bearer ", "");
    let verifier = daypass.create_verifier().await;
    let credentials = Credentials::new(&temporary, TokenLocation::Bearer);
    for (origin, is_allowed) in [
        ("https://pr-12.shop.example", true),
        ("https://pr-12.a.shop.example", false),
        ("vscode-webview://1q2w3e4r5t", true),
    ] {
        assert_eq!(verifier.verify(&credentials.from_origin(origin), None).await.is_ok(), is_allowed, "{origin}");
    }
}
