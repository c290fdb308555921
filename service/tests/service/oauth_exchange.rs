//! Token exchange (RFC 8693).

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::oauth_clients::{OAuthClient, SCOPES, Tokens, add_developer, expect_refusal};
use super::oauth_proofs::{Key, with_proof};
use super::running::{Daypass, FLOOR_READ, mistype, payload_of, send};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// A service with a client that may exchange, and a user.
struct World {
    daypass: Daypass,
    client: OAuthClient,
    user: String,
}

impl World {
    async fn start() -> World {
        let daypass = Daypass::start();
        let client = OAuthClient::add_with(&daypass, true, &["authorization_code", "refresh_token", EXCHANGE]).await;
        let user = add_developer(&daypass, "ada").await;
        World { daypass, client, user }
    }

    /// Makes a request to exchange a token, with these parameters beside.
    fn request(&self, subject: &str, more: &[(&str, &str)]) -> RequestBuilder {
        let form = [("grant_type", EXCHANGE), ("subject_token", subject), ("subject_token_type", ACCESS_TOKEN)];
        self.client.ask(&self.daypass.url, &[&form, more].concat())
    }

    async fn exchange(&self, subject: &str) -> Tokens {
        Tokens::of(self.request(subject, &[("scope", SCOPES[1])])).await
    }

    async fn is_active(&self, token: &str) -> bool {
        let request = self.daypass.post("/introspect").bearer_auth(&self.daypass.admin).form(&[("token", token)]);
        send(request).await.1["active"] == json!(true)
    }
}

#[tokio::test]
async fn a_token_is_exchanged_for_a_narrower_one_of_the_same_subject() {
    let world = World::start().await;
    let daypass = &world.daypass;
    let family = world.client.begin(daypass, &world.user).await;
    let claims = payload_of(&family.access);
    let narrow = world.exchange(&family.access).await;
    let rest = json!({
        "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": narrow.rest["expires_in"],
        "scope": SCOPES[1],
    });
    assert_eq!((&narrow.rest, narrow.refresh.is_empty()), (&rest, true));
    let exchanged = payload_of(&narrow.access);
    for same in ["iss", "aud", "sub", "subject", "kind", "root_serial", "client_id"] {
        assert_eq!(exchanged[same], claims[same], "{same}");
    }
    assert_eq!(exchanged["grants"][0]["scopes"], json!([SCOPES[1]]));
    assert!(exchanged["exp"].as_u64() <= claims["exp"].as_u64());
    // The type of the new token, as the client wants to call it; all that is granted without `scope`.
    let as_jwt = [("requested_token_type", JWT), ("audience", &*daypass.url), ("resource", &*daypass.url)];
    let all = Tokens::of(world.request(&family.access, &as_jwt)).await;
    assert_eq!((&all.rest["issued_token_type"], &all.rest["scope"]), (&json!(JWT), &json!(SCOPES.join(" "))));
    // Another client of the organization gets it for itself.
    let other = OAuthClient::add_with(daypass, false, &[EXCHANGE]).await;
    let other = World { daypass: world.daypass, client: other, user: world.user };
    let exchanged = payload_of(&other.exchange(&narrow.access).await.access);
    assert_eq!((&exchanged["client_id"], &exchanged["subject"]), (&json!(other.client.id), &json!(other.user)));
}

#[tokio::test]
async fn stored_tokens_and_temporary_ones_are_exchanged_too() {
    let world = World::start().await;
    let daypass = &world.daypass;
    let (secret, id) = daypass.create_secret().await;
    let exchanged = payload_of(&world.exchange(&secret).await.access);
    assert_eq!((&exchanged["kind"], &exchanged["client_id"]), (&json!("oauthAccess"), &json!(world.client.id)));
    assert_eq!(exchanged["exp"].as_u64(), exchanged["iat"].as_u64().map(|iat| iat + 3600));
    // Scopes that are limited are in the grants alone: a client that reads `scope` takes each for all of the organization.
    let resources = json!([{"type": "floor", "id": "f1"}]);
    let grants = [
        json!({"tenant": daypass.organization(), "scopes": [SCOPES[0]], "resources": resources}),
        json!({"tenant": daypass.organization(), "scopes": [SCOPES[1]]}),
    ];
    let (mixed, _) = daypass.create_token(json!({"kind": "secret", "name": "Mixed", "grants": grants})).await;
    let mixed = Tokens::of(world.request(&mixed, &[])).await;
    assert_eq!((&mixed.rest["scope"], payload_of(&mixed.access)["grants"].as_array().map(Vec::len)), (&json!(SCOPES[1]), Some(2)));
    // Origins and the visitor stay: it is a temporary token still.
    let body = json!({"scopes": SCOPES, "durationSeconds": 900, "origins": ["shop.example"], "subject": "visitor-7"});
    let request = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret).json(&body);
    let (_, temporary) = send(request).await;
    let temporary = temporary["authorization"].as_str().and_then(|text| text.strip_prefix("Bearer ")).expect("a token");
    let narrow = world.exchange(temporary).await;
    let (claims, exchanged) = (payload_of(temporary), payload_of(&narrow.access));
    for same in ["kind", "origins", "subject", "client_id", "exp"] {
        assert_eq!(exchanged[same], claims[same], "{same}");
    }
    assert_eq!(exchanged["client_id"], json!(id));
    assert!(narrow.rest["expires_in"].as_u64().is_some_and(|seconds| seconds <= 900));
}

#[tokio::test]
async fn an_exchanged_token_ends_with_its_subject_token() {
    let world = World::start().await;
    let daypass = &world.daypass;
    let (secret, id) = daypass.create_secret().await;
    let of_secret = world.exchange(&secret).await.access;
    let family = world.client.begin(daypass, &world.user).await;
    let child = world.exchange(&family.access).await.access;
    let grandchild = world.exchange(&child).await.access;
    let sibling = world.exchange(&family.access).await.access;

    daypass.revoke_by_text(&child).await;
    let tokens = [&family.access, &child, &grandchild, &sibling, &of_secret];
    let mut active = vec![];
    for token in tokens {
        active.push(world.is_active(token).await);
    }
    assert_eq!(active, [true, false, false, true, true]);
    daypass.revoke_by_text(&family.access).await;
    assert!(!world.is_active(&sibling).await);
    daypass.revoke(&id).await;
    assert!(!world.is_active(&of_secret).await);
    for dead in [&child, &grandchild, &sibling, &secret, &of_secret] {
        let why = expect_refusal(world.request(dead, &[]), 400, "invalid_request").await;
        assert_eq!(why, "The `subject_token` was revoked.");
    }
}

#[tokio::test]
async fn what_cannot_be_exchanged_is_refused_in_the_words_of_rfc_8693() {
    let world = World::start().await;
    let daypass = &world.daypass;
    let family = world.client.begin(daypass, &world.user).await;
    let (secret, _) = daypass.create_secret().await;
    let limited = json!({"kind": "secret", "name": "Backend", "scopes": [FLOOR_READ]});
    let (limited, _) = daypass.create_token(limited).await;
    let publishable = json!({"kind": "publishable", "name": "Page", "scopes": ["floor:readPublic"], "origins": ["a.example"]});
    let (publishable, _) = daypass.create_token(publishable).await;
    let access = &*family.access;
    let (unknown, tampered) = (mistype(&secret), format!("{access}A"));
    let request = |subject: &str, more: &[(&str, &str)]| world.request(subject, more);
    let form = |form: &[(&str, &str)]| world.client.ask(&daypass.url, &[&[("grant_type", EXCHANGE)], form].concat());
    let in_page = OAuthClient::add_with(daypass, false, &[EXCHANGE]).await;
    let of_secret = [("grant_type", EXCHANGE), ("subject_token", &secret), ("subject_token_type", ACCESS_TOKEN)];
    for (request, code) in [
        (form(&[("subject_token", access)]), "invalid_request"),
        (form(&[("subject_token_type", ACCESS_TOKEN)]), "invalid_request"),
        (form(&[("subject_token", access), ("subject_token_type", "access_token")]), "invalid_request"),
        (form(&[("subject_token", &secret), ("subject_token_type", JWT)]), "invalid_request"),
        (request(&unknown, &[]), "invalid_request"),
        (request(&tampered, &[]), "invalid_request"),
        (request("hunter2", &[]), "invalid_request"),
        (request("\u{0}", &[]), "invalid_request"),
        (request(&publishable, &[]), "invalid_request"),
        (request(&family.refresh, &[]), "invalid_request"),
        (request(access, &[("actor_token", access), ("actor_token_type", ACCESS_TOKEN)]), "invalid_request"),
        (request(access, &[("requested_token_type", "urn:ietf:params:oauth:token-type:saml2")]), "invalid_request"),
        (request(access, &[("audience", "https://other.example")]), "invalid_target"),
        (request(access, &[("resource", &daypass.url), ("resource", "https://other.example")]), "invalid_target"),
        (request(access, &[("scope", "floor:export")]), "invalid_scope"),
        (request(access, &[("scope", "*")]), "invalid_scope"),
        (request(&limited, &[("scope", SCOPES[1])]), "invalid_scope"),
        (request(access, &[("scope", SCOPES[1]), ("scope", SCOPES[1])]), "invalid_request"),
        // A page that holds a secret token gets nothing for it.
        (in_page.ask(&daypass.url, &of_secret).header("origin", "https://shop.example"), "invalid_request"),
    ] {
        expect_refusal(request, 400, code).await;
    }
    let without = OAuthClient::add(daypass, true).await;
    let form = [("grant_type", EXCHANGE), ("subject_token", access), ("subject_token_type", ACCESS_TOKEN)];
    expect_refusal(without.ask(&daypass.url, &form), 400, "unauthorized_client").await;
    assert!(world.is_active(access).await);
}

#[tokio::test]
async fn a_bound_token_is_exchanged_with_a_proof_of_its_key_alone() {
    let world = World::start().await;
    let url = &world.daypass.url;
    let (secret, _) = world.daypass.create_secret().await;
    let (key, other) = (Key::new(), Key::new());
    let bound = Tokens::of(with_proof(url, &key, world.request(&secret, &[])).await).await;
    assert_eq!(payload_of(&bound.access)["cnf"], json!({"jkt": key.thumbprint()}));
    expect_refusal(world.request(&bound.access, &[]), 400, "invalid_request").await;
    let (status, refused) = send(with_proof(url, &other, world.request(&bound.access, &[])).await).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_request")));
    let again = Tokens::of(with_proof(url, &key, world.request(&bound.access, &[])).await).await;
    assert_eq!((&again.rest["token_type"], &payload_of(&again.access)["cnf"]["jkt"]), (&json!("DPoP"), &json!(key.thumbprint())));
}

#[tokio::test]
async fn a_token_of_another_organization_is_not_known() {
    let world = World::start().await;
    let daypass = &world.daypass;
    let created: Value = daypass.json(&["organization", "create", "--name", "Other", "--id", "other"]);
    let other = created["ownerToken"]["token"].as_str().expect("an owner token");
    let request = daypass.post("/v2/access-token").bearer_auth(other).json(&json!({"kind": "secret", "name": "Theirs"}));
    let (_, theirs) = send(request).await;
    let theirs = theirs["token"].as_str().expect("a token");
    let refusals = [theirs, &mistype(theirs)].map(|subject| world.request(subject, &[]));
    let mut texts = vec![];
    for refusal in refusals {
        texts.push(expect_refusal(refusal, 400, "invalid_request").await);
    }
    assert_eq!(texts[0], texts[1]);
}
