//! `/v2/session`: people sign in, see who they are, change their password and sign out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::IntoResponse;
use daypass::Error;
use daypass::ErrorCode::{InvalidRequest, SignInFailed};
use daypass::api::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::extract::{ClientAddress, OwnPage, SignedIn};
use super::super::openapi::{Callers, Header, Operation, Tag};
use super::super::{JsonText, NO_STORE, SharedApp, cookie};
use crate::domain::account::Account;
use crate::domain::hidden;
use crate::domain::membership::Membership;
use crate::usecase::clock::now;
use crate::usecase::sign_in::{self, Begun};

/// What a person signs in with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    email: String,
    password: String,
}

/// A change of the password.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangePasswordRequest {
    /// The one that the account has.
    old_password: String,
    /// The new one, 12 characters at least and 1024 bytes at most.
    new_password: String,
}

/// A session, as the service describes it to the person who is signed in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionResponse {
    /// The account.
    account: AccountBody,
    /// The account's users in organizations.
    memberships: Vec<MembershipBody>,
    /// When the session ends, if it is used until then.
    expires_at: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Account")]
struct AccountBody {
    id: String,
    email: String,
    name: String,
    has_password: bool,
    /// The OpenID Connect provider of the linked identity.
    identity_provider: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Membership")]
struct MembershipBody {
    organization: OrganizationBody,
    principal: String,
    role: Role,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MembershipOrganization")]
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
pub(crate) async fn session_cookie(
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
    Ok((StatusCode::NO_CONTENT, NO_STORE, end(&app, &headers).await?))
}

/// Ends the session of a browser, and returns the header that deletes its cookie.
pub(crate) async fn end(app: &SharedApp, headers: &HeaderMap) -> Result<[(HeaderName, String); 1], Error> {
    if let Some(text) = cookie::find(headers, cookie::SESSION) {
        sign_in::end(&*app.store, text).await?;
    }
    Ok(cookie::delete(cookie::SESSION))
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

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    const PATH: &str = "/v2/session";
    let of = |method, path, id, summary| Operation::new(method, path, id, summary, Tag::People);
    vec![
        of(Method::GET, PATH, "showSession", "Show the session")
            .by(Callers::People)
            .answers::<SessionResponse>(200, "The session."),
        of(Method::POST, PATH, "signIn", "Sign in")
            .by(Callers::OwnPages)
            .takes::<SignInRequest>()
            .answers::<SessionResponse>(200, "The session, and its cookie.")
            .with(Header::Cookie)
            .refuses(&[SignInFailed]),
        of(Method::DELETE, PATH, "signOut", "Sign out")
            .by(Callers::OwnPages)
            .answers_nothing(204, "The session has ended.")
            .with(Header::Cookie),
        of(Method::PUT, "/v2/session/password", "changePassword", "Change the password")
            .says("The account's other sessions end.")
            .by(Callers::People)
            .takes::<ChangePasswordRequest>()
            .answers_nothing(204, "The password is changed.")
            .refuses(&[SignInFailed, InvalidRequest]),
    ]
}
