//! Where a verifier gets its knowledge about tokens.
//!
//! | file | what it is |
//! | --- | --- |
//! | `keys` | public keys of JWTs |
//! | `introspector` | records of opaque tokens |
//! | `token_hash` | the hash that a store keeps of an opaque token |

mod introspector;
mod keys;
mod token_hash;

pub use introspector::{Generation, Introspector, ResponseFuture, Standing, Unavailable};
pub(super) use keys::Key;
pub use keys::{KeyLookup, KeySource, PublicKey, StaticKeys};
pub use token_hash::TokenHash;
