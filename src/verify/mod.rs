//! What a product's API uses: [`Verifier::verify`] takes a request's [`Credentials`] and returns an
//! [`Access`] or an [`Error`](crate::Error).
//!
//! There is one way down: credentials, authentic token, evaluation, `Access`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `credentials` | what a request carries: token, location, page, proof |
//! | `verifier` | the settings |
//! | `authenticate` | whether a text is a token of ours: from the cache, by its signature, by introspection |
//! | `evaluate` | whether an authentic token may be used for this request |
//! | `explain` | the checks one by one, for people who ask why a request was refused |
//! | `access` | what a verified token may do |
//! | `scoped` | scopes in signatures |
//! | `decision` | what a hook sees of each decision |
//! | `describe` | what a token's holder may know about it |
//! | `token` | an authentic token, and the rules of location, page, life and requirement |
//! | `sources` | public keys of JWTs, records of opaque tokens |
//! | `sealing` | parameters that only the product's backend reads |
//! | `cache` | the tokens that were authenticated before |
//! | `revocation` | which tokens were revoked, suspended or edited since, and how stale that knowledge is |
//! | `dpop` | tokens that are bound to a key (RFC 9449) |
//! | `rate_limit` | limits on how often requests may come |
//! | `metrics` | counters for the product's exporter (feature `metrics`) |
//! | `issuer` | the issuer that tokens must name |
//! | `outage` | one log line for each cause, not for each request |
//! | `mistake` | one log line for each mistake in the product's program or settings |
//! | `clock` | a time that never goes back |
//! | `remote` | issuer, keys, introspection and feed from a token service over HTTP (feature `remote`) |
//! | `testing` | a token service in memory, for the tests of a product's API (feature `testing`) |
//! | `http` | the tower layer with CORS, the axum extractor, error responses (feature `axum`) |

mod access;
mod authenticate;
mod cache;
mod clock;
mod credentials;
mod decision;
mod describe;
mod dpop;
mod evaluate;
mod explain;
#[cfg(feature = "axum")]
pub mod http;
mod issuer;
#[cfg(feature = "metrics")]
mod metrics;
mod mistake;
#[cfg(doctest)]
mod must_not_compile;
mod outage;
mod rate_limit;
#[cfg(feature = "remote")]
mod remote;
mod revocation;
mod scoped;
mod sealing;
mod sources;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
mod verifier;

pub use access::{Access, AccessCheck, ScopeCheck};
pub use cache::Cache;
pub use credentials::{
    Credential, Credentials, OriginHeader, Page, PageEvidence, PageHeaders, ProofContext, TokenLocation,
};
use decision::Observer;
pub use decision::{Decision, TokenSummary};
pub use dpop::{Dpop, DpopNonces, TokenRequestProof};
pub use explain::{Check, RequestFacts};
use issuer::Issuer;
pub use rate_limit::{Attempt, RateLimit, RateLimits, RateStatus};
#[cfg(feature = "remote")]
pub use remote::{Connect, IssuerMismatch, RemoteIntrospector, RemoteKeys, UseReports};
pub use revocation::Revocations;
pub use scoped::{Permit, Scoped, ScopedCheck};
pub use sealing::{ParseSealingKeyError, SealedError, SealingKey};
pub use sources::{
    Generation, Introspector, KeyLookup, KeySource, PublicKey, ResponseFuture, Standing, StaticKeys, TokenHash,
    Unavailable,
};
pub use verifier::Verifier;

/// The algorithms that proofs may be signed with (RFC 9449), as metadata and challenges name them.
pub const DPOP_ALGORITHMS: [&str; 3] = crate::challenge::DPOP_ALGORITHMS;

/// The most seconds of difference between two servers' clocks that a verifier tolerates.
///
/// SECURITY: a greater leeway would revive tokens that have expired.
pub const MAX_LEEWAY: u64 = 60;
