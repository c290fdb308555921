//! The first start: an organization, its admin token and a signing key, or nothing of it.

use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use daypass::{Error, Grant, OpaqueToken, TokenKind};

use crate::catalogs::Catalogs;
use crate::store::{Bootstrap, NewRecord, Store};
use crate::{signing, unique};

/// What a service has started with.
pub(crate) struct Started {
    /// The organization of the store.
    pub(crate) organization: String,
    /// Its admin token, at the first start only.
    pub(crate) admin_token: Option<OpaqueToken>,
}

/// Begins the store unless it has begun before.
pub(crate) async fn start(store: &Store, catalogs: &Catalogs) -> Result<Started, Error> {
    if let Some(organization) = store.organization().await? {
        return Ok(Started { organization, admin_token: None });
    }
    let now = unique::now();
    let own = format!("org_{}", unique::id());
    let token = OpaqueToken::generate(TokenKind::Secret, unique::fill).expect("secret tokens are stored");
    let record = TokenRecord {
        id: format!("tok_{}", unique::id()),
        serial: 0,
        root_serial: None,
        kind: TokenKind::Secret,
        name: "Admin".into(),
        organization: own.clone(),
        grants: vec![Grant { tenant: own.clone(), scopes: catalogs.all(), resources: vec![] }],
        origins: vec![],
        created_at: now,
        expires_at: None,
        revoked_at: None,
        last_chars: token.last_chars().into(),
    };
    let admin = NewRecord { record, hash: TokenHash::of(&token) };
    let organization =
        store.begin(Bootstrap { organization: own.clone(), admin, key: signing::generate(now, now), now }).await?;
    // Had another process begun the store in the meantime, that one has the admin token.
    let admin_token = (organization == own).then_some(token);
    Ok(Started { organization, admin_token })
}
