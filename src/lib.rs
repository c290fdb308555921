//! The access-token layer for embeds.
//!
//! One vocabulary for both sides of the wire, and a half for each side: `browser` (wasm32) keeps a credential fresh in a
//! visitor's page, [`verify`] (native) decides in a product's API whether a request may pass.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Scope`], [`ScopeSet`] | what a token may do |
//! | [`RequiredScope`], [`scopes!`] | a scope as a type, for signatures |
//! | [`Catalog`] | a product's scopes, as data |
//! | [`Origin`], [`OriginPattern`] | which pages may use a token |
//! | [`Grant`], [`Requirement`] | what a token holds, and what a request needs |
//! | [`TokenKind`], [`OpaqueToken`], [`ForeignFormat`] | the kinds of tokens, and the text of a stored one |
//! | [`jwt`] | the form of signed tokens and bundles, their claims and keys |
//! | [`Parameters`] | what an embed is opened with |
//! | [`api`] | the JSON bodies of requests and responses |
//! | [`Error`], [`ErrorCode`] | why a request is refused, and the table of all codes |
//! | [`session`] | when to get a new temporary token, alone and among tabs |
//!
//! The vocabulary is pure: it has no clock, no randomness and no code for one target only.

pub mod api;
mod catalog;
mod challenge;
mod error;
mod grant;
pub mod jwt;
mod origin;
mod parameters;
mod scope;
pub mod session;
mod text;
mod token;

#[cfg(all(target_arch = "wasm32", feature = "browser"))]
pub mod browser;
#[cfg(not(target_arch = "wasm32"))]
pub mod verify;

pub use catalog::{Alias, Catalog, CatalogScope};
pub use error::{Error, ErrorBody, ErrorCode, UnknownPage};
pub use grant::{Grant, Requirement, Resource};
pub use origin::{Origin, OriginPattern, ParseOriginError};
pub use parameters::Parameters;
pub use scope::{ParseScopeError, RequiredScope, Scope, ScopeSet};
pub use token::{ForeignFormat, OpaqueToken, ParseKindError, ParseTokenError, TokenKind};

/// The README's examples are tests.
#[cfg(all(doctest, not(target_arch = "wasm32"), feature = "axum", feature = "remote"))]
#[doc = include_str!("../README.md")]
struct Readme;
