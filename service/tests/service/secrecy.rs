use base64ct::{Base64UrlUnpadded, Base64Unpadded, Encoding};
use reqwest::Method;
use serde_json::{Value, json};

use super::locations::{CHOSEN, create_chosen, tokens};
use super::oauth_clients::{OAuthClient, REDIRECT_URI, Tokens, VERIFIER, add_code, add_developer};
use super::people::{Browser, PASSWORD, add_user, invite};
use super::running::{DEFAULT_PROTOCOLS, Daypass, FLOOR_READ, daypass, now, send, to_text};

/// A text in the place of an access code, which none is.
const CODE: &str = "canary-access-code-c3d0";
/// The log has all that it can have.
const LOGGED: &str = "--access-log";
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
    let daypass = Daypass::start_with(&[LOGGED]);
    let secrets = use_secrets(&daypass).await;
    expect_nowhere(&daypass, &secrets, "token created", FLOOR_READ);
}

/// Accepts an invitation, signs in and changes the password, and sends each secret where it does not belong.
async fn sign_in(daypass: &Daypass) -> Vec<String> {
    const NEW: &str = "canary new password 4d1e";
    const WRONG: &str = "canary wrong password 7b20";
    let organization = daypass.organization();
    let user = add_user(daypass, &daypass.admin, &organization, "ada@example.com", "owner").await;
    let invitation = invite(daypass, &daypass.admin, &organization, &user).await;
    let mut browser = Browser::new(daypass);
    let accept = browser.post("/v2/invitation/accept", &json!({"invitation": invitation, "password": PASSWORD}));
    assert_eq!(browser.send(accept).await.0, 200);
    let change = browser.request(Method::PUT, "/v2/session/password");
    let change = change.json(&json!({"oldPassword": PASSWORD, "newPassword": NEW}));
    assert_eq!(browser.send(change).await.0, 204);
    let session = browser.cookie.clone().expect("a session");
    let unused = invite(daypass, &daypass.admin, &organization, &add_user(daypass, &daypass.admin, &organization, "bob@example.com", "viewer").await).await;
    let secrets = vec![PASSWORD.to_owned(), NEW.to_owned(), WRONG.to_owned(), invitation, unused, session];
    for secret in &secrets {
        for request in [
            browser.post("/v2/session", &json!({"email": "eve@example.com", "password": secret})),
            browser.post("/v2/session", &json!({"email": "eve@example.com", "password": 1, secret: 1})),
            browser.post("/v2/invitation", &json!({"invitation": format!("{secret}x")})),
            browser.post("/v2/invitation", &json!({secret: secret})),
            browser.get("/v2/session/openid-connect/callback").query(&[("state", secret), ("code", secret)]),
            browser.get("/v2/access-token").header("daypass-organization", secret),
            browser.get(&format!("/sign-in/{secret}")).query(&[("invitation", secret)]),
            daypass.get("/v2/access-token").bearer_auth(secret),
        ] {
            request.send().await.expect("a response");
        }
    }
    secrets
}

#[tokio::test]
async fn no_password_session_or_invitation_is_in_the_store_or_in_the_log() {
    let daypass = Daypass::start_with(&[LOGGED]);
    let secrets = sign_in(&daypass).await;
    expect_nowhere(&daypass, &secrets, "signed in", "$argon2id$v=19$m=19456,t=2,p=1$");
    let log = daypass.log();
    assert!(!log.contains("$argon2id$") && !log.contains("example.com"), "the log has a hash or an email");
}

/// Uses a code and a refresh token twice, and sends each secret where it does not belong.
async fn use_oauth(daypass: &Daypass) -> Vec<String> {
    let user = add_developer(daypass, "olga").await;
    let client = OAuthClient::add(daypass, true).await;
    let (used, unused) =
        (add_code(daypass, &client, &user, now() + 60), add_code(daypass, &client, &user, now() + 60));
    let first = Tokens::of(client.redeem(&daypass.url, &used)).await;
    let second = Tokens::of(client.refresh(&daypass.url, &first.refresh)).await;
    let own = Tokens::of(client.ask(&daypass.url, &[("grant_type", "client_credentials")])).await;
    let client_secret = client.secret.clone().expect("a secret").0;
    let tokens = [first.access, first.refresh, second.access, second.refresh, own.access];
    let secrets = [vec![used, unused, client_secret, VERIFIER.to_owned()], tokens.to_vec()].concat();
    for secret in &secrets {
        for request in [
            daypass.post("/oauth/token").query(&[("code", secret)]).form(&[("grant_type", secret)]),
            daypass.post("/oauth/token").form(&[("client_id", secret), ("grant_type", &"refresh_token".to_owned())]),
            daypass.post("/oauth/token").form(&[(&**secret, "1"), (secret, "2"), ("client_id", &client.id)]),
            client.ask(&daypass.url, &[("grant_type", "client_credentials"), ("scope", secret)]),
            client.redeem(&daypass.url, secret),
            client.refresh(&daypass.url, secret),
            daypass.get("/oauth/authorize").query(&[("client_id", secret), ("request_uri", secret)]),
            daypass.post("/revoke").form(&[("token", secret), ("client_id", secret)]),
            daypass.post("/introspect").basic_auth(&client.id, Some(secret)).form(&[("token", secret)]),
        ] {
            request.send().await.expect("a response");
        }
    }
    secrets
}

#[tokio::test]
async fn no_code_client_secret_or_oauth_token_is_in_the_store_or_in_the_log() {
    let daypass = Daypass::start_with(&[LOGGED]);
    let secrets = use_oauth(&daypass).await;
    expect_nowhere(&daypass, &secrets, "family of refresh tokens revoked", REDIRECT_URI);
}

/// Uses the texts of each system whose own format a token has, and sends each where it does not belong.
async fn use_foreign(daypass: &Daypass) -> Vec<String> {
    let (tokens, user) = (tokens(daypass).await, add_developer(daypass, "fred").await);
    let of = |kind: &str| tokens.iter().find(|(known, _)| *known == kind).expect("it").1.clone();
    let (secret, partner, speckle, uuid) = (of("secret"), of("application"), of("Speckle's"), of("UUID"));
    let master = create_chosen(daypass, CHOSEN, "canary.chosen-master.5e1f").await;
    let ended = create_chosen(daypass, CHOSEN, "canary_chosen_ended_91c7").await;
    let secrets = vec![secret, partner, speckle, uuid, master.clone(), ended.clone(), CHOSEN.to_owned(), of("oauthRefresh"),
        CODE.to_owned()];
    let query = "mutation($token: String!) { apiTokenRevoke(token: $token) }";
    for secret in &secrets {
        let (crafter, threekit) = (format!("/api/1/access_token/{secret}"), format!("/api/accesstokens/{secret}"));
        let app = json!({"appId": secret, "appSecret": secret, "accessCode": secret, "challenge": secret});
        let named = json!({"id": secret, "application": secret, "tenantPermissions": [{"tenant": "t", secret: 1}]});
        let text = format!("{{ user(id: \"{secret}\") {{ id {} }} }}", secret.replace(['-', '.'], "_"));
        for request in [
            daypass.get(&crafter).query(&[("accessTokenId", secret)]),
            daypass.get(&crafter).query(&[("accessTokenId", &master)]),
            daypass.get(&format!("{crafter}.json")).bearer_auth(secret),
            daypass.post(&format!("{crafter}/other")).query(&[("accessTokenId", secret)]),
            daypass.post("/api/1/access_token/create").query(&[("accessTokenId", &master)]).json(&named),
            daypass.post("/api/1/access_token/create").query(&[("accessTokenId", secret)]).json(&json!([secret])),
            daypass.post("/api/1/access_token/none/delete").form(&[("accessTokenId", secret)]),
            daypass.get(&threekit).bearer_auth(&daypass.admin),
            daypass.get(&threekit).query(&[("bearer_token", secret), ("orgId", secret)]),
            daypass.get("/api/accesstokens").bearer_auth(&daypass.admin).query(&[("page", secret)]),
            daypass.post("/api/accesstokens").bearer_auth(&daypass.admin).json(&json!({"permissions": secret})),
            daypass.post("/auth/token").json(&app),
            daypass.post("/auth/token").json(&json!({"appId": user, "appSecret": secret, "refreshToken": secret})),
            daypass.post("/auth/token").query(&[("refreshToken", secret)]).json(&json!({secret: 1})),
            daypass.post("/oauth/token").form(&[("grant_type", "refresh_token"), ("refresh_token", secret)]),
            daypass.post("/oauth/token").query(&[("client_secret", secret)]).basic_auth(secret, Some(secret)),
            daypass.get(&format!("/authn/verify/{secret}/{secret}")),
            daypass.post("/graphql").bearer_auth(secret).json(&json!({"query": query, "variables": {"token": secret}})),
            daypass.post("/graphql").query(&[("embedToken", secret)]).json(&json!({"query": text})),
            daypass.post("/graphql").header("cookie", format!("authn={secret}")).json(&json!({"query": secret})),
            daypass.post("/generate").header("x-api-key", secret).json(&json!({secret: secret})),
            daypass.get("/verify").header("x-api-token", secret),
        ] {
            request.send().await.expect("a response");
        }
    }
    // Last, so that each could be used: by its text, at each system's own path.
    let delete = daypass.post(&format!("/api/1/access_token/{ended}/delete")).form(&[("accessTokenId", &master)]);
    assert_eq!(delete.send().await.expect("a response").status(), 200);
    for secret in &secrets[..4] {
        daypass.revoke_by_text(secret).await;
    }
    secrets
}

#[tokio::test]
async fn no_token_in_another_systems_format_is_in_the_store_or_in_the_log() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS, LOGGED]);
    let secrets = use_foreign(&daypass).await;
    expect_nowhere(&daypass, &secrets, "token created", FLOOR_READ);
}

/// What anyone may ask. A path that this version does not have says so.
const OPEN_PATHS: [&str; 16] = [
    "/",
    "/health",
    "/ready",
    "/metrics",
    "/openapi.json",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/v2/sign-in-methods",
    "/v2/session",
    "/v2/audit",
    "/sign-in",
    "/invitation",
    "/applications",
    "/pages/service.js",
    "/oauth/authorize",
    "/api/serverinfo",
];

/// One service does one of everything, and then nothing that it wrote or tells has a secret in any form.
#[tokio::test]
async fn no_secret_is_anywhere_after_one_of_everything() {
    let outside = tempfile::tempdir().expect("a folder");
    let sealing_key = outside.path().join("sealing.key").to_str().expect("UTF-8").to_owned();
    let made = daypass().args(["key", "sealing", &sealing_key]).output().expect("it runs");
    assert!(made.status.success());
    let mut daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS, "--sealing-key-file", &sealing_key]);
    let mut secrets = vec![std::fs::read_to_string(&sealing_key).expect("a key").trim().to_owned()];
    secrets.extend(["ownerToken", "operatorToken"].map(|token| to_text(&daypass.line[token])));
    secrets.extend(sign_in(&daypass).await);
    secrets.extend(use_oauth(&daypass).await);
    secrets.extend(use_foreign(&daypass).await);
    let (partner, sealed) = (daypass.create_partner().await, json!({"parameters": {}, "sealed": {"server": CANARY}}));
    let (status, bundle) = send(daypass.post("/v2/bundle/create").bearer_auth(&partner).json(&sealed)).await;
    assert_eq!(status, 200, "{}", bundle["message"]);
    secrets.extend([partner, to_text(&bundle["bundle"])]);
    daypass.json(&["token", "revoke", "northlight"]);
    // Last, since it revokes the token that made everything.
    secrets.extend(use_secrets(&daypass).await);
    for path in OPEN_PATHS {
        let response = daypass.get(path).send().await.expect("a response");
        let head = format!("{:?}", response.headers()).into_bytes();
        let body = response.bytes().await.expect("a body").to_vec();
        for text in [head, body] {
            search(path, &text, &secrets);
        }
    }
    expect_nowhere(&daypass, &secrets, "token created", FLOOR_READ);
    // What it writes when it starts and when it stops, too.
    daypass.restart();
    expect_nowhere(&daypass, &secrets, "token created", FLOOR_READ);
}

/// Searches the log, which has this text, every other file of the service, and the store, which has this one.
fn expect_nowhere(daypass: &Daypass, secrets: &[String], logged: &str, stored: &str) {
    let log = daypass.log();
    assert!(log.contains(logged), "this is the log of the service");
    let mut files = daypass.contents();
    for entry in std::fs::read_dir(daypass.folder.path()).expect("a folder") {
        let path = entry.expect("a file").path();
        if path.is_file() {
            files.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
        }
    }
    for (name, bytes) in &files {
        search(name, bytes, secrets);
    }
    let is_stored = files.iter().any(|(_, bytes)| bytes.windows(stored.len()).any(|w| w == stored.as_bytes()));
    assert!(is_stored, "the search finds what is stored");
}

/// Expects no secret in what a file or a response has, in any form.
fn search(name: &str, bytes: &[u8], secrets: &[String]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in secrets {
        for (form, hidden) in forms(secret) {
            assert!(!text.contains(&hidden), "{name} holds, {form}, a secret that starts with {}", &secret[..4]);
        }
    }
}

/// Returns a secret as it may be written, and how that is.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let mut forms = vec![("as it is", secret.to_owned())];
    // Wherever it begins in what is encoded, only the characters that come from it alone.
    for before in 0..3 {
        let padded = [&vec![0; before][..], bytes].concat();
        let whole = (padded.len() * 8 / 6).saturating_sub((before * 8).div_ceil(6));
        let own = |text: String| text.chars().skip((before * 8).div_ceil(6)).take(whole).collect::<String>();
        forms.push(("in base64", own(Base64Unpadded::encode_string(&padded))));
        forms.push(("in base64url", own(Base64UrlUnpadded::encode_string(&padded))));
    }
    let list = |each: fn(&u8) -> String, between: &str| bytes.iter().map(each).collect::<Vec<_>>().join(between);
    forms.push(("in hexadecimal", list(|byte| format!("{byte:02x}"), "")));
    forms.push(("in hexadecimal", list(|byte| format!("{byte:02X}"), "")));
    forms.push(("as a list of bytes", list(u8::to_string, ", ")));
    forms.push(("in a form", secret.replace(' ', "+")));
    forms.push(("in a URL", secret.replace(' ', "%20")));
    forms
}

#[test]
fn a_search_finds_a_secret_in_every_form() {
    let secret = "dp_sec_canary with a space";
    for text in [
        secret.to_owned(),
        Base64Unpadded::encode_string(format!("Basic id:{secret}").as_bytes()),
        Base64UrlUnpadded::encode_string(format!("x{secret}y").as_bytes()),
        Base64Unpadded::encode_string(format!("{secret}yy").as_bytes()),
        "64705f7365635f63616e61727920776974682061207370616365".into(),
        format!("{:?}", secret.as_bytes()),
        "q=dp_sec_canary+with+a+space".into(),
    ] {
        assert!(forms(secret).iter().any(|(_, hidden)| text.contains(hidden)), "{text}");
    }
}
