//! Publishable, secret, personal and application tokens: random text of which the store keeps the hash.

use daypass::api::{CreateTokenRequest, TokenPage, TokenRecord, UpdateTokenRequest};
use daypass::{Error, OpaqueToken, TokenKind};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::clock::now;
use crate::crypto::random;
use crate::domain::catalogs::Catalogs;
use crate::domain::grantor::Grantor;
use crate::domain::organization::Organization;
use crate::domain::page_limit::PageLimit;
use crate::domain::token::{NewToken, count_to, id_in_text, may_add, text_bytes};
use crate::domain::token_edit::{self, Editor};
use crate::domain::token_fields;
use crate::domain::token_list::{Cursor, TokenFilter, TokenList};
use crate::domain::token_owner::{self, OwnerRule};
use crate::domain::versions::Versions;
use crate::metrics;
use crate::store::{AddedToken, Store, TokenSelector, TokenSlice};

/// The response to a [`CreateTokenRequest`]: the record, and beside it `token`, which is shown this once.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CreateTokenResponse {
    /// What is stored of it.
    #[serde(flatten)]
    pub(crate) record: TokenRecord,
    /// The token.
    #[serde(serialize_with = "expose")]
    #[schemars(with = "String")]
    pub(crate) token: OpaqueToken,
}

fn expose<S: Serializer>(token: &OpaqueToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

/// How many tokens of a list without pages are read at once.
const AT_ONCE: usize = 100;
/// The most bytes that the texts of such a list may have.
const MOST_BYTES: usize = 4 << 20;

/// Returns the tokens of an organization that a filter chooses, newest first and at most so many.
///
/// # Errors
/// [`Error::InvalidRequest`] if they are too large for one response.
pub(crate) async fn all(
    store: &dyn Store,
    organization: &str,
    filter: TokenFilter,
    most: usize,
) -> Result<Vec<TokenRecord>, Error> {
    let (mut records, mut bytes, mut cursor) = (vec![], 0, None);
    loop {
        let limit = PageLimit::at_most(AT_ONCE.min(most - records.len()));
        let page = TokenList { filter: filter.clone(), limit, cursor };
        let TokenPage { tokens, next_cursor } = list(store, organization, page).await?;
        bytes += tokens.iter().map(text_bytes).sum::<usize>();
        if bytes > MOST_BYTES {
            let why = "The tokens are too many for one list. The native API, `/v2/access-token`, has pages.";
            return Err(Error::InvalidRequest(why.into()));
        }
        records.extend(tokens);
        cursor = next_cursor.and_then(|text| Cursor::try_from(text).ok());
        if cursor.is_none() || records.len() >= most {
            return Ok(records);
        }
    }
}

/// Creates a token and stores it.
///
/// # Errors
/// When a field is wrong, the grantor lacks a scope, the id is taken or a limit is reached.
pub(crate) async fn create(
    store: &dyn Store,
    catalogs: &Catalogs,
    grantor: &Grantor<'_>,
    request: CreateTokenRequest,
) -> Result<CreateTokenResponse, Error> {
    token_fields::check_kind(request.kind)?;
    let token = OpaqueToken::generate(request.kind, random::fill).expect("the kinds that are created here are opaque");
    create_as(store, catalogs, grantor, request, token).await
}

/// Like [`create`], of a token with this text, which may be in the format of another system. Its kind is the request's.
///
/// # Errors
/// Those of [`create`]; [`Error::AlreadyExists`] also if another active token has the text.
pub(crate) async fn create_as(
    store: &dyn Store,
    catalogs: &Catalogs,
    grantor: &Grantor<'_>,
    request: CreateTokenRequest,
    token: OpaqueToken,
) -> Result<CreateTokenResponse, Error> {
    debug_assert_eq!(request.kind, token.kind());
    let now = now();
    let origins = token_fields::check(&request, catalogs, now)?;
    let CreateTokenRequest { kind, name, scopes, resources, tenant, grants, expires_at, id, owner, .. } = request;
    let organization = grantor.organization().to_owned();
    let grants = match grants {
        Some(grants) => {
            let each = grants.into_iter();
            each.map(|grant| grantor.grant(kind, Some(&grant.scopes), grant.tenant, grant.resources, catalogs))
                .collect()
        }
        None => {
            let tenant = tenant.unwrap_or_else(|| organization.clone());
            grantor.grant(kind, scopes.as_ref(), tenant, resources, catalogs).map(|grant| vec![grant])
        }
    }?;
    let owner = OwnerRule {
        requested: grantor.owner(owner)?,
        creator_role: grantor.role(),
        is_administrator: grantor.is_administrator(),
        least_role: token_owner::least_role(kind, &organization, &grants, catalogs)?,
    };

    let id = id.or_else(|| id_in_text(&token).map(str::to_owned)).unwrap_or_else(|| format!("tok_{}", random::id()));
    let mut new = NewToken::new(&token, id, name, organization, grants, now);
    new.record.origins = origins;
    new.record.expires_at = expires_at;
    new.record.owner.clone_from(&owner.requested);
    new.record.created_by = grantor.id().map(str::to_owned);
    new.creator = grantor.token().map(|(_, serial)| serial);
    let mut record = new.record.clone();
    let count_to = move |organization: &Option<Organization>| Ok(count_to(kind, organization.as_ref()));
    let rule = move |facts: &_| may_add(kind, &owner, facts);
    let AddedToken { serial, owner } = store.add_token(new, Box::new(count_to), Box::new(rule)).await?;
    (record.serial, record.owner) = (serial, owner);
    metrics::count_created(kind);
    tracing::info!(id = record.id, kind = %record.kind, organization = record.organization, "token created");
    Ok(CreateTokenResponse { record, token })
}

/// Edits the most recent token with this id, if it has one of these versions.
///
/// Temporary tokens and bundles that were made from it stay as they are: they have claims of their own.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such token, and those of [`token_edit::check`] and
/// [`token_edit::edit`].
pub(crate) async fn edit(
    store: &dyn Store,
    editor: &Editor<'_>,
    organization: &str,
    id: &str,
    request: UpdateTokenRequest,
    versions: Versions,
) -> Result<TokenRecord, Error> {
    let now = now();
    let record = find(store, organization, id).await?;
    let change = token_edit::check(request, &record, editor, now)?;
    let rule = move |record: &Option<TokenRecord>| token_edit::edit(record.as_ref(), &change, &versions, now);
    let record = store.edit_token(record.serial, now, Box::new(rule)).await?;
    tracing::info!(id, organization, version = record.version, "token edited");
    Ok(record)
}

/// Returns a page of an organization's tokens, newest first.
///
/// # Errors
/// [`Error::NotFound`] if the list is of an owner that the organization does not have.
pub(crate) async fn list(store: &dyn Store, organization: &str, list: TokenList) -> Result<TokenPage, Error> {
    if let Some(owner) = &list.filter.owner {
        store.principal(organization, owner).await?.ok_or(Error::NotFound)?;
    }
    let TokenSlice { tokens, next } = store.token_page(organization, list.query(now())).await?;
    Ok(TokenPage { tokens, next_cursor: next.map(|serial| Cursor::after(serial).encode()) })
}

/// Counts an organization's active tokens by kind: those that a revocation of what was issued before a time would end, if
/// one is given.
pub(crate) async fn count_active(
    store: &dyn Store,
    organization: &str,
    issued_before: Option<u64>,
) -> Result<Vec<(TokenKind, u64)>, Error> {
    store.count_active(organization, issued_before, now()).await
}

/// Returns the most recent token with this id.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such token.
pub(crate) async fn find(store: &dyn Store, organization: &str, id: &str) -> Result<TokenRecord, Error> {
    let selector = TokenSelector::Id { organization: organization.to_owned(), id: id.to_owned() };
    store.token(selector).await?.ok_or(Error::NotFound)
}
