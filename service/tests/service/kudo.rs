//! Kudo's protocol: session tokens for the parameters of an editor.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::locations::{LOCATIONS, place, tokens};
use super::running::{DEFAULT_PROTOCOLS, Daypass, now, send, to_text};

fn wrong_token() -> (u16, Value) {
    (403, json!({"error": "wrong_token", "message": "Wrong token"}))
}

/// The parameters that Kudo documents, and some that it does not know.
const PARAMETERS: &str = concat!(
    r#"{"userId":"123","file":"test.dwg","fileUrl":"https://files.example/a.dwg","server":"https://backend.example","#,
    r#""sessionId":"s-1","locale":"de-CH","access":"edit","mobile":false,"debug":true,"workspace":"w","#,
    r#""zoom":1.50,"big":12345678901234567890123,"Z":1,"a":{"z":[1,{}],"b":null},"é":"\u00e9"}"#
);

#[tokio::test]
async fn only_an_access_key_generates_and_only_a_session_token_is_verified() {
    for options in [&[DEFAULT_PROTOCOLS][..], &[DEFAULT_PROTOCOLS, "--kudo-uuid"]] {
        let daypass = Daypass::start_with(options);
        for (kind, token) in tokens(&daypass).await {
            for location in LOCATIONS {
                let generated = send(place(daypass.post("/generate"), location, &token).json(&json!({}))).await;
                // Bearer is where every stored token may be.
                if kind == "application" && ["x-api-key", "Bearer"].contains(&location) {
                    assert_eq!(generated.0, 200, "{kind} by {location}");
                } else {
                    assert_eq!(generated, wrong_token(), "{kind} by {location}");
                }
                let verified = send(place(daypass.get("/verify"), location, &token)).await;
                if ["reference", "UUID"].contains(&kind) && ["x-api-token", "Bearer"].contains(&location) {
                    let file = if kind == "UUID" { "u" } else { "f" };
                    assert_eq!(verified, (200, json!({"file": file, "auth": "northlight"})), "{kind} by {location}");
                } else {
                    assert_eq!(verified, wrong_token(), "{kind} by {location}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_session_token_is_a_uuid_if_the_operator_wants_it() {
    for (options, is_uuid) in [(&[][..], false), (&["--kudo-uuid"], true)] {
        let daypass = Daypass::start_with(options);
        let partner = daypass.create_partner().await;
        let post = daypass.post("/generate").header("x-api-key", &partner).header("content-type", "application/json");
        let (status, session) = send(post.body(PARAMETERS)).await;
        assert_eq!((status, session.as_object().map(serde_json::Map::len)), (200, Some(2)));
        let (token, end) = (to_text(&session["token"]), session["expiration_time"].as_u64().expect("a time"));
        assert!((now() + 3595..=now() + 3600).contains(&end));
        let lengths: Vec<_> = token.split('-').map(str::len).collect();
        assert_eq!(lengths == [8, 4, 4, 4, 12], is_uuid);
        assert_eq!(token.starts_with("dp_bun_"), !is_uuid);

        let verify = |token: &str| daypass.get("/verify").header("x-api-token", token);
        let response = verify(&token).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::OK);
        let expected = PARAMETERS.replace(r#""\u00e9"}"#, r#""\u00e9","auth":"northlight"}"#);
        assert_eq!(response.text().await.expect("a body"), expected);
        assert_eq!(send(verify(&token.to_uppercase())).await, wrong_token());

        // Elsewhere in Daypass it is a bundle like any other, whatever its text looks like.
        let get = |path: &str| send(daypass.get(path).bearer_auth(&daypass.admin));
        let list = get("/v2/access-token?kind=bundle").await.1;
        let record = &list["tokens"][0];
        assert_eq!((&record["kind"], &record["expiresAt"]), (&json!("bundle"), &json!(end)), "{list}");
        assert_eq!(record["name"], "Bundle of northlight");
        assert_eq!(list["tokens"].as_array().map(Vec::len), Some(1));
        assert_eq!(record["lastChars"], token[token.len() - 4..]);
        let id = to_text(&record["id"]);
        let listed = daypass.json(&["token", "list", "--kind", "bundle"]);
        let is_listed = |list: &Value| list["tokens"].as_array().unwrap_or(&vec![]).iter().any(|one| one["id"] == id);
        assert!(is_listed(&listed), "the command line lists it");
        let form = [("token", &*token)];
        let introspect = || send(daypass.post("/introspect").bearer_auth(&daypass.admin).form(&form));
        let (_, active) = introspect().await;
        assert_eq!((&active["active"], &active["jti"]), (&json!(true), &json!(id)));

        daypass.revoke(&id).await;
        assert_eq!(send(verify(&token)).await, wrong_token());
        assert_eq!(introspect().await.1["active"], false);

        // By its text too, and with the key that made it.
        let second = daypass.create_reference(&partner, &json!({})).await;
        daypass.revoke_by_text(&second).await;
        assert_eq!(send(verify(&second)).await, wrong_token());
        let third = daypass.create_reference(&partner, &json!({})).await;
        assert_eq!(send(verify(&third)).await.0, 200);
        daypass.revoke("northlight").await;
        assert_eq!(send(verify(&third)).await, wrong_token());
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_a_wrong_token_and_its_reason_is_for_the_key_alone() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let long = format!(r#"{{"long":"{}"}}"#, "x".repeat(70_000));
    for (content_type, body) in [
        ("application/json", "[]"),
        ("application/json", ""),
        ("application/json", "{"),
        ("application/json", r#""text""#),
        ("application/json", &long),
        ("text/plain", "{}"),
        ("application/x-www-form-urlencoded", "a=b"),
    ] {
        let post = |key: &str| {
            let post = daypass.post("/generate").header("x-api-key", key).header("content-type", content_type);
            send(post.body(body.to_owned()))
        };
        let (status, answer) = post(&partner).await;
        assert_eq!((status, &answer["error"], &answer["message"]), (403, &json!("wrong_token"), &json!("Wrong token")));
        assert!(to_text(&answer["reason"]).starts_with("The body is "), "{answer}");
        assert_eq!(post("bbf18f21-3d0d-4a4c-b650-9c14d4075ce0").await, wrong_token());
    }
}

#[tokio::test]
async fn auth_is_the_partner_whatever_was_posted_and_keeps_its_place() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    for (posted, verified) in [
        (r#"{}"#, r#"{"auth":"northlight"}"#),
        (r#"{"auth":{"id":"other"},"file":"f"}"#, r#"{"auth":"northlight","file":"f"}"#),
        (r#"{"Auth":1,"file":"f"}"#, r#"{"Auth":1,"file":"f","auth":"northlight"}"#),
    ] {
        let post = daypass.post("/generate").header("x-api-key", &partner).header("content-type", "application/json");
        let token = to_text(&send(post.body(posted)).await.1["token"]);
        let response = daypass.get("/verify").header("x-api-token", token).send().await.expect("a response");
        assert_eq!(response.text().await.expect("a body"), verified);
    }
}
