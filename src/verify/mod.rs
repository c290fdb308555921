//! What a product's API trusts: [`Verifier::verify`] takes what a request presented and what it needs, and gives
//! [`Access`] or [`Denied`](crate::Denied).
//!
//! | file | what it is |
//! | --- | --- |
//! | `presented` | what a request presented: credential, carrier, origin, proof |
//! | `verifier` | the settings and the decision |
//! | `genuine` | whether a text is a token of ours: from memory, by its signature, by a look-up |
//! | `decision` | what a hook sees of each decision |
//! | `metrics` | counters for whatever exporter a product has (feature `metrics`) |
//! | `describe` | what a token's holder may know of it, admitted or not |
//! | `token` | a genuine token, and the rules of carrier, origin and life |
//! | `access` | what a verified token may do |
//! | `keys` | public keys for signed tokens |
//! | `lookup` | where opaque tokens are looked up |
//! | `cache` | the tokens that were seen before |
//! | `revocations` | what was revoked since, and how fresh that knowledge is |
//! | `dpop` | tokens that are bound to a key: nonces, replays (RFC 9449) |
//! | `proof` | one proof that a sender has a key |
//! | `fingerprint` | a keyed hash that stands for a text |
//! | `clock` | a time that never goes back |
//! | `remote` | keys, look-up and feed from a token service over HTTP (feature `remote`) |
//! | `http` | the tower layer with CORS, the axum extractor, the answer to a refusal (feature `axum`) |

mod access;
mod cache;
mod clock;
mod decision;
mod describe;
mod dpop;
mod fingerprint;
mod genuine;
#[cfg(feature = "axum")]
pub mod http;
mod keys;
mod lookup;
#[cfg(feature = "metrics")]
mod metrics;
mod presented;
mod proof;
#[cfg(feature = "remote")]
mod remote;
mod revocations;
mod token;
mod verifier;

pub use access::{Access, Requirement, ScopeRequirement};
pub use cache::Cache;
pub use decision::Decision;
use decision::Observer;
pub use dpop::Dpop;
pub use keys::{Keys, PublicKey, StaticKeys};
pub use lookup::{Answer, Lookup, Unavailable};
pub use presented::{Carrier, Credential, Presented, SeenOrigin, SeenProof};
#[cfg(feature = "remote")]
pub use remote::{RemoteKeys, RemoteLookup};
pub use revocations::Revocations;
pub use verifier::Verifier;

/// Security rule: no more than this many seconds of difference between two servers' clocks are forgiven.
pub const MAX_LEEWAY: u64 = 60;
