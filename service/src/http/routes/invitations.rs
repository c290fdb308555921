//! Invitations of users: make one, look at it, accept it.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use daypass::Error;
use serde::{Deserialize, Serialize};

use super::super::extract::{OwnPage, SignedIn};
use super::super::{JsonText, NO_STORE, SharedApp};
use super::session;
use crate::domain::invitation::InvitationFacts;
use crate::usecase::invitations;

/// An invitation by the secret in its link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InvitationRequest {
    invitation: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptRequest {
    invitation: String,
    password: Option<String>,
}

/// An invitation, as the service describes it to the holder of its link.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvitationResponse {
    organization: OrganizationBody,
    principal: String,
    name: String,
    email: String,
    expires_at: u64,
    /// Whether an account has the email, which must be signed in then.
    has_account: bool,
}

#[derive(Serialize)]
struct OrganizationBody {
    id: String,
    name: String,
}

impl From<InvitationFacts> for InvitationResponse {
    fn from(facts: InvitationFacts) -> InvitationResponse {
        let InvitationFacts { organization, organization_name, principal, name, email, expires_at, account, .. } = facts;
        let organization = OrganizationBody { id: organization, name: organization_name };
        InvitationResponse { organization, principal, name, email, expires_at, has_account: account.is_some() }
    }
}

/// `POST /v2/invitation`
pub(super) async fn show(
    State(app): State<SharedApp>,
    _page: OwnPage,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let InvitationRequest { invitation } = body?.read()?;
    let facts = invitations::find(&*app.store, &invitation).await?;
    Ok((NO_STORE, Json(InvitationResponse::from(facts))))
}

/// `POST /v2/invitation/accept`
pub(super) async fn accept(
    State(app): State<SharedApp>,
    _page: OwnPage,
    session: Result<SignedIn, Error>,
    headers: HeaderMap,
    body: Result<JsonText, Error>,
) -> Result<Response, Error> {
    let AcceptRequest { invitation, password } = body?.read()?;
    if let Some(password) = password {
        let parts = &app.sign_in;
        let accepted =
            invitations::accept_with_password(&*app.store, &parts.passwords, parts.limits, &invitation, password);
        return Ok(session::begin(&app, &headers, accepted.await?).await?.into_response());
    }
    // An invitation that is not valid is told first: nobody signs in for it.
    invitations::find(&*app.store, &invitation).await?;
    let SignedIn(session) = session?;
    invitations::accept_signed_in(&*app.store, &invitation, &session).await?;
    let response = session::describe(&app, session.account, session.expires_at).await?;
    Ok((NO_STORE, Json(response)).into_response())
}
