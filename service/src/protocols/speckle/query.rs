//! What a client can ask: `serverInfo`, `activeUser`, `user`.

use async_graphql::{Context, Object, Result};
use daypass::api::PrincipalKind;
use daypass::{Error, Scope};

use super::caller::Caller;
use super::error::of_field;
use super::server_info::ServerInfo;
use super::user::User;
use crate::http::SharedApp;

/// Reads the caller's own profile.
const PROFILE_READ: Scope = Scope::literal("profile:read");
/// Reads other users' profiles.
const USERS_READ: Scope = Scope::literal("users:read");

/// The root of queries.
pub(super) struct Query;

#[Object]
impl Query {
    /// What this server is.
    #[graphql(complexity = "50 + child_complexity")]
    async fn server_info(&self, ctx: &Context<'_>) -> Result<ServerInfo> {
        Ok(ServerInfo::of(ctx.data::<SharedApp>()?))
    }

    /// The user that the token belongs to. Null without a token, and for a token without the scope profile:read.
    #[graphql(complexity = "10 + child_complexity")]
    async fn active_user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(ctx.data::<Caller>()?.user_with(&PROFILE_READ).map(User::of))
    }

    /// A user of the token's organization; without an id, the one that the token belongs to.
    #[graphql(complexity = "10 + child_complexity")]
    async fn user(&self, ctx: &Context<'_>, id: Option<String>) -> Result<Option<User>> {
        let (holder, own) = ctx.data::<Caller>()?.require_user()?;
        let id = id.filter(|id| *id != own.id);
        let required = if id.is_none() { PROFILE_READ } else { USERS_READ };
        if !holder.has(&required) {
            return Err(of_field(Error::InsufficientScope { scope: required, tenant: None }));
        }
        let Some(id) = id else { return Ok(Some(User::of(own))) };
        let app = ctx.data::<SharedApp>()?;
        let user = app.store.principal(&own.organization, &id).await.map_err(of_field)?;
        let user = user.filter(|user| user.kind == PrincipalKind::User && user.removed_at.is_none());
        Ok(user.as_ref().map(User::of))
    }
}
