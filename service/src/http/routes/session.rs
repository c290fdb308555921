//! `/v2/session`: people sign in, see who they are, change their password and sign out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::IntoResponse;
use daypass::Error;
use daypass::api::Role;
use serde::{Deserialize, Serialize};

use super::super::extract::{ClientAddress, OwnPage, SignedIn};
use super::super::{JsonText, NO_STORE, SharedApp, cookie};
use crate::domain::account::Account;
use crate::domain::hidden;
use crate::domain::membership::Membership;
use crate::usecase::clock::now;
use crate::usecase::sign_in::{self, Begun};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    email: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangePasswordRequest {
    old_password: String,
    new_password: String,
}

/// A session, as the service describes it to the person who is signed in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionResponse {
    account: AccountBody,
    memberships: Vec<MembershipBody>,
    expires_at: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountBody {
    id: String,
    email: String,
    name: String,
    has_password: bool,
    /// The OpenID Connect provider of the linked identity.
    identity_provider: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MembershipBody {
    organization: OrganizationBody,
    principal: String,
    role: Role,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrganizationBody {
    id: String,
    name: String,
    suspended_at: Option<u64>,
}

/// `POST /v2/session`
pub(super) async fn sign_in(
    State(app): State<SharedApp>,
    _page: OwnPage,
    ClientAddress(client): ClientAddress,
    headers: HeaderMap,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let SignInRequest { email, password } = body?.read()?;
    let parts = &app.sign_in;
    let begun = sign_in::with_password(&*app.store, &parts.passwords, parts.limits, &email, password, client).await?;
    begin(&app, &headers, begun).await
}

/// Answers with a session that has just begun. The earlier one of the browser ends.
pub(super) async fn begin(
    app: &SharedApp,
    headers: &HeaderMap,
    begun: Begun,
) -> Result<impl IntoResponse + use<>, Error> {
    let cookie = session_cookie(app, headers, &begun).await?;
    let response = describe(app, begun.account, begun.expires_at).await?;
    Ok((NO_STORE, cookie, Json(response)))
}

/// Returns the cookie of a session that has just begun. The earlier one of the browser ends.
pub(super) async fn session_cookie(
    app: &SharedApp,
    headers: &HeaderMap,
    begun: &Begun,
) -> Result<[(HeaderName, String); 1], Error> {
    if let Some(earlier) = cookie::find(headers, cookie::SESSION) {
        sign_in::end(&*app.store, earlier).await?;
    }
    let seconds = begun.expires_at.saturating_sub(now());
    Ok(cookie::set(cookie::SESSION, begun.secret.expose(), seconds))
}

/// Describes a session.
pub(super) async fn describe(app: &SharedApp, account: Account, expires_at: u64) -> Result<SessionResponse, Error> {
    let memberships = app.store.memberships(account.number).await?.into_iter().map(MembershipBody::from).collect();
    let Account { id, email, name, password_hash, identity, .. } = account;
    // Pages show it.
    let name = hidden::show(&name).into_owned();
    let identity_provider = identity.map(|identity| identity.issuer);
    let account = AccountBody { id, email, name, has_password: password_hash.is_some(), identity_provider };
    Ok(SessionResponse { account, memberships, expires_at })
}

impl From<Membership> for MembershipBody {
    fn from(membership: Membership) -> MembershipBody {
        let Membership { organization: id, organization_name, suspended_at, principal, role } = membership;
        let name = hidden::show(&organization_name).into_owned();
        MembershipBody { organization: OrganizationBody { id, name, suspended_at }, principal, role }
    }
}

/// `GET /v2/session`
pub(super) async fn show(
    State(app): State<SharedApp>,
    SignedIn(session): SignedIn,
) -> Result<impl IntoResponse, Error> {
    Ok((NO_STORE, Json(describe(&app, session.account, session.expires_at).await?)))
}

/// `DELETE /v2/session`
pub(super) async fn sign_out(
    State(app): State<SharedApp>,
    _page: OwnPage,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Error> {
    if let Some(text) = cookie::find(&headers, cookie::SESSION) {
        sign_in::end(&*app.store, text).await?;
    }
    Ok((StatusCode::NO_CONTENT, NO_STORE, cookie::delete(cookie::SESSION)))
}

/// `PUT /v2/session/password`
pub(super) async fn change_password(
    State(app): State<SharedApp>,
    SignedIn(session): SignedIn,
    ClientAddress(client): ClientAddress,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let ChangePasswordRequest { old_password, new_password } = body?.read()?;
    let passwords = &app.sign_in.passwords;
    sign_in::change_password(&*app.store, passwords, &session, old_password, new_password, client).await?;
    Ok((StatusCode::NO_CONTENT, NO_STORE))
}
