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
    Verifier,
};
use daypass::{Grant, OpaqueToken, OriginPattern, Requirement, Scope, TokenKind};

/// The issuer of the tokens.
pub const ISSUER: &str = "https://tokens.example";
/// The product that they are for.
pub const AUDIENCE: &str = "floor-api";
/// The tenant of [`need`], which the last grant of every token is for.
pub const TENANT: &str = "org_northlight";
/// What [`need`] asks for.
pub static SCOPE: Scope = Scope::literal("floor:readPrivate");
/// The page that requests come from; the last origin of every token that has any.
pub const SITE: &str = "https://www.northlight.example";
/// As long as the service's names of keys, a SHA-256 in base64url.
const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const SCOPES: [Scope; 4] = [
    Scope::literal("customAttributeValues:readPublic"),
    Scope::literal("floor:queryPublic"),
    Scope::literal("floor:readPrivate"),
    Scope::literal("floor:readPublic"),
];

/// Signs tokens as the service does.
pub struct Issuer(Ed25519KeyPair);

impl Issuer {
    /// The issuer whose key every run shares.
    ///
    /// # Panics
    /// Never: the seed is one.
    #[must_use]
    pub fn new() -> Issuer {
        Issuer(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("32 bytes are a seed"))
    }

    /// The public key's 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The public key as the service publishes it.
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        Jwk::ed25519(KID, self.public_key())
    }

    /// A signed token.
    ///
    /// # Panics
    /// Never: claims are JSON.
    #[must_use]
    pub fn token(&self, claims: &Claims) -> String {
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

/// What the typical temporary token claims.
#[must_use]
pub fn claims(jti: &str) -> Claims {
    let now = now();
    Claims {
        iss: ISSUER.into(),
        sub: TENANT.into(),
        aud: AUDIENCE.into(),
        iat: now,
        nbf: None,
        // The longest life that there is, so that none ends during a run.
        exp: now + daypass::api::duration::MOST,
        jti: jti.into(),
        client_id: "sec_01HZX3J9Q4".into(),
        root_serial: 7,
        cnf: None,
        kind: TokenKind::Temporary,
        grants: grants(1),
        origins: Vec::new(),
    }
}

/// So many grants, of which the last one meets [`need`].
#[must_use]
pub fn grants(count: usize) -> Vec<Grant> {
    let others = (1..count).map(|n| format!("org_tenant{n:04}"));
    let tenants = others.chain([TENANT.to_owned()]);
    tenants.map(|tenant| Grant { tenant, scopes: SCOPES.into_iter().collect(), resources: Vec::new() }).collect()
}

/// So many origin patterns, of which the last one is for [`SITE`].
///
/// # Panics
/// Never: they are patterns.
#[must_use]
pub fn origins(count: usize) -> Vec<OriginPattern> {
    let others = (1..count).map(|n| format!("*.customer{n:04}.example"));
    let patterns = others.chain(["*.northlight.example".to_owned()]);
    patterns.map(|text| text.parse().expect("a pattern")).collect()
}

/// An opaque token as the service keeps it: one grant, no origins.
///
/// # Panics
/// If the operating system gives no randomness, or tokens of this kind are not stored.
#[must_use]
pub fn stored(kind: TokenKind) -> (OpaqueToken, TokenRecord) {
    let token = OpaqueToken::generate(kind, |bytes| aws_lc_rs::rand::fill(bytes).expect("random bytes"))
        .expect("a kind that is stored");
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
        revoked_at: None,
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

/// A verifier that remembers nothing: each decision is a first one.
#[must_use]
pub fn cold(issuer: &Issuer) -> Verifier {
    Verifier::new(ISSUER, AUDIENCE).keys(StaticKeys::from(&Jwks { keys: vec![issuer.jwk()] }))
}

/// A verifier as a product has it: it remembers the tokens it has seen, and follows a feed of revocations.
#[must_use]
pub fn cached(issuer: &Issuer, store: Store, cache: Cache) -> Verifier {
    // Heard once, for the whole run.
    let revocations = Revocations::new().max_staleness(Duration::from_secs(daypass::api::duration::MOST));
    revocations.heartbeat(0);
    cold(issuer).introspector(store).cache(cache).revocations(revocations)
}

/// The cache of what is measured, where its size is none of the matter.
#[must_use]
pub fn cache() -> Cache {
    Cache::new(16 * 1024 * 1024)
}

/// What every request needs.
#[must_use]
pub fn need() -> Requirement<'static> {
    Requirement::new(&SCOPE, TENANT)
}

/// One decision, from the text in the header to the access.
///
/// # Panics
/// If the token is refused.
pub fn decide(verifier: &Verifier, credentials: &Credentials<'_>, need: &Requirement<'_>) -> Access {
    ready(verifier.verify(credentials, Some(need))).expect("the token is good")
}

/// The text as an `Authorization` header carries it.
#[must_use]
pub fn bearer(text: &str) -> Credentials<'_> {
    Credentials::new(text, TokenLocation::Bearer)
}

/// The value of a future that never waits. No runtime adds to what is measured.
///
/// # Panics
/// If it waits.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a decision without a look-up over the network never waits"),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
