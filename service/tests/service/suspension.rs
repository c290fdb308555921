//! Suspended organizations: their tokens and all that was made from them are refused until they are resumed.

use std::time::{Duration, Instant};

use daypass::Error;
use daypass::api::RevocationTarget;
use daypass::verify::{Credentials, TokenLocation, Verifier};
use reqwest::Method;
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, send, to_text};

const SECOND: Duration = Duration::from_secs(1);

/// The organization `chairs` with one token of each kind, and an API of its own.
struct Chairs {
    owner: String,
    api: String,
    secret_id: String,
    /// Bearer tokens of every kind.
    tokens: Vec<String>,
}

impl Chairs {
    async fn create(daypass: &Daypass) -> Chairs {
        let created = daypass.json(&["organization", "create", "--name", "Chairs", "--id", "chairs"]);
        let owner = to_text(&created["ownerToken"]["token"]);
        let create = async |body: Value| {
            let (status, created) = send(daypass.post("/v2/access-token").bearer_auth(&owner).json(&body)).await;
            assert_eq!(status, 201, "{}", created["message"]);
            (to_text(&created["token"]), to_text(&created["id"]))
        };
        let (api, _) = create(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
        let scopes = [FLOOR_READ, "bundle:create"];
        let (secret, secret_id) = create(json!({"kind": "secret", "name": "Backend", "scopes": scopes})).await;
        let partner = json!({"kind": "application", "name": "Partner", "id": "partner", "scopes": scopes});
        let (partner, _) = create(partner).await;
        let bundle = daypass.post("/v2/bundle/create").bearer_auth(&secret).json(&json!({"parameters": {}}));
        let bundle = to_text(&send(bundle).await.1["bundle"]);
        let reference = daypass.create_reference(&partner, &json!({"file": "f"})).await;
        let temporary = daypass.create_temporary(&secret).await;
        Chairs { owner, api, secret_id, tokens: vec![secret, partner, reference, temporary, bundle] }
    }
}

async fn connect(daypass: &Daypass, token: &str) -> Verifier {
    Verifier::connect(&daypass.url, &daypass.url, token.parse().expect("a token")).await.expect("a verifier")
}

async fn verify(verifier: &Verifier, token: &str) -> Result<(), Error> {
    verifier.verify(&Credentials::new(token, TokenLocation::Bearer), None).await.map(drop)
}

/// Waits until a verifier answers so for all of these tokens, and returns how long that took.
async fn wait_for(verifier: &Verifier, tokens: &[String], expected: &Result<(), Error>) -> Duration {
    let began = Instant::now();
    for token in tokens {
        loop {
            let seen = verify(verifier, token).await;
            if seen == *expected {
                break;
            }
            assert!(began.elapsed() < 5 * SECOND, "{seen:?} instead of {expected:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    began.elapsed()
}

#[tokio::test]
async fn a_suspension_and_its_end_reach_service_and_verifiers_within_a_second() {
    let mut daypass = Daypass::start();
    let chairs = Chairs::create(&daypass).await;
    let create = ["token", "create", "--kind", "secret", "--name", "API", "--scope", "token:introspect"];
    let of_all = daypass.json(&[&create[..], &["--organization", "operator", "--tenant", "*"]].concat());
    let of_all = to_text(&of_all["token"]);
    // One that follows all organizations, one of the organization itself, and one of another.
    let verifiers = [connect(&daypass, &of_all).await, connect(&daypass, &chairs.api).await];
    let elsewhere = [daypass.create_secret().await.0];
    wait_for(&verifiers[0], &elsewhere, &Ok(())).await;
    for verifier in &verifiers {
        wait_for(verifier, &chairs.tokens, &Ok(())).await;
    }
    let operator = to_text(&daypass.line["operatorToken"]);
    let suspended = Err(Error::OrganizationSuspended);

    for round in 0..2 {
        let record = if round == 0 {
            let suspend = daypass.post("/v2/organization/chairs/suspend").bearer_auth(&operator);
            let (status, record) = send(suspend).await;
            assert_eq!(status, 200, "{record}");
            record
        } else {
            daypass.json(&["organization", "suspend", "chairs"])
        };
        assert_eq!((&record["state"], record["suspendedAt"].is_u64()), (&json!("suspended"), true));
        for verifier in &verifiers {
            let took = wait_for(verifier, &chairs.tokens, &suspended).await;
            assert!(took < SECOND, "{took:?}");
        }
        wait_for(&verifiers[0], &elsewhere, &Ok(())).await;
        // The service itself, at once.
        let code = "organization_suspended";
        expect_error(daypass.get("/v2/access-token").bearer_auth(&chairs.owner), 403, code).await;
        let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(&chairs.tokens[0]);
        expect_error(mint.json(&json!({"scopes": [FLOOR_READ]})), 403, code).await;
        let described = send(daypass.get("/v2/access-token/self").bearer_auth(&chairs.tokens[3])).await.1;
        assert_eq!((&described["suspended"], &described["revoked"]), (&json!(true), &json!(false)));
        assert_eq!(send(daypass.get("/verify").header("x-api-token", &chairs.tokens[2])).await.0, 403);

        let record = if round == 0 {
            send(daypass.post("/v2/organization/chairs/resume").bearer_auth(&operator)).await.1
        } else {
            daypass.json(&["organization", "resume", "chairs"])
        };
        assert_eq!((&record["state"], record.get("suspendedAt")), (&json!("active"), Some(&Value::Null)));
        for verifier in &verifiers {
            let took = wait_for(verifier, &chairs.tokens, &Ok(())).await;
            assert!(took < SECOND, "{took:?}");
        }
        assert_eq!(send(daypass.get("/v2/access-token").bearer_auth(&chairs.owner)).await.0, 200);
    }
    let latest = daypass.read_page(&of_all, 0).await;
    let entry = RevocationTarget::Resumed { organization: "chairs".into() };
    assert_eq!(latest.revocations.into_iter().map(|entry| entry.target).collect::<Vec<_>>(), [entry]);
    daypass.restart();
}

#[tokio::test]
async fn a_verifier_that_starts_knows_the_suspensions_that_hold() {
    let mut daypass = Daypass::start_with(&["--issuer", "https://tokens.example", "--audience", "product"]);
    let chairs = Chairs::create(&daypass).await;
    let old = connect_to(&daypass, &chairs.api).await;
    wait_for(&old, &chairs.tokens, &Ok(())).await;
    daypass.json(&["organization", "suspend", "chairs"]);
    let suspended = Err(Error::OrganizationSuspended);
    wait_for(&old, &chairs.tokens, &suspended).await;
    daypass.restart();
    let new = connect_to(&daypass, &chairs.api).await;
    wait_for(&new, &chairs.tokens, &suspended).await;
    // From its first moment on, also for a JWT, of which nothing is looked up.
    let newest = connect_to(&daypass, &chairs.api).await;
    for token in &chairs.tokens[3..] {
        assert_eq!(verify(&newest, token).await, suspended);
    }
    daypass.json(&["organization", "resume", "chairs"]);
    let after = connect_to(&daypass, &chairs.api).await;
    for verifier in [new, after] {
        wait_for(&verifier, &chairs.tokens, &Ok(())).await;
    }
}

async fn connect_to(daypass: &Daypass, token: &str) -> Verifier {
    Verifier::connect(&daypass.url, "product", token.parse().expect("a token")).await.expect("a verifier")
}

#[tokio::test]
async fn what_is_revoked_during_a_suspension_stays_revoked() {
    let daypass = Daypass::start();
    let chairs = Chairs::create(&daypass).await;
    let verifier = connect(&daypass, &chairs.api).await;
    daypass.json(&["organization", "suspend", "chairs"]);
    wait_for(&verifier, &chairs.tokens, &Err(Error::OrganizationSuspended)).await;
    let list = |state: &str| {
        let list = daypass.json(&["token", "list", "--organization", "chairs", "--state", state]);
        list["tokens"].as_array().expect("a list").len()
    };
    assert_eq!((list("suspended"), list("active")), (4, 0));
    daypass.json(&["token", "revoke", &chairs.secret_id, "--organization", "chairs"]);
    let [secret, temporary] = [0, 3].map(|index| chairs.tokens[index..=index].to_vec());
    wait_for(&verifier, &secret, &Err(Error::TokenRevoked)).await;
    wait_for(&verifier, &temporary, &Err(Error::TokenRevoked)).await;
    daypass.json(&["organization", "resume", "chairs"]);
    wait_for(&verifier, &chairs.tokens[1..=2], &Ok(())).await;
    wait_for(&verifier, &secret, &Err(Error::TokenRevoked)).await;
    wait_for(&verifier, &temporary, &Err(Error::TokenRevoked)).await;
    assert_eq!((list("suspended"), list("active"), list("revoked")), (0, 3, 1));
}

#[tokio::test]
async fn an_api_of_a_suspended_organization_still_introspects_and_follows_the_feed() {
    let daypass = Daypass::start();
    let chairs = Chairs::create(&daypass).await;
    let mut events = daypass.subscribe(&chairs.api, 0).await;
    events.until_heartbeat().await;
    daypass.json(&["organization", "suspend", "chairs"]);
    assert_eq!(events.next_revocation().await, RevocationTarget::Suspended { organization: "chairs".into() });
    for _ in 0..3 {
        assert_eq!(events.until_heartbeat().await, (vec![], 1), "heartbeats go on");
    }
    for token in &chairs.tokens {
        let request = daypass.post("/introspect").bearer_auth(&chairs.api).form(&[("token", token)]);
        assert_eq!(send(request).await, (200, json!({"active": false})));
    }
    let request = daypass.post("/introspect").bearer_auth(&chairs.api);
    let (_, answer) = send(request.form(&[("token", &*chairs.tokens[0]), ("record", "true")])).await;
    assert_eq!((&answer["active"], answer["record"]["suspendedAt"].is_u64()), (&json!(false), true));
    // Other kinds and scopes get no further than before.
    expect_error(daypass.get("/v2/revocation").bearer_auth(&chairs.tokens[0]), 403, "insufficient_scope").await;
    expect_error(daypass.get("/v2/access-token").bearer_auth(&chairs.api), 403, "organization_suspended").await;
}

#[tokio::test]
async fn only_an_operator_suspends_and_no_organization_that_administers_or_was_revoked() {
    let daypass = Daypass::start();
    let chairs = Chairs::create(&daypass).await;
    let operator = to_text(&daypass.line["operatorToken"]);
    for action in ["suspend", "resume"] {
        let path = |id: &str| format!("/v2/organization/{id}/{action}");
        expect_error(daypass.post(&path("chairs")).bearer_auth(&chairs.owner), 403, "insufficient_scope").await;
        expect_error(daypass.post(&path("chairs")).bearer_auth(&chairs.tokens[3]), 403, "kind_not_accepted").await;
        expect_error(daypass.post(&path("chairs")), 401, "missing_token").await;
        expect_error(daypass.post(&path("nothing")).bearer_auth(&operator), 404, "not_found").await;
        expect_error(daypass.get(&path("chairs")).bearer_auth(&operator), 405, "method_not_allowed").await;
    }
    let suspend = daypass.post("/v2/organization/operator/suspend").bearer_auth(&operator);
    let message = expect_error(suspend, 400, "invalid_request").await;
    assert!(message.contains("administer the service: it cannot be suspended"), "{message}");
    let output = daypass.command(&["organization", "suspend", "operator"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("cannot be suspended"));

    daypass.json(&["organization", "suspend", "chairs"]);
    let first = daypass.json(&["organization", "show", "chairs"]);
    assert_eq!(daypass.json(&["organization", "suspend", "chairs"]), first, "the first suspension stands");
    let text = String::from_utf8(daypass.command(&["organization", "list"]).stdout).expect("UTF-8");
    assert!(text.contains("  suspended  Chairs  (since "), "{text}");
    let (status, _) = send(daypass.request(Method::DELETE, "/v2/organization/chairs").bearer_auth(&operator)).await;
    assert_eq!(status, 200);
    for action in ["suspend", "resume"] {
        let request = daypass.post(&format!("/v2/organization/chairs/{action}")).bearer_auth(&operator);
        expect_error(request, 400, "invalid_request").await;
    }
    expect_error(daypass.get("/v2/access-token").bearer_auth(&chairs.owner), 401, "token_revoked").await;
}
