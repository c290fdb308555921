//! Public and private tokens (Threekit): stored tokens of the one model, created, listed and found as that system does.

use std::time::Instant;

use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use daypass::{Error, ForeignFormat};

use super::clock::now;
use super::tokens::{self, CreateTokenResponse};
use crate::domain::catalogs::Catalogs;
use crate::domain::grantor::Grantor;
use crate::domain::numbered_page::NumberedPage;
use crate::domain::permissions::{NewAccessToken, Permissions};
use crate::domain::protocol;
use crate::domain::token::TokenStatus;
use crate::domain::token_list::{Cursor, TokenFilter, TokenList};
use crate::store::{Store, TokenSlice};

/// Creates a public or private token.
///
/// # Errors
/// Those of [`NewAccessToken::request`] and [`tokens::create`].
pub(crate) async fn create(
    store: &dyn Store,
    catalogs: &Catalogs,
    grantor: &Grantor<'_>,
    new: NewAccessToken,
) -> Result<CreateTokenResponse, Error> {
    let owner = match &new.service_account {
        Some(id) => store.principal(grantor.organization(), id).await?,
        None => None,
    };
    let request = new.request(owner.as_ref(), grantor, catalogs)?;
    tokens::create(store, catalogs, grantor, request).await
}

/// Returns a page of an organization's active tokens that are public or private, newest first: all, or those that belong to
/// the principal with this id.
pub(crate) async fn list(
    store: &dyn Store,
    organization: &str,
    owner: Option<String>,
    page: NumberedPage,
) -> Result<Vec<TokenRecord>, Error> {
    let filter = TokenFilter { status: Some(TokenStatus::Active), owner, ..TokenFilter::default() };
    let (mut records, mut skipped, mut cursor) = (vec![], 0, None);
    loop {
        let part = TokenList { filter: filter.clone(), cursor, ..TokenList::default() };
        let TokenSlice { tokens, next } = store.token_page(organization, part.query(now())).await?;
        for record in tokens.into_iter().filter(|record| Permissions::of(record.kind).is_some()) {
            if skipped < page.skipped() {
                skipped += 1;
            } else if records.len() < page.size() {
                records.push(record);
            }
        }
        match next {
            Some(serial) if records.len() < page.size() => cursor = Some(Cursor::after(serial)),
            _ => return Ok(records),
        }
    }
}

/// Returns the public or private token that a text names: by its id, or the token itself, which may be in one of these
/// formats.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such token.
pub(crate) async fn find(
    store: &dyn Store,
    formats: &[ForeignFormat],
    organization: &str,
    text: &str,
) -> Result<TokenRecord, Error> {
    let is_own = |record: &TokenRecord| record.organization == organization && Permissions::of(record.kind).is_some();
    for token in protocol::readings(text, formats) {
        let record = store.record(TokenHash::of(&token), Instant::now()).await?;
        if let Some(record) = record.filter(|record| is_own(record)) {
            return Ok(TokenRecord::clone(&record));
        }
    }
    Some(tokens::find(store, organization, text).await?).filter(is_own).ok_or(Error::NotFound)
}
