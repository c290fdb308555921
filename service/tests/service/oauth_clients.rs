//! OAuth clients in tests: as they are stored, with codes that users let them have.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64UrlUnpadded, Encoding};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::backend::bytes;
use super::people::add_user;
use super::running::{Daypass, now, send, to_text};

/// The redirect URI of the clients in tests.
pub(crate) const REDIRECT_URI: &str = "https://app.example/back";
/// The verifier of the codes in tests.
pub(crate) const VERIFIER: &str = "a-verifier-of-forty-three-characters-at-least";
/// The scopes of the clients in tests.
pub(crate) const SCOPES: [&str; 2] = ["floor:readPrivate", "floor:readPublic"];

/// An OAuth client of the first organization.
#[derive(Clone)]
pub(crate) struct OAuthClient {
    pub(crate) id: String,
    /// The secret of a confidential client, and the id of the token that it is.
    pub(crate) secret: Option<(String, String)>,
}

impl OAuthClient {
    /// Adds a client with every grant type.
    pub(crate) async fn add(daypass: &Daypass, is_confidential: bool) -> OAuthClient {
        let grant_types = ["authorization_code", "refresh_token", "client_credentials"];
        OAuthClient::add_with(daypass, is_confidential, &grant_types).await
    }

    pub(crate) async fn add_with(daypass: &Daypass, is_confidential: bool, grant_types: &[&str]) -> OAuthClient {
        let path = format!("/v2/organization/{}/principal", daypass.organization());
        let body = json!({"kind": "application", "name": "App"});
        let (status, added) = send(daypass.post(&path).bearer_auth(&daypass.admin).json(&body)).await;
        assert_eq!(status, 201, "{}", added["message"]);
        let id = to_text(&added["id"]);
        daypass.execute(&format!(
            "INSERT INTO oauth_client (principal, id, is_confidential, redirect_uris, scopes, grant_types)
            SELECT number, id, {is_confidential}, '{}', '{}', '{}' FROM principal WHERE id = '{id}'",
            json!([REDIRECT_URI]),
            json!(SCOPES),
            json!(grant_types),
        ));
        let secret = if is_confidential {
            let body = json!({"kind": "application", "name": "Secret", "scopes": SCOPES, "owner": id, "id": format!("secret-of-{id}")});
            Some(daypass.create_token(body).await)
        } else {
            None
        };
        OAuthClient { id, secret }
    }

    /// Posts a form to the token endpoint, with what authenticates the client in the form.
    pub(crate) fn ask(&self, url: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let mut form = form.to_vec();
        form.push(("client_id", &self.id));
        if let Some((secret, _)) = &self.secret {
            form.push(("client_secret", secret));
        }
        reqwest::Client::new().post(format!("{url}/oauth/token")).form(&form)
    }

    /// Exchanges a code.
    pub(crate) fn redeem(&self, url: &str, code: &str) -> RequestBuilder {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.ask(url, &form)
    }

    /// Uses a refresh token.
    pub(crate) fn refresh(&self, url: &str, refresh_token: &str) -> RequestBuilder {
        self.ask(url, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    /// Begins a family with a new code of a user, and returns the response.
    pub(crate) async fn begin(&self, daypass: &Daypass, user: &str) -> Tokens {
        let code = add_code(daypass, self, user, now() + 60);
        Tokens::of(self.redeem(&daypass.url, &code)).await
    }
}

/// The tokens in a response.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// The whole response without them.
    pub(crate) rest: Value,
}

impl Tokens {
    /// Sends a request that must get tokens.
    pub(crate) async fn of(request: RequestBuilder) -> Tokens {
        let (status, mut rest) = send(request).await;
        assert_eq!(status, 200, "{}", rest["error_description"]);
        let mut take = |name: &str| rest.as_object_mut().and_then(|rest| rest.remove(name)).as_ref().map(to_text);
        let (access, refresh) = (take("access_token"), take("refresh_token"));
        Tokens { access: access.expect("an access token"), refresh: refresh.unwrap_or_default(), rest }
    }
}

/// Adds a user to the first organization, and returns the id.
pub(crate) async fn add_developer(daypass: &Daypass, name: &str) -> String {
    add_user(daypass, &daypass.admin, &daypass.organization(), &format!("{name}@example.com"), "developer").await
}

/// Adds a code of a user who has consented, and returns it.
pub(crate) fn add_code(daypass: &Daypass, client: &OAuthClient, user: &str, expires_at: u64) -> String {
    let mut code = [0; 32];
    aws_lc_rs::rand::fill(&mut code).expect("randomness");
    let code = Base64UrlUnpadded::encode_string(&code);
    // As the service hashes texts that may be secrets: with their length.
    let mut text = (code.len() as u64).to_be_bytes().to_vec();
    text.extend(code.as_bytes());
    let hash = digest(&SHA256, &text).as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a text");
        hex
    });
    let challenge = Base64UrlUnpadded::encode_string(digest(&SHA256, VERIFIER.as_bytes()).as_ref());
    let (scopes, client, hash) = (json!(SCOPES), &client.id, bytes(&hash));
    let principals = format!("principal AS client, principal AS own WHERE client.id = '{client}' AND own.id = '{user}'");
    daypass.execute(&format!(
        "INSERT INTO oauth_consent (owner, client, scopes, given_at)
        SELECT own.number, client.number, '{scopes}', 1 FROM {principals} ON CONFLICT DO NOTHING;
        INSERT INTO oauth_code (hash, client, owner, redirect_uri, challenge, scopes, expires_at)
        SELECT {hash}, client.number, own.number, '{REDIRECT_URI}', '{challenge}', '{scopes}', {expires_at}
        FROM {principals}"
    ));
    code
}

/// Expects that a request is refused in the words of RFC 6749, and returns the description.
pub(crate) async fn expect_refusal(request: RequestBuilder, status: u16, code: &str) -> String {
    let response = request.send().await.expect("a response");
    let seen = response.status().as_u16();
    let headers = response.headers().clone();
    let body: Value = response.json().await.expect("JSON");
    assert_eq!((seen, &body["error"]), (status, &json!(code)), "{}", body["error_description"]);
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers.contains_key("www-authenticate"), status == 401);
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{body}");
    to_text(&body["error_description"])
}
