//! A token service in a few lines: a key, JWTs, records of opaque tokens.
#![allow(dead_code, unreachable_pub, reason = "each program uses a part of it")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::api::TokenRecord;
use daypass::jwt::{Claims, Jwk, Jwks, JwtType};
use daypass::verify::{
    Access, Credentials, Introspector, KeyLookup, KeySource, ResponseFuture, Standing, StaticKeys, TokenHash,
    TokenLocation, Unavailable, Verifier,
};
use daypass::{Error, Grant, OpaqueToken, Scope, TokenKind};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://tokens.example";
pub const AUDIENCE: &str = "floor-api";
pub const ORGANIZATION: &str = "org_northlight";
pub const SITE: &str = "https://www.northlight.example";
/// The time on the verifier's clock.
pub const NOW: u64 = 1_800_000_000;

/// A named key pair, generated from a number.
pub struct Signer {
    pub kid: &'static str,
    pair: Ed25519KeyPair,
}

impl Signer {
    pub fn new(kid: &'static str, seed: u8) -> Signer {
        Signer { kid, pair: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap() }
    }

    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    pub fn jwk(&self) -> Jwk {
        Jwk::ed25519(self.kid, self.public_key())
    }

    pub fn keys(&self) -> StaticKeys {
        StaticKeys::from(&Jwks { keys: vec![self.jwk()] })
    }

    /// Signs a JWT as the service issues it.
    pub fn jwt(&self, jwt_type: JwtType, payload: &Value) -> String {
        self.sign(&jwt_type.header(self.kid), &encoded(payload.to_string()))
    }

    pub fn sign(&self, header: &str, payload: &str) -> String {
        let input = format!("{header}.{payload}");
        let signature = encoded(self.pair.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// The claims of a valid temporary token: an hour from `NOW`, with `grants`.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": ORGANIZATION, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 3600, "jti": "tmp_1",
        "client_id": "sec_1", "root_serial": 7, "kind": "temporary", "grants": grants(),
    })
}

pub fn grants() -> Vec<Grant> {
    let scopes = ["floor:readPublic", "floor:readPrivate"].map(|scope| scope.parse::<Scope>().unwrap());
    vec![Grant { tenant: ORGANIZATION.into(), scopes: scopes.into_iter().collect(), resources: vec![] }]
}

/// The record of a valid opaque token. A publishable one may be used on northlight.example and its
/// subdomains.
pub fn record(kind: TokenKind) -> TokenRecord {
    let origins: &[&str] =
        if kind == TokenKind::Publishable { &["northlight.example", "*.northlight.example"] } else { &[] };
    TokenRecord {
        id: format!("{kind}_1"),
        serial: 1,
        root_serial: None,
        kind,
        name: kind.to_string(),
        organization: ORGANIZATION.into(),
        grants: grants(),
        origins: origins.iter().map(|origin| origin.parse().unwrap()).collect(),
        created_at: NOW,
        expires_at: None,
        created_by: None,
        owner: None,
        revoked_at: None,
        suspended_at: None,
        last_used_at: None,
        version: 1,
        last_chars: String::new(),
    }
}

/// Generates an opaque token.
pub fn generate(kind: TokenKind) -> OpaqueToken {
    OpaqueToken::generate(kind, |bytes| aws_lc_rs::rand::fill(bytes).unwrap()).unwrap()
}

/// Returns what a sequence of requests gives when the machine does not stall: it is repeated until it took less than the
/// second in which the rate of one a second gives a request back. It must begin with new limits, and assert nothing.
pub async fn without_stall<T>(sequence: impl AsyncFn() -> T) -> T {
    loop {
        let start = Instant::now();
        let outcome = sequence().await;
        if start.elapsed() < Duration::from_millis(900) {
            return outcome;
        }
    }
}

/// The records of opaque tokens.
#[derive(Clone, Default)]
pub struct Store(HashMap<TokenHash, TokenRecord>);

impl Store {
    /// Adds a new token with this record. Returns its text.
    pub fn add(&mut self, record: TokenRecord) -> String {
        let token = generate(record.kind);
        self.0.insert(TokenHash::of(&token), record);
        token.expose_secret().to_owned()
    }

    /// Adds a record for a text of the test's choice.
    pub fn add_as(&mut self, text: &str, record: TokenRecord) {
        self.0.insert(TokenHash::of(&text.parse::<OpaqueToken>().unwrap()), record);
    }
}

impl Introspector for Store {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(async { Ok(self.0.get(&TokenHash::of(token)).cloned()) })
    }
}

/// A service that does not respond.
pub struct Down;

impl KeySource for Down {
    fn find<'a>(&'a self, _: &'a str) -> ResponseFuture<'a, KeyLookup> {
        Box::pin(async { Err(Unavailable("the keys did not respond".into())) })
    }
}

impl Introspector for Down {
    fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(async { Err(Unavailable("the store did not respond".into())) })
    }

    fn standing<'a>(&'a self, _: &'a Claims) -> ResponseFuture<'a, Standing> {
        Box::pin(async { Err(Unavailable("the store did not respond".into())) })
    }
}

/// A verifier whose clock stands at `NOW`, without leeway.
pub fn verifier() -> Verifier {
    Verifier::new(ISSUER, AUDIENCE).leeway(0).clock(|| NOW)
}

/// The signing key.
pub fn signer() -> Signer {
    Signer::new("k1", 1)
}

/// A temporary token whose claims have these changes.
pub fn access_token(changes: &[(&str, Value)]) -> String {
    let mut claims = claims();
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    signer().jwt(JwtType::AccessToken, &claims)
}

/// An opaque token and a verifier that has its record.
pub fn stored(record: TokenRecord) -> (String, Verifier) {
    let mut store = Store::default();
    let text = store.add(record);
    (text, verifier().introspector(store))
}

pub async fn bearer(verifier: &Verifier, text: &str) -> Result<Access, Error> {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await
}
