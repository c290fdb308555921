//! The requests that the Space API and Kudo document, run by `curl`. Only hosts and tokens are filled in.

use std::process::Command;

use serde_json::{Value, json};

use crate::running::{Daypass, now, to_text};

/// The Space API, "Example API call".
const TEMPORARY: &str = r#"curl -X POST \
-H "Authorization: Bearer ${SECRET_TOKEN}" \
-H "Content-Type: application/json" \
-d '{"scopes": [{"resource": "floor", "action": "readPrivate"}], "durationSeconds": 3600}' \
"https://api.archilogic.com/v2/temporary-access-token/create"
"#;

/// Kudo writes its requests as tables: "Generate token endpoint", with "Example to open a file from S3" as its body.
const GENERATE: &str = r#"curl -X POST \
-H "Content-type:application/json" \
-H "x-api-key:${ACCESS_KEY}" \
-d '{
    "file": "test.dwg",
    "userId": "123"
}' \
"https://api.archilogic.com/generate"
"#;

/// Kudo, "Token validation".
const VERIFY: &str = r#"curl \
-H "Content-type:application/json" \
-H "x-api-token: ${TOKEN}" \
"https://api.archilogic.com/verify"
"#;

/// Runs a command in a shell, and returns the status and the body.
fn run(daypass: &Daypass, command: &str, token: (&str, &str)) -> (u16, Value) {
    // The command stays as documented; the settings of curl make it print the status.
    std::fs::write(daypass.folder.path().join(".curlrc"), "silent\nwrite-out = \"\\n%{http_code}\"\n").expect("a file");
    let output = Command::new("sh")
        .args(["-c", &command.replace("https://api.archilogic.com", &daypass.url)])
        .env("CURL_HOME", daypass.folder.path())
        .env("no_proxy", "*")
        .env(token.0, token.1)
        .output()
        .expect("sh runs");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let (body, status) = output.rsplit_once('\n').expect("a body and a status: is curl installed?");
    (status.parse().expect("a status"), serde_json::from_str(body).expect("JSON"))
}

#[tokio::test]
async fn the_space_api_creates_a_temporary_token() {
    let daypass = Daypass::start();
    let (secret, _) = daypass.create_secret().await;
    let (status, answer) = run(&daypass, TEMPORARY, ("SECRET_TOKEN", &secret));
    assert_eq!(status, 200, "{}", answer["message"]);
    // {"authorization": "Bearer XlqHBdUIOF46ah...", "expiresAt": 1616079083}
    let fields: Vec<_> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["authorization", "expiresAt"]);
    assert!(to_text(&answer["authorization"]).starts_with("Bearer "));
    assert!(answer["expiresAt"].as_u64().is_some_and(|end| (now() + 3595..=now() + 3600).contains(&end)));
}

#[tokio::test]
async fn the_space_api_refuses_an_invalid_secret_token() {
    let daypass = Daypass::start();
    let (status, answer) = run(&daypass, TEMPORARY, ("SECRET_TOKEN", "XlqHBdUIOF46ah"));
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn kudo_generates_and_validates_a_session_token() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let (status, session) = run(&daypass, GENERATE, ("ACCESS_KEY", &partner));
    assert_eq!(status, 200, "{session}");
    // {"token": "bbf18f21-3d0d-4a4c-b650-9c14d4075ce0", "expiration_time": 1595917409}
    let fields: Vec<_> = session.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["expiration_time", "token"]);
    assert!(session["expiration_time"].as_u64().is_some_and(|end| end > now()));

    let verified = run(&daypass, VERIFY, ("TOKEN", &to_text(&session["token"])));
    assert_eq!(verified, (200, json!({"auth": "northlight", "userId": "123", "file": "test.dwg"})));
}

#[tokio::test]
async fn kudo_refuses_a_wrong_token() {
    let daypass = Daypass::start();
    for (command, variable) in [(GENERATE, "ACCESS_KEY"), (VERIFY, "TOKEN")] {
        let (status, answer) = run(&daypass, command, (variable, "bbf18f21-3d0d-4a4c-b650-9c14d4075ce0"));
        assert_eq!((status, &answer["message"]), (403, &json!("Wrong token")));
    }
}
