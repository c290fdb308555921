//! What is known of a token: who created it, when it was last used; and how many an organization may have.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, now, send, to_text};

#[tokio::test]
async fn a_record_says_which_token_created_it() {
    let daypass = Daypass::start();
    let owner = daypass.json(&["token", "list"])["tokens"][0].clone();
    assert_eq!((&owner["name"], &owner["createdBy"]), (&json!("Owner"), &Value::Null));
    let (secret, id) = daypass.create_secret().await;
    let (_, record) = send(daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin)).await;
    assert_eq!(record["createdBy"], owner["id"]);
    let made = daypass.json(&["token", "create", "--kind", "secret", "--name", "n"]);
    assert_eq!(made["createdBy"], Value::Null, "the command line has no token");
    let shown = String::from_utf8(daypass.token_command(&["show", &id]).stdout).expect("UTF-8");
    let last = &secret[secret.len() - 4..];
    assert!(shown.starts_with(&format!("secret token {id}, …{last}: Backend\n")), "{shown}");
    assert!(shown.contains(&format!("  token    dp_sec_…{last}\n")), "{shown}");
    assert!(shown.contains(&format!("  creator  {}\n", to_text(&owner["id"]))), "{shown}");
}

#[tokio::test]
async fn the_last_use_is_written_when_the_service_stops_and_never_by_a_request() {
    let mut daypass = Daypass::start();
    let (api, api_id) =
        daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
    let (secret, minted) = daypass.create_secret().await;
    let origins = ["shop.example"];
    let (publishable, seen) =
        daypass.create_token(json!({"kind": "publishable", "name": "Shop", "origins": origins})).await;
    let (_, unused) = daypass.create_secret().await;
    let (revoked, revoked_id) = daypass.create_secret().await;
    daypass.revoke(&revoked_id).await;
    let began = now();
    daypass.create_temporary(&secret).await;
    for token in [&publishable, &revoked] {
        send(daypass.post("/introspect").bearer_auth(&api).form(&[("token", token)])).await;
    }
    let last_used = |daypass: &Daypass, id: &str| daypass.json(&["token", "show", id])["lastUsedAt"].clone();
    assert_eq!(last_used(&daypass, &minted), Value::Null, "no request writes");

    Command::new("kill").arg(daypass.process_id().to_string()).status().expect("a signal");
    daypass.wait();
    for (id, is_used) in [(&minted, true), (&seen, true), (&api_id, true), (&unused, false), (&revoked_id, false)] {
        let at = last_used(&daypass, id);
        assert_eq!(at.as_u64().is_some_and(|at| (began - 1..=now()).contains(&at)), is_used, "{at}");
    }
    let shown = String::from_utf8(daypass.token_command(&["show", &seen]).stdout).expect("UTF-8");
    assert!(shown.contains("  used     20"), "{shown}");
    let list = daypass.json(&["token", "list", "--kind", "publishable"]);
    assert!(list["tokens"][0]["lastUsedAt"].is_u64(), "{list}");
    let list = String::from_utf8(daypass.token_command(&["list"]).stdout).expect("UTF-8");
    assert_eq!((list.matches("  20").count(), list.matches("  not used  ").count()), (4, 2), "{list}");
    daypass.restart();
    let (_, record) = send(daypass.get(&format!("/v2/access-token/{seen}")).bearer_auth(&daypass.admin)).await;
    assert!(record["lastUsedAt"].is_u64(), "{record}");
    assert_eq!(record["version"], 1, "a use is no edit");
}

#[tokio::test]
async fn an_operator_sets_how_many_tokens_of_each_kind_an_organization_may_have() {
    let daypass = Daypass::start();
    let operator = to_text(&daypass.line["operatorToken"]);
    let path = format!("/v2/organization/{}/limits", daypass.organization());
    let set = |caller: &str, body: &Value| daypass.request(Method::PATCH, &path).bearer_auth(caller).json(body);
    let record = daypass.json(&["organization", "show", &daypass.organization()]);
    let of_tokens =
        |record: &Value| ["publishable", "secret", "application"].map(|kind| record["limits"][kind].clone());
    assert_eq!(of_tokens(&record), [json!(100), json!(100), json!(10_000)]);
    let create = async |kind: &str| {
        let mut body = json!({"kind": kind, "name": "n"});
        match kind {
            "publishable" => body["origins"] = json!(["a.example"]),
            "application" => body["scopes"] = json!([FLOOR_READ]),
            _ => {}
        }
        let (status, answer) = daypass.post_token(body).await;
        (status, answer["message"].as_str().unwrap_or_default().to_owned())
    };
    // The owner token is a secret token itself.
    let (status, record) = send(set(&operator, &json!({"publishable": 1, "secret": 2, "application": 0}))).await;
    assert_eq!((status, of_tokens(&record)), (200, [json!(1), json!(2), json!(0)]));
    for kind in ["publishable", "secret"] {
        assert_eq!(create(kind).await.0, 201, "{kind}");
    }
    for (kind, most) in [("publishable", 1), ("secret", 2), ("application", 0)] {
        assert_eq!(create(kind).await, (409, format!("Limit reached: {most} active {kind} tokens.")));
    }
    // Another organization has its own.
    let other = daypass.json(&["organization", "create", "--name", "Chairs", "--id", "chairs"]);
    assert_eq!(other["limits"]["publishable"], 100);

    let limits = ["organization", "limits", &daypass.organization()];
    let record = daypass.json(&[&limits[..], &["--publishable", "unlimited", "--application", "3"]].concat());
    assert_eq!(of_tokens(&record), [json!(null), json!(2), json!(3)]);
    for kind in ["publishable", "publishable", "application"] {
        assert_eq!(create(kind).await.0, 201, "{kind}");
    }
    let shown = String::from_utf8(daypass.command(&limits).stdout).expect("UTF-8");
    let lines = "  publishable tokens  unlimited\n  secret tokens       2\n  application tokens  3\n";
    assert!(shown.contains(lines), "{shown}");
    let output = daypass.command(&["token", "create", "--kind", "secret", "--name", "n", "--organization", limits[2]]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("which is the limit") && error.contains("organization limits ID --secret"), "{error}");

    for (body, code) in [
        (json!({"secret": -1}), "invalid_body"),
        (json!({"secret": "many"}), "invalid_body"),
        (json!({"secret": 4_294_967_296_u64}), "invalid_body"),
        (json!({"bundle": 1}), "invalid_body"),
    ] {
        expect_error(set(&operator, &body), 400, code).await;
    }
    expect_error(set(&daypass.admin, &json!({"secret": 9})), 403, "insufficient_scope").await;
    let nothing = daypass.request(Method::PATCH, "/v2/organization/nothing/limits").bearer_auth(&operator);
    expect_error(nothing.json(&json!({"secret": 9})), 404, "not_found").await;
    let output = daypass.command(&["organization", "limits", limits[2], "--secret", "many"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("expected a number, or `unlimited`"));
}

#[tokio::test]
async fn the_command_line_limits_a_token_to_resources() {
    let daypass = Daypass::start();
    let create = ["token", "create", "--kind", "secret", "--name", "One floor", "--scope", "floor:export"];
    let created = daypass.json(&[&create[..], &["--resource", "floor:f1", "--resource", "floor:f.2"]].concat());
    let resources = json!([{"type": "floor", "id": "f1"}, {"type": "floor", "id": "f.2"}]);
    assert_eq!(created["grants"][0]["resources"], resources);
    let shown = daypass.token_command(&["show", &to_text(&created["id"])]);
    let shown = String::from_utf8(shown.stdout).expect("UTF-8");
    assert!(shown.contains("  only     floor:f1\n  only     floor:f.2\n"), "{shown}");
    for (resource, says) in [
        ("floor", "expected the type of a resource, a colon and its id"),
        ("floot:f1", "must be one that scopes are about"),
        ("floor:f 1", "The `id` of a resource must be"),
    ] {
        let output = daypass.command(&[&create[..], &["--resource", resource]].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(says), "{resource}: {error}");
    }
}

#[tokio::test]
async fn an_application_that_is_created_again_under_its_id_is_another_token() {
    let daypass = Daypass::start();
    let first = daypass.create_partner().await;
    let before = daypass.json(&["token", "show", "northlight"]);
    daypass.json(&["token", "revoke", "northlight"]);
    let output = daypass.token_command(&["edit", "northlight", "--name", "n"]);
    assert!(!output.status.success(), "it is immutable");
    let create = ["token", "create", "--kind", "application", "--name", "Partner", "--id", "northlight"];
    let created = daypass.json(&[&create[..], &["--scope", "bundle:create", "--scope", "floor:export"]].concat());
    let after = daypass.json(&["token", "show", "northlight"]);
    assert_eq!((&after["serial"], &after["version"]), (&created["serial"], &json!(1)));
    assert_ne!((&after["serial"], &after["grants"]), (&before["serial"], &before["grants"]));
    expect_error(daypass.get("/v2/access-token/self").bearer_auth("x"), 401, "invalid_token").await;
    let describe = |token: &str| send(daypass.get("/v2/access-token/self").bearer_auth(token));
    assert_eq!(describe(&first).await.1["revoked"], true);
    assert_eq!(describe(&to_text(&created["token"])).await.1["revoked"], false);
}
