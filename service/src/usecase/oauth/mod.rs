//! OAuth 2.1: what the authorization server does.
//!
//! | module | what it does |
//! | --- | --- |
//! | `access_token` | signs access tokens |
//! | `authentication` | authenticates clients |
//! | `authorize` | answers authorization requests with codes |
//! | `client_credentials` | gives a client tokens of its own |
//! | `clients` | registers and finds clients |
//! | `code` | gives a client tokens for a code |
//! | `consents` | lists and withdraws what users let clients have |
//! | `kept_requests` | keeps the authorization requests that clients push |
//! | `own_tokens` | tells clients of their own tokens, and revokes those |
//! | `proof` | reads the key that a client proves to have |
//! | `refresh` | gives a client tokens for a refresh token |
//! | `token_exchange` | gives a client a narrower token for one that it holds |

mod access_token;
pub(crate) mod authentication;
pub(crate) mod authorize;
pub(crate) mod client_credentials;
pub(crate) mod clients;
pub(crate) mod code;
pub(crate) mod consents;
pub(crate) mod kept_requests;
pub(crate) mod own_tokens;
pub(crate) mod proof;
pub(crate) mod refresh;
pub(crate) mod token_exchange;

use std::sync::Arc;

use super::current_catalog::CatalogView;
use super::jwt_issuer::JwtIssuer;
use crate::store::Store;

pub(crate) use access_token::TokenResponse;

/// What gives tokens.
pub(crate) struct Issuing<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) catalog: Arc<CatalogView>,
    pub(crate) jwt_issuer: &'a JwtIssuer,
}
