//! Edits of tokens: what may be changed, by whom, and how fast products see it.

use std::time::{Duration, Instant};

use daypass::Error;
use daypass::api::RevocationTarget;
use daypass::verify::{Credentials, OriginHeader, TokenLocation, Verifier};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, now, send, to_text};

fn patch(daypass: &Daypass, caller: &str, id: &str, body: &Value) -> RequestBuilder {
    daypass.request(Method::PATCH, &format!("/v2/access-token/{id}")).bearer_auth(caller).json(body)
}

async fn create_publishable(daypass: &Daypass) -> (String, String) {
    daypass.create_token(json!({"kind": "publishable", "name": "Shop", "origins": ["shop.example"]})).await
}

/// Returns the entity tag of a token, and its record.
async fn read(daypass: &Daypass, id: &str) -> (String, Value) {
    let request = daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin);
    let response = request.send().await.expect("a response");
    assert_eq!(response.status(), 200);
    let tag = response.headers()["etag"].to_str().expect("a tag").to_owned();
    (tag, response.json().await.expect("JSON"))
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_the_version() {
    let daypass = Daypass::start();
    let (_, id) = create_publishable(&daypass).await;
    let (tag, before) = read(&daypass, &id).await;
    assert_eq!((&*tag, &before["version"]), ("\"1\"", &json!(1)));
    let end = now() + 1000;
    let mut expected = before;
    for (body, version) in [
        (json!({"name": "Web shop"}), 2),
        (json!({"origins": ["Shop.example", "*.bücher.example"], "expiresAt": end}), 3),
        (json!({"expiresAt": null}), 4),
        (json!({"expiresAt": null, "name": "Web shop"}), 4),
    ] {
        let response = patch(&daypass, &daypass.admin, &id, &body).send().await.expect("a response");
        let tag = response.headers()["etag"].clone();
        assert_eq!(
            (response.status().as_u16(), tag),
            (200, format!("\"{version}\"").parse().expect("a tag")),
            "{body}"
        );
        let mut fields = body.as_object().expect("an object").clone();
        if fields.contains_key("origins") {
            fields["origins"] = json!(["shop.example", "*.xn--bcher-kva.example"]);
        }
        expected.as_object_mut().expect("an object").extend(fields);
        expected["version"] = json!(version);
        let edited: Value = response.json().await.expect("JSON");
        assert_eq!(edited, expected, "{body}");
        assert_eq!(read(&daypass, &id).await.1, expected);
    }
    let entries = daypass.read_page(&daypass.admin, 0).await.revocations;
    let entries: Vec<_> = entries.into_iter().map(|entry| entry.target).collect();
    assert_eq!(entries, [2, 3, 4].map(|version| RevocationTarget::Changed { serial: 3, version }));
}

#[tokio::test]
async fn of_two_edits_of_one_version_the_second_is_refused() {
    let daypass = Daypass::start();
    let (_, id) = daypass.create_secret().await;
    let edit =
        |name: &str, tag: &str| patch(&daypass, &daypass.admin, &id, &json!({"name": name})).header("if-match", tag);
    assert_eq!(send(edit("first", "\"1\"")).await.1["version"], 2);
    let message = expect_error(edit("second", "\"1\""), 409, "version_conflict").await;
    assert!(message.contains("its version is 2"), "{message}");
    assert_eq!(read(&daypass, &id).await.1["name"], "first");
    assert_eq!(send(edit("second", "\"7\", \"2\"")).await.1["version"], 3);
    assert_eq!(send(edit("third", "*")).await.1["version"], 4);
    for malformed in ["4", "W/\"4\"", "\"four\"", "", "\"4\"x"] {
        let message = expect_error(edit("fourth", malformed), 400, "invalid_request").await;
        assert!(message.contains("If-Match"), "{malformed}: {message}");
    }
    // Of many at once, one is made.
    let edits = (0..8).map(|index| send(edit(&format!("at once {index}"), "\"4\""))).collect::<Vec<_>>();
    let mut statuses = vec![];
    for edit in edits.into_iter().map(tokio::spawn).collect::<Vec<_>>() {
        statuses.push(edit.await.expect("a response").0);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(read(&daypass, &id).await.1["version"], 5);
}

#[tokio::test]
async fn an_edit_that_is_wrong_is_refused_with_the_reason() {
    let daypass = Daypass::start();
    let admin = &daypass.admin;
    let (publishable, id) = create_publishable(&daypass).await;
    let (secret, secret_id) = daypass.create_secret().await;
    daypass.create_partner().await;
    for (id, body, status, code, says) in [
        (&id, json!({}), 400, "invalid_request", "`name`, `origins` or `expiresAt`"),
        (&id, json!({"name": ""}), 400, "invalid_request", "The `name` must be 1 to 512"),
        (&id, json!({"name": null, "origins": []}), 400, "invalid_request", "needs `origins`"),
        (&id, json!({"origins": ["http://"]}), 400, "invalid_request", ""),
        (&id, json!({"expiresAt": now() - 1}), 400, "invalid_request", "must be in the future"),
        (&id, json!({"expiresAt": now() * 1000}), 400, "invalid_request", "in seconds"),
        (&id, json!({"expiresAt": "soon"}), 400, "invalid_body", "expected u64"),
        (&id, json!({"scopes": ["floor:readPublic"]}), 400, "invalid_body", "unknown field `scopes`"),
        (&secret_id, json!({"origins": ["a.example"]}), 400, "invalid_request", "Only a publishable token"),
        (&"northlight".into(), json!({"name": "n"}), 403, "token_immutable", "kind application"),
        (&"tok_unknown".into(), json!({"name": "n"}), 404, "not_found", ""),
    ] {
        let message = expect_error(patch(&daypass, admin, id, &body), status, code).await;
        assert!(message.contains(says), "{body}: {message}");
    }
    let temporary = daypass.create_temporary(&secret).await;
    let body = json!({"name": "n"});
    expect_error(patch(&daypass, &temporary, &id, &body), 403, "kind_not_accepted").await;
    let from_page = daypass.request(Method::PATCH, &format!("/v2/access-token/{id}?pubtoken={publishable}"));
    expect_error(from_page.header("origin", "https://shop.example").json(&body), 403, "kind_not_accepted").await;
    expect_error(patch(&daypass, &secret, &id, &body), 403, "insufficient_scope").await;

    daypass.revoke(&id).await;
    let message = expect_error(patch(&daypass, admin, &id, &body), 400, "invalid_request").await;
    assert!(message.contains("revoked"), "{message}");
    assert_eq!(daypass.read_page(admin, 0).await.latest, 1, "only the revocation is in the feed");
    let end = now() + 1;
    assert_eq!(send(patch(&daypass, admin, &secret_id, &json!({"expiresAt": end}))).await.0, 200);
    while now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let revive = patch(&daypass, admin, &secret_id, &json!({"expiresAt": null}));
    assert!(expect_error(revive, 400, "invalid_request").await.contains("has expired"));
}

#[tokio::test]
async fn a_token_edits_no_token_that_holds_more_than_it_does() {
    let daypass = Daypass::start();
    let scopes = ["token:create", FLOOR_READ];
    let (narrow, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": scopes})).await;
    let (_, wide) = daypass.create_secret().await;
    let (_, same) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ]})).await;
    let limited =
        json!({"kind": "secret", "name": "n", "scopes": scopes, "resources": [{"type": "floor", "id": "f1"}]});
    let (limited, _) = daypass.create_token(limited).await;
    let body = json!({"expiresAt": null, "name": "kept for ever"});
    let message = expect_error(patch(&daypass, &narrow, &wide, &body), 403, "insufficient_scope").await;
    assert!(message.starts_with("The token lacks the scope "), "{message}");
    expect_error(patch(&daypass, &limited, &same, &body), 403, "insufficient_scope").await;
    assert_eq!(send(patch(&daypass, &narrow, &same, &body)).await.0, 200);
}

async fn verify(verifier: &Verifier, token: &str, origin: &str) -> Result<(), Error> {
    let credentials = Credentials::new(token, TokenLocation::Query).with_origin(OriginHeader::One(origin));
    verifier.verify(&credentials, None).await.map(drop)
}

/// Waits until the verifier answers so, and returns how long that took.
async fn wait_for(verifier: &Verifier, token: &str, origin: &str, expected: Result<(), Error>) -> Duration {
    let began = Instant::now();
    loop {
        let seen = verify(verifier, token, origin).await;
        if seen == expected {
            return began.elapsed();
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{seen:?} instead of {expected:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_product_sees_an_edit_within_a_second_though_it_cached_the_token() {
    let daypass = Daypass::start();
    let api = daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await.0;
    let verifier =
        Verifier::connect(&daypass.url, &daypass.url, api.parse().expect("a token")).await.expect("a verifier");
    let (token, id) = create_publishable(&daypass).await;
    let (shop, other) = ("https://shop.example", "https://other.example");
    let refused = |origin: &str| Err(Error::OriginNotAllowed(origin.into()));
    wait_for(&verifier, &token, shop, Ok(())).await;
    wait_for(&verifier, &token, other, refused(other)).await;
    let second = Duration::from_secs(1);

    // Over HTTP, which this process announces at once, and by another process.
    let (status, _) = send(patch(&daypass, &daypass.admin, &id, &json!({"origins": ["other.example"]}))).await;
    assert_eq!(status, 200);
    assert!(wait_for(&verifier, &token, shop, refused(shop)).await < second);
    assert!(wait_for(&verifier, &token, other, Ok(())).await < second);
    daypass.json(&["token", "edit", &id, "--origin", "shop.example"]);
    assert!(wait_for(&verifier, &token, other, refused(other)).await < second);
    assert!(wait_for(&verifier, &token, shop, Ok(())).await < second);

    let soon = now() + 2;
    daypass.json(&["token", "edit", &id, "--expires-at", &soon.to_string()]);
    wait_for(&verifier, &token, shop, Err(Error::TokenExpired)).await;
    assert!(now() >= soon);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_edits_and_look_ups_race_the_last_edit_counts() {
    let daypass = Daypass::start();
    let api = daypass.admin.parse().expect("a token");
    let verifier = Verifier::connect(&daypass.url, &daypass.url, api).await.expect("a verifier");
    let (token, id) = create_publishable(&daypass).await;
    let busy = (0..4).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move {
            loop {
                let credentials = Credentials::new(&token, TokenLocation::Query).from_origin("https://0.example");
                let _ = verifier.verify(&credentials, None).await;
                tokio::task::yield_now().await;
            }
        })
    });
    let busy: Vec<_> = busy.collect();
    for round in 1..=25 {
        let origin = |round: u32| format!("{round}.example");
        let (status, _) = send(patch(&daypass, &daypass.admin, &id, &json!({"origins": [origin(round)]}))).await;
        assert_eq!(status, 200);
        let url = |round| format!("https://{}", origin(round));
        assert!(wait_for(&verifier, &token, &url(round), Ok(())).await < Duration::from_secs(1), "{round}");
        let before = url(round - 1);
        let seen = verify(&verifier, &token, &before).await;
        assert_eq!(seen, Err(Error::OriginNotAllowed(before)), "once it is known, it is known");
    }
    busy.into_iter().for_each(|task| task.abort());
}

#[tokio::test]
async fn what_was_minted_from_a_token_stays_as_it_was_when_the_token_is_edited() {
    let daypass = Daypass::start();
    let verifier = Verifier::connect(&daypass.url, &daypass.url, daypass.admin.parse().expect("a token"))
        .await
        .expect("a verifier");
    let (secret, id) = daypass.create_secret().await;
    let temporary = daypass.create_temporary(&secret).await;
    let bearer = async |token: &str| {
        let credentials = Credentials::new(token, TokenLocation::Bearer);
        verifier.verify(&credentials, None).await.map(|access| access.expires_at())
    };
    let end = bearer(&temporary).await.expect("access");
    let (status, edited) = send(patch(&daypass, &daypass.admin, &id, &json!({"expiresAt": now() + 2}))).await;
    assert_eq!((status, &edited["version"]), (200, &json!(2)));
    while bearer(&secret).await != Err(Error::TokenExpired) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(bearer(&temporary).await, Ok(end));
}

#[tokio::test]
async fn the_command_line_edits_tokens_and_says_what_is_wrong() {
    let daypass = Daypass::start();
    let (_, id) = create_publishable(&daypass).await;
    daypass.create_partner().await;
    let run = |arguments: &[&str]| {
        let output = daypass.token_command(&[&["edit"], arguments].concat());
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8"))
    };
    for (arguments, succeeds, says) in [
        (&[&*id, "--name", "Web shop", "--origin", "a.example", "--origin", "b.example"][..], true, "Web shop"),
        (&[&id, "--expires-at", "2100-01-31T12:00:00Z", "--if-version", "2"], true, "2100-01-31T12:00:00Z"),
        (&[&id, "--expires-at", "never"], true, "version  4"),
        (&[&id, "--name", "n", "--if-version", "2"], false, "was edited meanwhile, its version is 4"),
        (&[&id], false, "nothing to change: give the token a --name"),
        (&[&id, "--expires-at", "1000"], false, "must be in the future"),
        (&[&id, "--expires-at", "tomorrow"], false, "expected a time such as"),
        (&["tok_unknown", "--name", "n"], false, "no token with id tok_unknown in"),
        (&["northlight", "--name", "n"], false, "application tokens are immutable: revoke it with"),
    ] {
        let (succeeded, text) = run(arguments);
        assert!(succeeded == succeeds && text.contains(says), "{arguments:?}: {text}");
    }
    let (_, record) = read(&daypass, &id).await;
    assert_eq!((to_text(&record["name"]), &record["origins"]), ("Web shop".into(), &json!(["a.example", "b.example"])));
    assert_eq!((&record["expiresAt"], &record["version"]), (&Value::Null, &json!(4)));
}
