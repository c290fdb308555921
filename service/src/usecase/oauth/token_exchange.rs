//! Token exchange: a client gets a narrower access token for a token that it holds (RFC 8693).

use std::sync::Arc;
use std::time::Instant;

use daypass::jwt::Claims;
use daypass::verify::TokenHash;
use daypass::{Error, OpaqueToken, TokenKind};

use super::super::clock::now;
use super::super::fresh_keys::KeysOf;
use super::super::parent::Root;
use super::super::token_uses::TokenUses;
use super::Issuing;
use super::access_token::{TokenResponse, sign};
use super::authentication::AuthenticatedClient;
use crate::crypto::random;
use crate::domain::oauth::client::GrantType;
use crate::domain::oauth::credentials::may_mint;
use crate::domain::oauth::exchange::{self, Exchange, ExchangeRequest, Subject, child_id};
use crate::domain::oauth::refusal::{Refusal, RefusalCode};
use crate::domain::revocation::jwt_standing;

/// Gives a client an access token for a subject token.
///
/// # Errors
/// Those of the grant type and of [`exchange::exchange`].
pub(crate) async fn exchange(
    issuing: &Issuing<'_>,
    uses: &TokenUses,
    client: &AuthenticatedClient,
    subject_token: &str,
    request: &ExchangeRequest<'_>,
) -> Result<TokenResponse, Refusal> {
    let Issuing { store, catalog, jwt_issuer } = issuing;
    client.client.require_grant_type(GrantType::TokenExchange)?;
    // SECURITY: read before the store tells of the subject token: an entry that revokes it later has a greater number.
    let (now, feed_seq) = (now(), jwt_issuer.feed_seq());
    let subject = find(issuing, subject_token).await?;
    let exchange =
        exchange::exchange(subject.as_ref(), &client.client, request, &jwt_issuer.audience, &catalog.catalogs, now)?;
    let Exchange { grants, expires_at, cnf } = exchange;
    let client_id = client.client.id();
    let claims = match &subject {
        Some(Subject::Jwt(claims, _)) => Claims {
            jti: child_id(&claims.jti, &random::id())?,
            // A temporary token names its parent here.
            client_id: if claims.kind == TokenKind::OauthAccess { client_id } else { &claims.client_id }.to_owned(),
            iat: now,
            nbf: None,
            exp: expires_at,
            feed_seq,
            cnf,
            grants,
            ..Claims::clone(claims)
        },
        Some(Subject::Stored(record)) => {
            let root = Root { organization: &record.organization, id: client_id, serial: record.serial };
            Claims {
                feed_seq,
                cnf,
                subject: record.owner.clone().filter(|_| record.kind == TokenKind::Personal),
                ..jwt_issuer.claims(&root, TokenKind::OauthAccess, grants, now, expires_at)
            }
        }
        None => return Err(gone()),
    };
    let mut response = sign(issuing, &claims, None)?;
    response.issued_token_type = Some(request.issued_type.as_str());
    if claims.kind == TokenKind::Temporary {
        uses.note_refresh(claims.root_serial);
    }
    if let (Some(Subject::Stored(record)), Ok(token)) = (&subject, subject_token.parse::<OpaqueToken>()) {
        // SECURITY: called after signing and before the token is handed out, so that it was minted before any revocation.
        let rule = move |state: &_| may_mint(*state, now, expires_at);
        store.check_token(TokenHash::of(&token), Box::new(rule)).await.map_err(|error| match error {
            Error::Unavailable => error.into(),
            _ => gone(),
        })?;
        uses.note(record.serial);
    }
    Ok(response)
}

/// Finds the subject token, if it is authentic.
async fn find(issuing: &Issuing<'_>, text: &str) -> Result<Option<Subject>, Error> {
    if let Ok(token) = text.parse::<OpaqueToken>() {
        let record = issuing.store.record(TokenHash::of(&token), Instant::now()).await?;
        return Ok(record.map(|record| Subject::Stored(Box::new(Arc::unwrap_or_clone(record)))));
    }
    let Some(claims) = issuing.jwt_issuer.authenticate(KeysOf::Now, text).await? else { return Ok(None) };
    let facts = issuing.store.jwt(claims.root_serial, &claims.jti).await?;
    let standing = jwt_standing(&claims, &facts);
    Ok(Some(Subject::Jwt(Box::new(claims), standing)))
}

fn gone() -> Refusal {
    Refusal::new(RefusalCode::InvalidRequest, "The `subject_token` is no longer active.")
}
