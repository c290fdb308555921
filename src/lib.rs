//! The access-token layer for embeds.
//!
//! One vocabulary for both sides of the wire, and a half for each: `browser` (wasm32) keeps a credential fresh in a
//! visitor's page, [`verify`] (native) decides in a product's API whether a request may pass.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`Scope`], [`ScopeSet`] | what may be done |
//! | [`Catalog`] | a product's scopes, as data |
//! | [`Origin`], [`OriginPattern`] | which pages may use a token |
//! | [`Grant`], [`Need`] | who may do what where |
//! | [`TokenKind`], [`TokenText`] | the kinds, and the text of stored tokens |
//! | [`signed`] | the form of what is signed |
//! | [`Parameters`] | what an embed is opened with |
//! | [`wire`] | the JSON shapes |
//! | [`Denied`], [`Reason`] | every reason to refuse, and every code |
//! | [`refresh`] | when to get a new temporary token |
//! | [`tabs`] | one refresh for all tabs of an origin |

mod bundle;
mod catalog;
mod denied;
mod grant;
mod origin;
mod reason;
pub mod refresh;
mod scope;
pub mod signed;
pub mod tabs;
mod token;
pub mod wire;

#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(not(target_arch = "wasm32"))]
pub mod verify;

pub use bundle::Parameters;
pub use catalog::{Alias, Catalog, CatalogScope};
pub use denied::{Denied, Refusal};
pub use grant::{Grant, Need, Resource};
pub use origin::{Origin, OriginPattern, ParseOriginError};
pub use reason::{LOAD_FAILED, REASONS, Reason};
pub use scope::{ParseScopeError, Scope, ScopeSet};
#[cfg(not(target_arch = "wasm32"))]
pub use token::TokenHash;
pub use token::{ParseKindError, ParseTokenError, TokenKind, TokenText};

/// The README's examples are tests.
#[cfg(all(doctest, not(target_arch = "wasm32"), feature = "axum", feature = "remote"))]
#[doc = include_str!("../README.md")]
struct Readme;
