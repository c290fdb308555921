//! The personal tokens of a user, as an app of the user manages them (Speckle).

use std::time::Instant;

use daypass::api::{CreateTokenRequest, TokenPage, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Error, ForeignFormat, OpaqueToken, TokenKind};

use super::revoke;
use super::tokens::{self, CreateTokenResponse};
use crate::crypto::random;
use crate::domain::catalogs::Catalogs;
use crate::domain::grantor::Grantor;
use crate::domain::principal::Principal;
use crate::domain::protocol;
use crate::domain::token::TokenStatus;
use crate::domain::token_list::TokenFilter;
use crate::store::Store;

/// Returns the user's active personal tokens, newest first: at most [`TokenPage::MOST`].
///
/// # Errors
/// Those of [`tokens::all`].
pub(crate) async fn list(store: &dyn Store, user: &Principal) -> Result<Vec<TokenRecord>, Error> {
    let filter = TokenFilter {
        kind: Some(TokenKind::Personal),
        status: Some(TokenStatus::Active),
        name: None,
        owner: Some(user.id.clone()),
    };
    tokens::all(store, &user.organization, filter, TokenPage::MOST).await
}

/// Creates a personal token in this format, or in Daypass's own.
///
/// # Errors
/// Those of [`tokens::create`].
pub(crate) async fn create(
    store: &dyn Store,
    catalogs: &Catalogs,
    grantor: &Grantor<'_>,
    request: CreateTokenRequest,
    format: Option<ForeignFormat>,
) -> Result<CreateTokenResponse, Error> {
    match format.and_then(|format| OpaqueToken::generate_foreign(format, random::fill)) {
        Some(token) => tokens::create_as(store, catalogs, grantor, request, token).await,
        None => tokens::create(store, catalogs, grantor, request).await,
    }
}

/// Revokes a personal token of the user that is given by its id or in full.
///
/// # Errors
/// [`Error::NotFound`] for anything else, a token that was revoked before included.
pub(crate) async fn revoke(
    store: &dyn Store,
    formats: &[ForeignFormat],
    user: &Principal,
    text: &str,
) -> Result<(), Error> {
    let mut record = None;
    for token in protocol::readings(text, formats).iter().filter(|token| token.kind() == TokenKind::Personal) {
        record = record.or(store.record(TokenHash::of(token), Instant::now()).await?);
    }
    let record = match record {
        Some(record) => TokenRecord::clone(&record),
        None => tokens::find(store, &user.organization, text).await?,
    };
    let is_own = |record: &TokenRecord| {
        (record.kind, &record.organization) == (TokenKind::Personal, &user.organization)
            && record.owner.as_ref() == Some(&user.id)
            && record.revoked_at.is_none()
    };
    if !is_own(&record) {
        return Err(Error::NotFound);
    }
    revoke::token(store, &user.organization, &record.id).await.map(drop)
}
