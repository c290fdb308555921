//! What a product's API trusts: [`Verifier::verify`] takes what a request presented and what it needs, and gives
//! [`Access`] or [`Denied`](crate::Denied).
//!
//! | file | what it is |
//! | --- | --- |
//! | `presented` | what a request presented: credential, carrier, origin |
//! | `verifier` | the decision |
//! | `describe` | what a token's holder may know of it, admitted or not |
//! | `access` | what a verified token may do |
//! | `keys` | public keys for signed tokens |
//! | `lookup` | where opaque tokens are looked up |
//! | `remote` | keys and look-up from a token service over HTTP (feature `remote`) |
//! | `http` | the tower layer with CORS, the axum extractor, the answer to a refusal (feature `axum`) |

mod access;
mod describe;
#[cfg(feature = "axum")]
pub mod http;
mod keys;
mod lookup;
mod presented;
#[cfg(feature = "remote")]
mod remote;
mod verifier;

pub use access::{Access, Requirement, ScopeRequirement};
pub use keys::{Keys, PublicKey, StaticKeys};
pub use lookup::{Answer, Lookup, Unavailable};
pub use presented::{Carrier, Credential, Presented, SeenOrigin};
#[cfg(feature = "remote")]
pub use remote::{RemoteKeys, RemoteLookup};
pub use verifier::{MAX_LEEWAY, Verifier};
