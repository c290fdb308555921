//! The half that runs in a visitor's browser: a client that keeps one credential fresh for one API.
//!
//! [`Client`] is for web apps in Rust, on wasm32 and a stable toolchain, with the feature `browser`. The npm package is the same
//! client behind the feature `package`, with a thin layer of TypeScript (`pkg/src`).
//!
//! | file | what it is |
//! | --- | --- |
//! | `client` | [`Client`], and what it does besides requests |
//! | `options` | [`Options`], [`Source`] |
//! | `connection/` | one credential kept fresh: carries out what [`crate::session`] decides |
//! | `provider`, `host` | where temporary tokens come from; the page around this one |
//! | `channel` | the other tabs of this origin: messages, locks |
//! | `request`, `explain` | `fetch` with a credential, and why one failed |
//! | `hooks` | the credential for other HTTP clients |
//! | `url` | where tokens go, and where not |
//! | `bundle`, `jwks` | opens parameter bundles; the service's keys |
//! | `dpop`, `key` | proofs of a key (RFC 9449), and the key |
//! | `token`, `lifetime` | what can be read of a token, and how long it lives |
//! | `error`, `events` | [`Error`], [`Event`] |
//! | `clock`, `http`, `js`, `listening`, `signal` | the platform |
//! | `package/` | the exports for `pkg/src` |

mod bundle;
mod channel;
mod client;
mod clock;
mod connection;
mod dpop;
mod error;
mod events;
mod explain;
mod hooks;
mod host;
mod http;
mod js;
mod jwks;
mod key;
mod lifetime;
mod listening;
mod options;
#[cfg(feature = "package")]
pub mod package;
mod provider;
mod request;
mod signal;
mod token;
mod url;

pub use client::{Client, Description};
pub use error::Error;
pub use events::{Event, Events};
pub use hooks::TransformedRequest;
pub use options::{Options, ProviderOptions, Source};
pub use provider::{Answer, Provider};
