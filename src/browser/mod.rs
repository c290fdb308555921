//! The half that runs in a visitor's browser, as far as something is decided there. `pkg/src` carries it
//! out: requests, timers, events and keys are the browser's own, and JavaScript is how a browser is spoken
//! to. `docs/design.md` says why.
//!
//! What is exported here has one user, `pkg/src`, and passes texts and numbers alone: each shape costs
//! bytes on both sides. Lists of scopes and of origins are texts with spaces between (RFC 6749, section
//! 3.3).
//!
//! | file | what it is |
//! | --- | --- |
//! | `engine` | when to get a new temporary token, among all tabs: [`crate::session::tabs`] for JavaScript |
//! | `document` | signed documents: their parts, their keys, their life |
//! | `vocabulary` | tokens, scopes, origins and codes |

mod document;
mod engine;
mod vocabulary;

pub use document::{bundle_header, bundle_lifetime, lifetime};
pub use engine::Engine;
pub use vocabulary::{allows_origin, covers, explain, is_scope, token_kind};

/// A tenth of the code of the usual one. Little is allocated here, and for a moment.
#[cfg(feature = "package")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
