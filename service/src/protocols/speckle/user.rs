//! Users and their tokens: [`User`], [`ApiToken`].

use async_graphql::{Context, Object, Result, SimpleObject};
use aws_lc_rs::digest::{SHA256, digest};
use daypass::api::{Role, TokenRecord};
use daypass::{Error, Scope};

use super::caller::Caller;
use super::error::{forbidden, of_field};
use super::scalars::{BigInt, DateTime};
use crate::domain::principal::Principal;
use crate::http::SharedApp;
use crate::usecase::personal_tokens;

/// Reads the caller's own email address.
const PROFILE_EMAIL: Scope = Scope::literal("profile:email");
/// Reads other users' email addresses.
const USERS_EMAIL: Scope = Scope::literal("users:email");
/// Lists the caller's own tokens.
const TOKENS_READ: Scope = Scope::literal("tokens:read");

/// Speckle's default lifespan, 100 years in milliseconds: of a token that never expires.
const NEVER: i64 = 3_154_000_000_000;

/// A user.
pub(super) struct User(Principal);

impl User {
    /// Describes a principal that is a user.
    pub(super) fn of(user: &Principal) -> User {
        User(user.clone())
    }
}

#[Object]
impl User {
    async fn id(&self) -> &str {
        &self.0.id
    }

    /// A UUID that stays the same for the user.
    async fn suuid(&self) -> String {
        suuid(&self.0.organization, &self.0.id)
    }

    /// Null without the scope profile:email, or users:email for another user.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        let caller = ctx.data::<Caller>()?;
        let is_own = caller.user_with(&PROFILE_EMAIL).is_some_and(|own| own.id == self.0.id);
        let is_readable = is_own || caller.user_with(&USERS_EMAIL).is_some();
        Ok(self.0.email.as_deref().filter(|_| is_readable))
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn bio(&self) -> Option<&str> {
        None
    }

    async fn company(&self) -> Option<&str> {
        None
    }

    async fn avatar(&self) -> Option<&str> {
        None
    }

    /// Always null: Daypass does not know whether an address was verified.
    async fn verified(&self) -> Option<bool> {
        None
    }

    /// The role of Speckle that is nearest to the user's.
    async fn role(&self) -> Option<&str> {
        self.0.role.map(|role| match role {
            Role::Owner | Role::Admin => "server:admin",
            Role::Developer => "server:user",
            Role::Viewer => "server:guest",
        })
    }

    async fn created_at(&self) -> Option<DateTime> {
        DateTime::from_seconds(self.0.created_at)
    }

    /// The caller's own personal tokens that are active, newest first. No request may ask for them twice.
    #[graphql(complexity = "501 + child_complexity")]
    async fn api_tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiToken>> {
        let (holder, own) = ctx.data::<Caller>()?.require_user()?;
        if own.id != self.0.id {
            return Err(forbidden("You can only view your own tokens"));
        }
        if !holder.has(&TOKENS_READ) {
            return Err(of_field(Error::InsufficientScope { scope: TOKENS_READ, tenant: None }));
        }
        let app = ctx.data::<SharedApp>()?;
        let records = personal_tokens::list(&*app.store, own).await.map_err(of_field)?;
        Ok(records.into_iter().map(ApiToken::of).collect())
    }

    /// The user's streams. They are the product's: their number is null, and not a number that is wrong.
    async fn streams(&self, _limit: Option<i32>, _cursor: Option<String>) -> StreamCollection {
        StreamCollection { total_count: None }
    }
}

/// The streams of a user, which are not Daypass's.
#[derive(SimpleObject)]
struct StreamCollection {
    total_count: Option<i32>,
}

/// A personal token, without the token itself.
#[derive(SimpleObject)]
pub(super) struct ApiToken {
    id: String,
    name: String,
    last_chars: String,
    #[graphql(complexity = "100")]
    scopes: Vec<String>,
    created_at: Option<DateTime>,
    /// In milliseconds.
    lifespan: BigInt,
    last_used: Option<DateTime>,
    /// The resources that it is limited to, those without a name in Speckle by their own type.
    #[graphql(complexity = "100 + child_complexity")]
    limit_resources: Vec<TokenResourceIdentifier>,
}

/// A resource that a token is limited to.
#[derive(SimpleObject)]
struct TokenResourceIdentifier {
    id: String,
    #[graphql(name = "type")]
    kind: String,
}

impl ApiToken {
    fn of(record: TokenRecord) -> ApiToken {
        let TokenRecord { id, name, last_chars, grants, created_at, expires_at, last_used_at, .. } = record;
        let milliseconds = |end: u64| i64::try_from(end.saturating_sub(created_at).saturating_mul(1000)).ok();
        let scopes = grants.iter().flat_map(|grant| grant.scopes.iter().map(ToString::to_string));
        let limits = grants.iter().flat_map(|grant| &grant.resources).map(|limit| TokenResourceIdentifier {
            id: limit.id.clone(),
            kind: if limit.kind == PROJECT { "project".into() } else { limit.kind.clone() },
        });
        ApiToken {
            id,
            name,
            last_chars,
            scopes: scopes.collect(),
            created_at: DateTime::from_seconds(created_at),
            lifespan: BigInt(expires_at.and_then(milliseconds).unwrap_or(NEVER)),
            last_used: last_used_at.and_then(DateTime::from_seconds),
            limit_resources: limits.collect(),
        }
    }
}

/// The type by which scopes name projects: Speckle's older name of them.
pub(super) const PROJECT: &str = "streams";

/// Makes a UUID of a user (RFC 9562, version 8).
fn suuid(organization: &str, user: &str) -> String {
    let hash = digest(&SHA256, format!("speckle user\n{organization}\n{user}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
