//! Finds the token that somebody asks about, by its text or by what lists show of it.

use std::time::Instant;

use daypass::api::TokenRecord;
use daypass::jwt::Claims;
use daypass::verify::{Standing, TokenHash};
use daypass::{Error, ForeignFormat, TokenKind};

use super::fresh_keys::KeysOf;
use super::jwt_issuer::JwtIssuer;
use crate::domain::page_limit::PageLimit;
use crate::domain::protocol;
use crate::domain::public_part::PublicPart;
use crate::domain::revocation::jwt_standing;
use crate::domain::token_list::{Cursor, TokenFilter, TokenList};
use crate::store::Store;
use crate::usecase::tokens;

/// How many tokens a public part may stand for. More of them are left out.
const MOST: usize = 20;
/// How many pages of tokens are compared with a public part.
const PAGES: usize = 20;

/// The token that somebody asks about.
pub(crate) enum Subject {
    /// A stored one.
    Stored(Box<TokenRecord>),
    /// A JWT that this service signed, and whether it was revoked.
    Jwt(Box<Claims>, Standing),
    /// Several stored ones that end with the same characters.
    Several(Vec<TokenRecord>),
    /// None of the newest ones, so many, that were compared with a public part. There are more.
    OlderThan(usize),
}

/// Where tokens are looked for.
pub(crate) struct Search<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) jwt_issuer: &'a JwtIssuer,
    /// The formats that a token may have beside Daypass's own.
    pub(crate) formats: &'a [ForeignFormat],
    /// The organization whose tokens are found.
    pub(crate) organization: &'a str,
}

impl Search<'_> {
    /// Finds a token by its whole text, by its id, or by its public part.
    ///
    /// SECURITY: the text is hashed, and goes nowhere else. It is no use of the token.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no such token.
    pub(crate) async fn find(&self, text: &str) -> Result<Subject, Error> {
        if let Some(found) = self.find_jwt(text).await? {
            return Ok(found);
        }
        for token in protocol::readings(text, self.formats) {
            let record = self.store.record(TokenHash::of(&token), Instant::now()).await?;
            if let Some(record) = record.filter(|record| record.organization == self.organization) {
                return Ok(Subject::Stored(Box::new(TokenRecord::clone(&record))));
            }
        }
        match tokens::find(self.store, self.organization, text).await {
            Err(Error::NotFound) => {}
            found => return found.map(|record| Subject::Stored(Box::new(record))),
        }
        let Some(part) = PublicPart::read(text) else { return Err(Error::NotFound) };
        let Compared { mut found, number, is_all } = self.compare(&part).await?;
        match found.len() {
            0 if is_all => Err(Error::NotFound),
            0 => Ok(Subject::OlderThan(number)),
            1 => Ok(Subject::Stored(Box::new(found.remove(0)))),
            _ => Ok(Subject::Several(found)),
        }
    }

    async fn find_jwt(&self, text: &str) -> Result<Option<Subject>, Error> {
        let claims = self.jwt_issuer.authenticate(KeysOf::AnyTime, text).await?;
        let Some(claims) = claims.filter(|claims| claims.sub == self.organization) else { return Ok(None) };
        let facts = self.store.jwt(claims.root_serial, &claims.jti).await?;
        let standing = jwt_standing(&claims, &facts);
        Ok(Some(Subject::Jwt(Box::new(claims), standing)))
    }

    /// Compares the newest tokens with a public part. How many that are depends on how large they are.
    async fn compare(&self, part: &PublicPart<'_>) -> Result<Compared, Error> {
        let kinds = match part.kind {
            Some(kind) => vec![Some(kind)],
            // A list without a kind leaves bundles out.
            None => vec![None, Some(TokenKind::Bundle)],
        };
        let mut compared = Compared { found: vec![], number: 0, is_all: true };
        for kind in kinds {
            let mut cursor = None;
            for _ in 0..PAGES {
                let filter = TokenFilter { kind, ..TokenFilter::default() };
                let list = TokenList { filter, limit: PageLimit::at_most(usize::MAX), cursor };
                let page = tokens::list(self.store, self.organization, list).await?;
                compared.number += page.tokens.len();
                compared.found.extend(page.tokens.into_iter().filter(|token| token.last_chars == part.last_chars));
                cursor = page.next_cursor.and_then(|text| Cursor::try_from(text).ok());
                if cursor.is_none() || compared.found.len() >= MOST {
                    break;
                }
            }
            compared.is_all &= cursor.is_none();
        }
        compared.found.truncate(MOST);
        Ok(compared)
    }
}

/// What a comparison with a public part found.
struct Compared {
    /// The tokens that have it.
    found: Vec<TokenRecord>,
    /// How many were compared.
    number: usize,
    /// Whether these are all that the organization has.
    is_all: bool,
}
