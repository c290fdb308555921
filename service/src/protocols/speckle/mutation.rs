//! What a client can change: `apiTokenCreate`, `apiTokenRevoke`.

use async_graphql::{Context, Enum, InputObject, Object, Result};
use daypass::api::CreateTokenRequest;
use daypass::{Error, ErrorCode, Resource, Scope, ScopeSet, TokenKind};

use super::caller::{Caller, Holder};
use super::error::{coded, of_field};
use super::scalars::BigInt;
use super::user::PROJECT;
use crate::domain::audit::action::Action;
use crate::domain::grantor::Grantor;
use crate::domain::personal_token;
use crate::domain::principal::Principal;
use crate::http::{SharedApp, TOKEN_CREATE, TOKEN_REVOKE};
use crate::store::acting;
use crate::usecase::clock::now;
use crate::usecase::personal_tokens;

/// The root of mutations.
pub(super) struct Mutation;

/// A personal token to be created.
#[derive(InputObject)]
struct ApiTokenCreateInput {
    scopes: Vec<String>,
    name: String,
    /// In milliseconds; without it, or with 0, the token never expires.
    lifespan: Option<BigInt>,
    /// The resources that it is limited to.
    limit_resources: Option<Vec<TokenResourceIdentifierInput>>,
}

/// A resource that a token is limited to.
#[derive(InputObject)]
struct TokenResourceIdentifierInput {
    id: String,
    #[graphql(name = "type")]
    kind: TokenResourceIdentifierType,
}

/// The types of resources that tokens are limited to.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
enum TokenResourceIdentifierType {
    /// A project.
    Project,
    /// A workspace.
    Workspace,
}

impl From<TokenResourceIdentifierInput> for Resource {
    fn from(limit: TokenResourceIdentifierInput) -> Resource {
        let kind = match limit.kind {
            TokenResourceIdentifierType::Project => PROJECT,
            TokenResourceIdentifierType::Workspace => "workspace",
        };
        Resource { kind: kind.into(), id: limit.id }
    }
}

#[Object]
impl Mutation {
    /// Creates a personal token for the user that the caller's token belongs to. Returns it, this once.
    #[graphql(complexity = "100")]
    async fn api_token_create(&self, ctx: &Context<'_>, token: ApiTokenCreateInput) -> Result<String> {
        let (holder, user) = require_manager(ctx, &TOKEN_CREATE, Action::TokenCreate)?;
        let app = ctx.data::<SharedApp>()?;
        let ApiTokenCreateInput { scopes, name, lifespan, limit_resources } = token;
        let scopes: ScopeSet =
            scopes.iter().map(|scope| scope.parse()).collect::<Result<_, _>>().map_err(|_| foreign_scopes())?;
        let request = CreateTokenRequest {
            kind: TokenKind::Personal,
            name,
            scopes: Some(scopes.clone()),
            origins: vec![],
            resources: limit_resources.unwrap_or_default().into_iter().map(Resource::from).collect(),
            tenant: None,
            grants: None,
            expires_at: expires_at(lifespan, now()).map_err(of_field)?,
            id: None,
            owner: Some(user.id.clone()),
            accept_shared_suffix: false,
        };
        let view = app.catalog.view();
        let grantor = Grantor::holder(&holder.access);
        let created =
            personal_tokens::create(&*app.store, &view.catalogs, &grantor, request, app.personal_token_format).await;
        let created = created.map_err(|error| of_creation(error, &scopes, holder))?;
        Ok(created.token.expose_secret().to_owned())
    }

    /// Revokes a personal token of the user that the caller's token belongs to, by its id or in full.
    #[graphql(complexity = "100")]
    async fn api_token_revoke(&self, ctx: &Context<'_>, token: String) -> Result<bool> {
        let (_, user) = require_manager(ctx, &TOKEN_REVOKE, Action::TokenRevoke)?;
        let text = match token.split_once(' ') {
            Some((scheme, text)) if scheme.eq_ignore_ascii_case("Bearer") => text.trim(),
            _ => token.trim(),
        };
        let app = ctx.data::<SharedApp>()?;
        match personal_tokens::revoke(&*app.store, &app.foreign_formats, user, text).await {
            Ok(()) => Ok(true),
            Err(Error::NotFound) => Err(coded("Did not revoke token", "BAD_USER_INPUT")),
            Err(error) => Err(of_field(error)),
        }
    }
}

/// Returns the caller if it manages personal tokens. A refusal is noted for the audit trail: the response has status 200.
fn require_manager<'a>(ctx: &Context<'a>, scope: &Scope, action: Action) -> Result<(&'a Holder, &'a Principal)> {
    let user = ctx.data::<Caller>()?.require_user();
    let (holder, user) = user.inspect_err(|_| acting::refused_to(action, ErrorCode::InsufficientScope))?;
    let is_manager = personal_token::require_manager(&holder.access, scope);
    is_manager.inspect_err(|error| acting::refused_to(action, error.code())).map_err(of_field)?;
    Ok((holder, user))
}

/// Returns when a token with this lifespan, in milliseconds, expires: never without one, or with 0.
fn expires_at(lifespan: Option<BigInt>, now: u64) -> Result<Option<u64>, Error> {
    match lifespan.map_or(0, |BigInt(milliseconds)| milliseconds) {
        0 => Ok(None),
        milliseconds @ 1000.. => Ok(Some(now.saturating_add(milliseconds.unsigned_abs() / 1000))),
        _ => Err(Error::InvalidRequest("The lifespan must be in milliseconds, at least 1000.".into())),
    }
}

/// The error of a token that is not created, in Speckle's words.
fn of_creation(error: Error, requested: &ScopeSet, holder: &Holder) -> async_graphql::Error {
    let why = match error {
        Error::InvalidScope(_) if requested.is_empty() => "A token needs at least one scope",
        Error::InvalidScope(_) if requested.covers(&personal_token::WRITE) => {
            "You can't create a personal access token with the tokens:write scope"
        }
        Error::InvalidScope(_) if !holder.access.scopes().covers_all(requested) => return foreign_scopes(),
        Error::InvalidScope(_) => "You can't create a token with access to resources that you don't have access to",
        error => return of_field(error),
    };
    not_created(why)
}

fn foreign_scopes() -> async_graphql::Error {
    not_created("You can't create a token with scopes that you don't have")
}

fn not_created(why: &str) -> async_graphql::Error {
    coded(why, "TOKEN_CREATE_ERROR")
}
