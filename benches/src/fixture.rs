//! One key, the typical token (one grant of four scopes), and the verifier for it.

use std::collections::HashMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::api::TokenRecord;
use daypass::jwt::{Claims, Jwk, Jwks, JwtType};
use daypass::verify::{
    Access, Cache, Credentials, Introspector, ResponseFuture, Revocations, StaticKeys, TokenHash, TokenLocation,
    UseReports, Verifier,
};
use daypass::{Grant, OpaqueToken, OriginPattern, Requirement, Scope, TokenKind};

/// The issuer of the tokens.
pub const ISSUER: &str = "https://tokens.example";
/// The audience of the tokens.
pub const AUDIENCE: &str = "floor-api";
/// The tenant of [`requirement`], and of the last grant of every token.
pub const TENANT: &str = "org_northlight";
/// The scope of [`requirement`].
pub static SCOPE: Scope = Scope::literal("floor:readPrivate");
/// The origin of requests, which matches the last origin pattern of every token that has any.
pub const SITE: &str = "https://www.northlight.example";
/// A key id as long as the service's: a SHA-256 hash in base64url.
const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const SCOPES: [Scope; 4] = [
    Scope::literal("customAttributeValues:readPublic"),
    Scope::literal("floor:queryPublic"),
    Scope::literal("floor:readPrivate"),
    Scope::literal("floor:readPublic"),
];

/// A signing key that issues tokens as the service does.
pub struct Issuer(Ed25519KeyPair);

impl Issuer {
    /// Makes the issuer, with the same key in every run.
    ///
    /// # Panics
    /// Never: the seed is valid.
    #[must_use]
    pub fn new() -> Issuer {
        Issuer(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("32 bytes are a seed"))
    }

    /// Returns the 32 bytes of the public key.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// Returns the public key as the service publishes it.
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        Jwk::ed25519(KID, self.public_key())
    }

    /// Signs claims as an access token.
    ///
    /// # Panics
    /// Never: claims are JSON.
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        let payload = serde_json::to_vec(claims).expect("claims are JSON");
        let input = format!("{}.{}", JwtType::AccessToken.header(KID), Base64UrlUnpadded::encode_string(&payload));
        let signature = Base64UrlUnpadded::encode_string(self.0.sign(input.as_bytes()).as_ref());
        format!("{input}.{signature}")
    }
}

impl Default for Issuer {
    fn default() -> Issuer {
        Issuer::new()
    }
}

/// Returns the claims of the typical temporary token.
#[must_use]
pub fn claims(jti: &str) -> Claims {
    let now = now();
    Claims {
        iss: ISSUER.into(),
        sub: TENANT.into(),
        aud: AUDIENCE.into(),
        iat: now,
        nbf: None,
        // The longest lifetime, so that no token expires during a run.
        exp: now + daypass::api::duration::MOST,
        jti: jti.into(),
        client_id: "sec_01HZX3J9Q4".into(),
        root_serial: 7,
        feed_seq: 12,
        cnf: None,
        kind: TokenKind::Temporary,
        grants: grants(1),
        origins: Vec::new(),
        subject: None,
        claims: std::collections::BTreeMap::new(),
        sealed: None,
    }
}

/// Makes this many grants; the last one meets [`requirement`].
#[must_use]
pub fn grants(count: usize) -> Vec<Grant> {
    let others = (1..count).map(|n| format!("org_tenant{n:04}"));
    let tenants = others.chain([TENANT.to_owned()]);
    tenants.map(|tenant| Grant { tenant, scopes: SCOPES.into_iter().collect(), resources: Vec::new() }).collect()
}

/// Makes this many origin patterns; the last one matches [`SITE`].
///
/// # Panics
/// Never: the patterns are valid.
#[must_use]
pub fn origins(count: usize) -> Vec<OriginPattern> {
    let others = (1..count).map(|n| format!("*.customer{n:04}.example"));
    let patterns = others.chain(["*.northlight.example".to_owned()]);
    patterns.map(|text| text.parse().expect("a pattern")).collect()
}

/// Makes an opaque token and its record: one grant, no origins.
///
/// # Panics
/// If the operating system gives no randomness, or tokens of this kind are not opaque.
#[must_use]
pub fn opaque(kind: TokenKind) -> (OpaqueToken, TokenRecord) {
    let token = OpaqueToken::generate(kind, |bytes| aws_lc_rs::rand::fill(bytes).expect("random bytes"))
        .expect("a kind of opaque token");
    let record = TokenRecord {
        id: "tok_01HZX3J9Q4".into(),
        serial: 7,
        root_serial: None,
        kind,
        name: "production".into(),
        organization: TENANT.into(),
        grants: grants(1),
        origins: Vec::new(),
        created_at: now(),
        expires_at: None,
        created_by: None,
        owner: None,
        revoked_at: None,
        suspended_at: None,
        last_used_at: None,
        version: 1,
        last_chars: token.last_chars().into(),
    };
    (token, record)
}

/// A store in memory.
#[derive(Default)]
pub struct Store(HashMap<TokenHash, TokenRecord>);

impl From<(OpaqueToken, TokenRecord)> for Store {
    fn from((token, record): (OpaqueToken, TokenRecord)) -> Store {
        Store(HashMap::from([(TokenHash::of(&token), record)]))
    }
}

impl Introspector for Store {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(std::future::ready(Ok(self.0.get(&TokenHash::of(token)).cloned())))
    }
}

/// Makes a verifier without a cache, so that each decision verifies the token.
#[must_use]
pub fn cold(issuer: &Issuer) -> Verifier {
    Verifier::new(ISSUER, AUDIENCE).keys(StaticKeys::from(&Jwks { keys: vec![issuer.jwk()] }))
}

/// Makes a verifier as a product has it: it caches tokens and follows a feed of revocations.
#[must_use]
pub fn cached(issuer: &Issuer, store: Store, cache: Cache) -> Verifier {
    // Heard once, for the whole run.
    let revocations = Revocations::new().max_staleness(Duration::from_secs(daypass::api::duration::MOST));
    revocations.heartbeat(0, 0, None);
    cold(issuer).introspector(store).cache(cache).revocations(revocations)
}

/// Lets a verifier count its decisions for reports. Nothing is sent, since the runtime is gone.
///
/// # Panics
/// If the system gives no runtime.
#[must_use]
pub fn reporting(verifier: Verifier) -> Verifier {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _runtime = runtime.enter();
    verifier.use_reports(UseReports::new(ISSUER, opaque(TokenKind::Secret).0))
}

/// Makes a cache with room for all tokens.
#[must_use]
pub fn cache() -> Cache {
    Cache::new(16 * 1024 * 1024)
}

/// Returns the requirement of every request.
#[must_use]
pub fn requirement() -> Requirement<'static> {
    Requirement::new(&SCOPE, TENANT)
}

/// Decides on a request, from the text in its header to the access.
///
/// # Panics
/// If the token is refused.
pub fn decide(verifier: &Verifier, credentials: &Credentials<'_>, requirement: &Requirement<'_>) -> Access {
    ready(verifier.verify(credentials, Some(requirement))).expect("the token is valid")
}

/// Makes credentials from the text of a bearer token.
#[must_use]
pub fn bearer(text: &str) -> Credentials<'_> {
    Credentials::new(text, TokenLocation::Bearer)
}

/// Returns the value of a future that never waits, without the cost of a runtime.
///
/// # Panics
/// If the future waits.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a decision without a request over the network never waits"),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
