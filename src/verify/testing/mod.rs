//! For the tests of a product's API: [`Testing`] is a verifier's token service, in memory, with a clock that the test sets.
//!
//! The feature `testing` has it. Turn it on in `[dev-dependencies]` alone: then no program that you ship has it, and a build
//! without debug assertions that has it does not compile.
//!
//! | file | what it is |
//! | --- | --- |
//! | `service` | the service: keys, records, feed, outages |
//! | `new_token` | a token that is about to be created |
//! | `token` | a token, and requests with it |
//! | `key_pair` | keys that sign |

mod key_pair;
mod new_token;
mod service;
mod token;

use std::fmt;
use std::sync::Arc;

use super::{Cache, Dpop, SealingKey, Verifier};
use crate::api::RevocationTarget;
use crate::{ForeignFormat, TokenKind};
use key_pair::KeyPair;
pub use new_token::NewToken;
use service::Service;
pub use token::TestToken;

/// SECURITY: what signs for everybody who asks is not for programs that are shipped.
const _: () = assert!(
    cfg!(debug_assertions) || option_env!("DAYPASS_TESTING").is_some(),
    "the feature `testing` of daypass is for tests: have it in [dev-dependencies] alone. To run tests without debug \
     assertions, set the environment variable DAYPASS_TESTING"
);

/// The issuer of the tokens: no server can have this name (RFC 2606).
const ISSUER: &str = "https://testing.invalid";
const AUDIENCE: &str = "testing";
/// The memory for verified tokens, in bytes.
const CACHE: usize = 1 << 20;

/// A token service for tests: it creates tokens of every kind, and makes verifiers that accept them, by the same code as in
/// production. Its keys are random, so that no other verifier accepts the tokens.
///
/// The clock starts at the system's time and stands still until [`advance`](Testing::advance). Clones are the same service.
///
/// ```
/// use daypass::verify::testing::Testing;
/// use daypass::{Error, Scope, TokenKind};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// const READ: Scope = Scope::literal("floor:readPublic");
/// let testing = Testing::new();
/// let verifier = testing.verifier();
/// let page = testing.token(TokenKind::Publishable).scope(READ).tenant("northlight").origin("shop.example").create();
///
/// let access = verifier.verify(&page.credentials(), None).await?;
/// assert!(access.require(&READ).tenant("northlight").resource("ground").is_met());
///
/// let elsewhere = page.clone().from_origin("https://elsewhere.example");
/// let refused = verifier.verify(&elsewhere.credentials(), None).await;
/// assert_eq!(refused.err(), Some(Error::OriginNotAllowed("https://elsewhere.example".into())));
///
/// testing.revoke(&page);
/// assert_eq!(verifier.verify(&page.credentials(), None).await.err(), Some(Error::TokenRevoked));
/// # Ok::<(), Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Testing {
    service: Arc<Service>,
    /// The key of a browser.
    browser: Arc<KeyPair>,
    api: Arc<str>,
}

impl Testing {
    /// The organization and the tenant of tokens for which no other is set.
    pub const ORGANIZATION: &str = "org_testing";

    /// Makes a service without tokens.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[must_use]
    pub fn new() -> Testing {
        let browser = Arc::new(KeyPair::generate());
        Testing { service: Arc::new(Service::new()), browser, api: "https://api.invalid".into() }
    }

    /// Sets the URL of the API, which [proofs](TestToken::proof) are for, for an API that sets its own [`Dpop`].
    #[must_use]
    pub fn api(self, url: &str) -> Testing {
        Testing { api: url.trim_end_matches('/').into(), ..self }
    }

    /// Makes a verifier of the tokens, with a cache, a feed of revocations and proofs. What else the product sets is added, as
    /// to one of [`Verifier::connect`]: its catalogue, foreign formats, rate limits.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        let service = Arc::clone(&self.service);
        Verifier::new(ISSUER, AUDIENCE)
            .leeway(0)
            .clock(move || service.now())
            .keys(Arc::clone(&self.service))
            .introspector(Arc::clone(&self.service))
            .revocations(Arc::clone(&self.service.feed))
            .cache(Cache::new(CACHE))
            .dpop(Dpop::new(&self.api))
            .sealing_key(self.sealing_key())
    }

    fn sealing_key(&self) -> SealingKey {
        SealingKey::parse(&self.service.sealing_key).expect("32 bytes in base64url")
    }

    /// Begins a token of this kind: it has no scopes, and expires as it would if the service created it. A bundle is signed.
    pub fn token(&self, kind: TokenKind) -> NewToken<'_> {
        NewToken::new(self, kind, None)
    }

    /// Begins a token in the format of another system, which a verifier with
    /// [`foreign_tokens`](Verifier::foreign_tokens) accepts.
    pub fn foreign_token(&self, format: ForeignFormat) -> NewToken<'_> {
        NewToken::new(self, format.kind(), Some(format))
    }

    /// Returns the time, in Unix seconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.service.now()
    }

    /// Lets time pass. What was cached stays: its age goes by the system's clock.
    pub fn advance(&self, seconds: u64) {
        self.service.advance(seconds);
    }

    /// Revokes a token, and everything whose [parent](NewToken::parent) it is.
    pub fn revoke(&self, token: &TestToken) {
        self.service.publish(token.revocation());
    }

    /// Refuses all tokens of an organization until it is resumed.
    pub fn suspend(&self, organization: &str) {
        self.service.publish(RevocationTarget::Suspended { organization: organization.into() });
    }

    /// Ends the suspension of an organization.
    pub fn resume(&self, organization: &str) {
        self.service.publish(RevocationTarget::Resumed { organization: organization.into() });
    }

    /// Signs with a new key from now on. What the last one signed stays valid until it expires.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    pub fn rotate_key(&self) {
        self.service.rotate_key();
    }

    /// Lets introspection fail: opaque tokens that no verifier has cached are refused with 503.
    pub fn fail_introspection(&self) {
        self.service.set_introspection(false);
    }

    /// Lets the public keys be out of reach: signed tokens that no verifier has cached are refused with 503.
    pub fn fail_keys(&self) {
        self.service.set_keys(false);
    }

    /// Lets the feed of revocations fall silent for too long: every token is refused with 503.
    pub fn fail_feed(&self) {
        self.service.feed.reset();
    }

    /// Ends all outages. A verifier asks for a token again a second after it failed to; a new verifier does at once.
    pub fn recover(&self) {
        self.service.set_introspection(true);
        self.service.set_keys(true);
        self.service.confirm();
    }
}

impl Default for Testing {
    fn default() -> Testing {
        Testing::new()
    }
}

/// Shows no key.
impl fmt::Debug for Testing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Testing").field("now", &self.now()).field("api", &self.api).finish_non_exhaustive()
    }
}
