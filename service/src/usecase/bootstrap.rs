//! The first start: an organization, its admin token and a signing key, all or nothing.

use daypass::{Error, Grant, OpaqueToken, TokenKind};

use super::clock::now;
use crate::crypto::random;
use crate::crypto::signing_key::SigningKey;
use crate::domain::catalogs::Catalogs;
use crate::domain::token::NewToken;
use crate::store::{Bootstrap, Store};

/// What a service starts with.
pub(crate) struct Start {
    /// The organization of the store.
    pub(crate) organization: String,
    /// Its admin token, at the first start only.
    pub(crate) admin_token: Option<OpaqueToken>,
}

/// Writes what a new store gets first, unless the store has it.
pub(crate) async fn bootstrap(store: &dyn Store, catalogs: &Catalogs) -> Result<Start, Error> {
    if let Some(organization) = store.first_organization().await? {
        return Ok(Start { organization, admin_token: None });
    }
    let now = now();
    let own = format!("org_{}", random::id());
    let token = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("secret tokens are opaque");
    let id = format!("tok_{}", random::id());
    let grants = vec![Grant { tenant: own.clone(), scopes: catalogs.all(), resources: vec![] }];
    let admin = NewToken::new(&token, id, "Admin".into(), own.clone(), grants, now);
    let key = SigningKey::generate(now, now);
    let organization = store.bootstrap(Bootstrap { organization: own.clone(), admin, key, now }).await?;
    // If another process was first, that one has the admin token.
    let admin_token = (organization == own).then_some(token);
    Ok(Start { organization, admin_token })
}
