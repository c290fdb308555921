//! The personal tokens of a user, as the user sees them.

use std::time::Instant;

use daypass::api::{TokenPage, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Error, OpaqueToken, TokenKind};

use super::{revoke, tokens};
use crate::domain::page_limit::PageLimit;
use crate::domain::principal::Principal;
use crate::domain::token::TokenStatus;
use crate::domain::token_list::{Cursor, TokenFilter, TokenList};
use crate::store::Store;

/// Returns the user's active personal tokens, newest first: at most [`TokenPage::MOST`].
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn list(store: &dyn Store, user: &Principal) -> Result<Vec<TokenRecord>, Error> {
    let filter = TokenFilter {
        kind: Some(TokenKind::Personal),
        status: Some(TokenStatus::Active),
        name: None,
        owner: Some(user.id.clone()),
    };
    let (mut records, mut cursor) = (vec![], None);
    loop {
        let limit = PageLimit::at_most(TokenPage::MOST - records.len());
        let page = TokenList { filter: filter.clone(), limit, cursor };
        let TokenPage { tokens, next_cursor } = tokens::list(store, &user.organization, page).await?;
        records.extend(tokens);
        cursor = next_cursor.and_then(|cursor| Cursor::try_from(cursor).ok());
        if cursor.is_none() || records.len() >= TokenPage::MOST {
            return Ok(records);
        }
    }
}

/// Revokes a personal token of the user that is given by its id or in full.
///
/// # Errors
/// [`Error::NotFound`] for anything else, a token that was revoked before included.
pub(crate) async fn revoke(store: &dyn Store, user: &Principal, text: &str) -> Result<(), Error> {
    let record = match text.parse::<OpaqueToken>() {
        Ok(token) => {
            store.record(TokenHash::of(&token), Instant::now()).await?.map(|record| TokenRecord::clone(&record))
        }
        Err(_) => Some(tokens::find(store, &user.organization, text).await?),
    };
    let is_own = |record: &TokenRecord| {
        (record.kind, &record.organization) == (TokenKind::Personal, &user.organization)
            && record.owner.as_ref() == Some(&user.id)
            && record.revoked_at.is_none()
    };
    let record = record.filter(is_own).ok_or(Error::NotFound)?;
    revoke::token(store, &user.organization, &record.id).await.map(drop)
}
