//! Bundle references that are redeemed once, and sealed parameters.

use std::sync::Arc;

use daypass::api::RevocationTarget;
use daypass::verify::{Credentials, SealedError, SealingKey, TokenLocation};
use daypass::{Error, TokenKind};
use reqwest::Response;
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, daypass, expect_error, payload_of, send, to_text};

const PATH: &str = "/v2/bundle/create";

async fn create(daypass: &Daypass, body: Value) -> String {
    let partner =
        match daypass.session().number("SELECT count(*) FROM token WHERE id = 'northlight'") {
            0 => daypass.create_partner().await,
            _ => daypass.admin.clone(),
        };
    let (status, created) = send(daypass.post(PATH).bearer_auth(&partner).json(&body)).await;
    assert_eq!(status, 200, "{}", created["message"]);
    to_text(&created["bundle"])
}

async fn redeem(daypass: &Daypass, reference: &str, nonce: Option<&str>) -> Response {
    let mut request = daypass.get("/verify").header("x-api-token", reference).header("origin", "https://a.example");
    if let Some(nonce) = nonce {
        request = request.header("daypass-redeemer", nonce);
    }
    request.send().await.expect("a response")
}

async fn refusal(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json::<Value>().await.expect("JSON")["error"].clone())
}

fn used() -> (u16, Value) {
    (403, json!("bundle_used"))
}

#[tokio::test]
async fn a_reference_is_redeemed_by_one_client_which_can_load_its_page_again() {
    let daypass = Daypass::start();
    let body = json!({"parameters": {"floor": "f1"}, "singleUse": true, "durationSeconds": 600});
    let reference = create(&daypass, body.clone()).await;
    assert!(reference.starts_with("dp_bun_"), "{reference}");

    for _ in 0..2 {
        let response = redeem(&daypass, &reference, Some("tab")).await;
        assert_eq!(response.status(), 200);
        let readable = response.headers()["access-control-expose-headers"].to_str().expect("text");
        assert!(readable.split(", ").any(|name| name == "Daypass-Bundle"), "{readable}");
        let bundle = response.headers()["daypass-bundle"].to_str().expect("text").to_owned();
        let end = response.headers()["daypass-expires-at"].to_str().expect("text").to_owned();
        assert_eq!(response.json::<Value>().await.expect("JSON"), json!({"floor": "f1", "auth": "northlight"}));
        let verifier = daypass.create_verifier().await;
        let access = verifier.verify(&Credentials::new(&bundle, TokenLocation::Bearer), None).await.expect("access");
        assert_eq!((access.kind(), access.parent()), (TokenKind::Bundle, Some("northlight")));
        assert_eq!(
            (access.scopes().to_string(), access.expires_at().map(|end| end.to_string())),
            (FLOOR_READ.into(), Some(end))
        );
    }
    for nonce in [Some("another tab"), Some(""), None] {
        assert_eq!(refusal(redeem(&daypass, &reference, nonce).await).await, used());
    }
    let minute = "UPDATE bundle SET redeemed_at = redeemed_at - 60";
    daypass.execute(minute);
    assert_eq!(refusal(redeem(&daypass, &reference, Some("tab")).await).await, used());

    // A client without a nonce is never known again.
    let reference = create(&daypass, body).await;
    assert_eq!(redeem(&daypass, &reference, None).await.status(), 200);
    assert_eq!(refusal(redeem(&daypass, &reference, None).await).await, used());
}

#[tokio::test]
async fn the_reference_itself_opens_nothing() {
    let daypass = Daypass::start();
    let reference = create(&daypass, json!({"parameters": {}, "singleUse": true, "origins": ["a.example"]})).await;
    let (api, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["token:introspect"]})).await;
    for _ in 0..2 {
        let form = [("token", &*reference), ("record", "true")];
        let (_, told) = send(daypass.post("/introspect").bearer_auth(&api).form(&form)).await;
        assert_eq!((&told["active"], &told["record"]["grants"]), (&json!(true), &json!([])));
        assert_eq!(redeem(&daypass, &reference, Some("tab")).await.status(), 200);
    }
    let response = redeem(&daypass, &reference, Some("tab")).await;
    let bundle = response.headers()["daypass-bundle"].to_str().expect("text").to_owned();
    let verifier = daypass.create_verifier().await;
    let elsewhere = Credentials::new(&bundle, TokenLocation::Bearer).from_origin("https://b.example");
    assert!(matches!(verifier.verify(&elsewhere, None).await, Err(Error::OriginNotAllowed(_))));
    let other_page = daypass.get("/verify").header("x-api-token", &reference).header("origin", "https://b.example");
    assert_eq!(send(other_page).await.0, 403);

    daypass.revoke("northlight").await;
    assert_eq!(refusal(redeem(&daypass, &reference, Some("tab")).await).await, (403, json!("wrong_token")));
    daypass.revoke_by_text(&bundle).await;
}

#[tokio::test]
async fn what_a_reference_was_redeemed_for_ends_with_it() {
    let daypass = Daypass::start();
    let verifier = daypass.create_verifier().await;
    let revoked = async |bundle: &str| {
        let (status, described) = send(daypass.get("/v2/access-token/self").bearer_auth(bundle)).await;
        assert_eq!(status, 200, "{described}");
        described["revoked"].clone()
    };
    for by_text in [true, false] {
        let after = daypass.read_page(&daypass.admin, 0).await.latest;
        let [reference, other] = [1, 2].map(async |_| create(&daypass, json!({"parameters": {}, "singleUse": true})).await);
        let (reference, other) = (reference.await, other.await);
        let mut bundles = vec![];
        // A repetition gives the same bundle.
        for reference in [&reference, &reference, &other] {
            let response = redeem(&daypass, reference, Some("tab")).await;
            bundles.push(response.headers()["daypass-bundle"].to_str().expect("text").to_owned());
        }
        let access = verifier.verify(&Credentials::new(&bundles[0], TokenLocation::Bearer), None).await.expect("access");
        if by_text {
            daypass.revoke_by_text(&reference).await;
        } else {
            daypass.revoke(access.id()).await;
        }
        let entries = daypass.read_page(&daypass.admin, after).await.revocations;
        let targets: Vec<_> = entries.into_iter().map(|entry| entry.target).collect();
        let jwt = RevocationTarget::Jwt { jti: access.id().to_owned() };
        assert!(matches!(&targets[..], [RevocationTarget::Token { .. }, last] if *last == jwt), "{targets:?}");
        let mut seen = vec![];
        for bundle in &bundles {
            seen.push(revoked(bundle).await);
        }
        assert_eq!(seen, [true, true, false].map(Value::from));
        daypass.revoke_by_text(&reference).await;
        assert_eq!(daypass.read_page(&daypass.admin, after).await.latest, after + 2, "once is for good");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_100_clients_at_once_redeems_it_over_two_processes() {
    let daypass = Arc::new(Daypass::start());
    let beside = daypass.start_beside();
    for _ in 0..3 {
        let reference = create(&daypass, json!({"parameters": {}, "singleUse": true})).await;
        let tasks: Vec<_> = (0..100)
            .map(|client| {
                let url = if client % 2 == 0 { daypass.url.clone() } else { beside.url.clone() };
                let reference = reference.clone();
                tokio::spawn(async move {
                    let request = reqwest::Client::new().get(format!("{url}/verify")).header("x-api-token", reference);
                    let response = request.header("daypass-redeemer", client.to_string()).send().await;
                    let response = response.expect("a response");
                    (response.status() == 200, response.json::<Value>().await.expect("JSON"))
                })
            })
            .collect();
        let mut redeemed = 0;
        for task in tasks {
            let (is_redeemed, body) = task.await.expect("a task");
            redeemed += usize::from(is_redeemed);
            assert!(is_redeemed || body["error"] == "bundle_used", "{body}");
        }
        assert_eq!(redeemed, 1);
    }
}

/// Writes a file that its owner alone can read.
fn write_private(file: &std::path::Path, content: &str) {
    std::fs::write(file, content).expect("a file");
    #[cfg(unix)]
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("permissions");
}

/// A service with a sealing key, and the key's text.
fn start_with_key() -> (Daypass, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sealing.key");
    let path = file.to_str().expect("text");
    let written = daypass().args(["key", "sealing", path]).output().expect("it runs");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let key = std::fs::read_to_string(&file).expect("a key").trim().to_owned();
    let printed = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(printed.contains(path) && !printed.contains(&key), "{printed}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = daypass().args(["key", "sealing", path]).output().expect("it runs");
    assert!(!again.status.success() && std::fs::read_to_string(&file).is_ok_and(|text| text.trim() == key));
    (Daypass::start_with(&["--sealing-key-file", path]), key)
}

#[tokio::test]
async fn sealed_parameters_pass_the_page_unread_and_the_verifier_opens_them() {
    let (daypass, key) = start_with_key();
    let confidential = json!({"server": "https://backend.internal", "key": "k-123"});
    let partner = daypass.create_partner().await;
    for single_use in [false, true] {
        let body = json!({"parameters": {"floor": "f1"}, "sealed": confidential, "singleUse": single_use});
        let (status, created) = send(daypass.post(PATH).bearer_auth(&partner).json(&body)).await;
        assert_eq!(status, 200, "{}", created["message"]);
        let mut bundle = to_text(&created["bundle"]);
        if single_use {
            let response = redeem(&daypass, &bundle, Some("tab")).await;
            bundle = response.headers()["daypass-bundle"].to_str().expect("text").to_owned();
            let seen = response.text().await.expect("a body");
            assert!(!seen.contains("internal") && !seen.contains("k-123"), "{seen}");
        }
        let payload = payload_of(&bundle).to_string();
        assert!(!payload.contains("internal") && !payload.contains("k-123"), "{payload}");

        let sealing_key = |text: &str| SealingKey::parse(text).expect("a key");
        let verifier = daypass.create_verifier().await;
        let credentials = Credentials::new(&bundle, TokenLocation::Bearer);
        let other = sealing_key("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE");
        for (verifier, expected) in [
            (verifier.clone(), Err(SealedError::MissingKey)),
            (verifier.clone().sealing_key(other), Err(SealedError::WrongKey)),
            (verifier.sealing_key(sealing_key(&key)), Ok(Some("k-123".to_owned()))),
        ] {
            let access = verifier.verify(&credentials, None).await.expect("access, whatever is sealed");
            let opened = access.sealed().map(|sealed| sealed.and_then(|sealed| sealed.get::<String>("key")));
            assert_eq!(opened, expected);
            assert!(!format!("{access:?}").contains("k-123"));
        }
    }
    // The file of the store has nothing of it.
    for file in ["daypass.db", "daypass.db-wal", "log"] {
        let bytes = std::fs::read(daypass.folder.path().join(file)).unwrap_or_default();
        for secret in ["backend.internal", "k-123", &key] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{file}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_sealed_or_single_use_bundle_is_named() {
    let (with_key, _) = start_with_key();
    let without_key = Daypass::start();
    for (daypass, body, code, says) in [
        (&without_key, json!({"parameters": {}, "sealed": {"a": 1}}), "invalid_request", "--sealing-key-file"),
        (&with_key, json!({"parameters": {}, "sealed": []}), "invalid_body", "sealed: "),
        (&with_key, json!({"parameters": {}, "sealed": "text"}), "invalid_body", "sealed: "),
        (&with_key, json!({"parameters": {}, "sealed": {"a": "x".repeat(16_000)}}), "invalid_request", "16384"),
        (
            &with_key,
            json!({"parameters": {}, "sealed": {"a": "x".repeat(16_000)}, "singleUse": true}),
            "invalid_request",
            "16384",
        ),
        (&with_key, json!({"parameters": {}, "singleUse": "yes"}), "invalid_body", "singleUse"),
        (&with_key, json!({"parameters": {}, "singleUse": true, "durationSeconds": 59}), "duration_out_of_range", "60"),
        (&with_key, json!({"parameters": {}, "singleUse": true, "origins": ["*"]}), "invalid_request", "not an origin"),
        (&with_key, json!({"parameters": {}, "single": true}), "invalid_body", "unknown field `single`"),
    ] {
        let request = daypass.post(PATH).bearer_auth(&daypass.admin).json(&body);
        let message = expect_error(request, 400, code).await;
        assert!(message.contains(says), "{message}");
    }
    for (content, says) in [("", "not a sealing key"), ("not a key at all", "not a sealing key")] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sealing.key");
        write_private(&file, content);
        let mut serve = daypass();
        let store = folder.path().join("store.db");
        let serve = serve.arg("serve").args(["--listen", "127.0.0.1:0", "--sealing-key-file"]).arg(&file).arg("--store");
        let output = serve.arg(&store).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(says) && told.contains("sealing.key"), "{told}");
        assert!(content.is_empty() || !told.contains(content));
        assert!(!store.exists());
    }
}
