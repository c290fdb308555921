use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, send, to_text};

/// A value in a bundle's parameters.
const CANARY: &str = "canary-7f3a-backend.example";

/// Creates every kind of secret, and sends each also where it does not belong.
async fn use_secrets(daypass: &Daypass) -> Vec<String> {
    let (secret, id) = daypass.create_secret().await;
    let partner = daypass.create_partner().await;
    let origins = ["a.example"];
    let (publishable, _) = daypass.create_token(json!({"kind": "publishable", "name": "n", "origins": origins})).await;
    let temporary = daypass.create_temporary(&secret).await;
    let reference = daypass.create_reference(&partner, &json!({"server": CANARY})).await;
    let body = json!({"parameters": {"server": CANARY}});
    let (_, signed) = send(daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&body)).await;
    send(daypass.get("/verify").header("x-api-token", &reference)).await;
    let output = daypass.token_command(&["create", "--json", "--kind", "secret", "--name", "n"]);
    let made: Value = serde_json::from_slice(&output.stdout).expect("JSON");

    let mut secrets = vec![daypass.admin.clone(), secret, partner, publishable, reference, to_text(&made["token"])];
    secrets.extend([temporary, to_text(&signed["bundle"])]);
    for secret in &secrets {
        for request in [
            daypass.get("/v2/access-token").query(&[("pubtoken", secret)]),
            daypass.get("/v2/access-token").query(&[("access_token", secret)]),
            daypass.get("/v2/access-token").bearer_auth(secret).header("origin", "https://evil.example"),
            daypass.get(&format!("/v2/access-token/{secret}")).bearer_auth(&daypass.admin),
            daypass.get(&format!("/{secret}")),
            daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&json!({"kind": secret, "name": "n"})),
            daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&json!({"kind": "secret", secret: 1})),
            daypass.post("/v2/temporary-access-token/create").bearer_auth(secret).json(&json!({"scopes": [secret]})),
            daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", secret)]),
            daypass.post("/introspect").basic_auth(secret, Some(secret)).form(&[("token", secret)]),
            daypass.get("/v2/access-token/self").bearer_auth(secret),
            daypass.get("/verify").header("x-api-token", secret),
        ] {
            send(request).await;
        }
    }
    daypass.revoke(&id).await;
    // The admin's token is revoked last: it authorizes these requests.
    for secret in secrets.iter().rev() {
        let as_it_is = daypass.post("/revoke").bearer_auth(&daypass.admin).form(&[("token", secret)]);
        let misplaced = daypass.post("/revoke").bearer_auth(&daypass.admin).json(&json!({"token": secret}));
        let unread = daypass.post("/v2/revocation").bearer_auth(&daypass.admin).json(&json!({secret: 1}));
        for request in [misplaced, unread, as_it_is] {
            request.send().await.expect("a response");
        }
    }
    secrets.push(CANARY.to_owned());
    // The signature alone is enough to recognize a JWT.
    let signatures = secrets.iter().filter_map(|secret| secret.rsplit_once('.')).map(|(_, last)| last.to_owned());
    let signatures: Vec<_> = signatures.filter(|last| last.len() > 20).collect();
    assert_eq!(signatures.len(), 2);
    [secrets, signatures].concat()
}

#[tokio::test]
async fn no_secret_is_in_the_store_or_in_the_log() {
    let daypass = Daypass::start();
    let secrets = use_secrets(&daypass).await;
    let log = daypass.log();
    assert!(log.contains("token created"), "this is the log of the service");

    let mut files = vec![("log".to_owned(), log.into_bytes())];
    files.extend(daypass.contents());
    for (name, bytes) in &files {
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{name} holds a secret that starts with {}", &secret[..8]);
        }
    }
    let stored = files.iter().any(|(_, bytes)| bytes.windows(FLOOR_READ.len()).any(|w| w == FLOOR_READ.as_bytes()));
    assert!(stored, "the search finds what is stored");
}
