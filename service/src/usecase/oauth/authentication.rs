//! Authentication of clients (RFC 6749, section 2.3).

use std::sync::Arc;
use std::time::Instant;

use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use daypass::{OpaqueToken, TokenKind};

use super::super::clock::now;
use super::super::token_uses::TokenUses;
use crate::domain::audit::actor::Actor;
use crate::domain::oauth::client::{Client, unknown};
use crate::domain::oauth::refusal::{Refusal, RefusalCode};
use crate::domain::token::{TokenStatus, status};
use crate::store::{Store, acting};

/// A client that is who it says, as far as it can prove that, and that is active.
pub(crate) struct AuthenticatedClient {
    /// The client.
    pub(crate) client: Arc<Client>,
    /// The token that it proved to hold, if it is confidential.
    pub(super) secret: Option<ClientSecret>,
}

/// The application token that a client proved to hold.
pub(super) struct ClientSecret {
    pub(super) hash: TokenHash,
    pub(super) record: Arc<TokenRecord>,
}

/// Authenticates a client, as of a moment after `since`.
///
/// SECURITY: a page that has a client's secret gets nothing for it, since visitors can read it. A confidential client always
/// proves that it holds a token which is its own. One that is not known and one with another secret get the same refusal; what is wrong with the client itself is told after that.
///
/// # Errors
/// `invalid_client`, and those of [`Client::require_active`].
pub(crate) async fn authenticate(
    store: &dyn Store,
    uses: &TokenUses,
    id: &str,
    secret: Option<&str>,
    is_from_browser: bool,
    since: Instant,
) -> Result<AuthenticatedClient, Refusal> {
    let client = store.oauth_client(id).await?.ok_or_else(unknown)?;
    let secret = match (client.settings.is_confidential, secret) {
        (false, None) => None,
        (true, Some(_)) if is_from_browser => {
            tracing::warn!(client = client.id(), "a page sent the secret of an OAuth client: replace the secret");
            let why =
                "A page must not hold a client's secret: send it from a backend, or make the client a public one.";
            return Err(Refusal::new(RefusalCode::InvalidClient, why));
        }
        (true, Some(text)) => Some(prove(store, &client, text, since).await?),
        (true, None) => {
            let why = "This client must authenticate: send its `client_id` and its secret as Basic, or in the form.";
            return Err(Refusal::new(RefusalCode::InvalidClient, why));
        }
        (false, Some(_)) => return Err(unknown()),
    };
    client.require_active()?;
    let (id, organization) = (client.id().to_owned(), client.principal.organization.clone());
    acting::authenticated(Actor::Client { id, organization });
    if let Some(secret) = &secret {
        uses.note(secret.record.serial);
    }
    Ok(AuthenticatedClient { client, secret })
}

/// Finds the token that is a client's secret.
async fn prove(store: &dyn Store, client: &Client, text: &str, since: Instant) -> Result<ClientSecret, Refusal> {
    let token = text.parse::<OpaqueToken>().map_err(|_| unknown())?;
    let hash = TokenHash::of(&token);
    let record = store.record(hash, since).await?.ok_or_else(unknown)?;
    let is_own = record.kind == TokenKind::Application
        && record.organization == client.principal.organization
        && record.owner.as_deref() == Some(client.id());
    // Suspension is told once it is known whose token it is.
    let is_active = matches!(status(&record, now()), TokenStatus::Active | TokenStatus::Suspended);
    if is_own && is_active { Ok(ClientSecret { hash, record }) } else { Err(unknown()) }
}
