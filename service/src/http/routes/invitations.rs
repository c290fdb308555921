//! Invitations of users: make one, look at it, accept it.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use daypass::Error;
use daypass::ErrorCode::{AlreadyExists, InvalidInvitation, InvalidRequest, NotSignedIn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::extract::{OwnPage, SignedIn};
use super::super::openapi::{Callers, Header, Operation, Tag};
use super::super::{Caller, JsonText, NO_STORE, SharedApp};
use super::organizations::ADMINISTER;
use super::session::{self, SessionResponse};
use crate::domain::hidden;
use crate::domain::invitation::InvitationFacts;
use crate::usecase::invitations;

/// An invitation by the secret in its link.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InvitationRequest {
    /// The secret in the link.
    invitation: String,
}

/// The acceptance of an invitation.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AcceptInvitationRequest")]
struct AcceptRequest {
    /// The secret in the link.
    invitation: String,
    /// The password of a new account, 12 characters at least.
    password: Option<String>,
}

/// A new invitation. The link is shown this once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InviteResponse {
    /// The link, with the secret in its fragment.
    link: String,
    /// When it expires.
    expires_at: u64,
}

/// An invitation, as the service describes it to the holder of its link.
#[derive(Serialize, JsonSchema)]
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

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InvitingOrganization")]
struct OrganizationBody {
    id: String,
    name: String,
}

impl From<InvitationFacts> for InvitationResponse {
    fn from(facts: InvitationFacts) -> InvitationResponse {
        let InvitationFacts { organization, organization_name, principal, name, email, expires_at, account, .. } =
            facts;
        // The page shows these.
        let [name, organization_name] = [name, organization_name].map(|name| hidden::show(&name).into_owned());
        let organization = OrganizationBody { id: organization, name: organization_name };
        InvitationResponse { organization, principal, name, email, expires_at, has_account: account.is_some() }
    }
}

/// `POST /v2/organization/{id}/principal/{principal}/invitation`
pub(super) async fn invite(
    State(app): State<SharedApp>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<impl IntoResponse, Error> {
    let Path((organization, principal)) = path.map_err(|_| Error::NotFound)?;
    caller.require_in(&organization, &ADMINISTER)?;
    let actor = caller.actor(&organization)?;
    let invited = invitations::invite(&*app.store, &organization, &principal, actor).await?;
    let response = InviteResponse { link: invited.link(&app.jwt_issuer.issuer), expires_at: invited.expires_at };
    Ok((StatusCode::CREATED, NO_STORE, Json(response)))
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
    if invitations::find(&*app.store, &invitation).await?.account.is_none() {
        let why = "No account has the invited email yet: accept the invitation with a `password` for a new one.";
        return Err(Error::InvalidRequest(why.into()));
    }
    let SignedIn(session) = session?;
    invitations::accept_signed_in(&*app.store, &invitation, &session).await?;
    let response = session::describe(&app, session.account, session.expires_at).await?;
    Ok((NO_STORE, Json(response)).into_response())
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    let of = |path, id, summary, tag| Operation::new(Method::POST, path, id, summary, tag);
    let invite = "/v2/organization/{id}/principal/{principal}/invitation";
    vec![
        of(invite, "inviteUser", "Invite a user", Tag::Principals)
            .says("The link is shown this once, and replaces an earlier one.")
            .by(Callers::Managers("daypass:administer"))
            .answers::<InviteResponse>(201, "The link.")
            .refuses(&[InvalidRequest]),
        of("/v2/invitation", "showInvitation", "Show an invitation", Tag::People)
            .by(Callers::OwnPages)
            .takes::<InvitationRequest>()
            .answers::<InvitationResponse>(200, "What the invitation is for.")
            .refuses(&[InvalidInvitation]),
        of("/v2/invitation/accept", "acceptInvitation", "Accept an invitation", Tag::People)
            .says("With `password` for a new account, or with the session of the account that has the email.")
            .by(Callers::OwnPages)
            .takes::<AcceptRequest>()
            .answers::<SessionResponse>(200, "The session.")
            .with(Header::Cookie)
            .refuses(&[InvalidInvitation, InvalidRequest, NotSignedIn, AlreadyExists]),
    ]
}
