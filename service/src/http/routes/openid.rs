//! `/v2/session/openid-connect`: people sign in by the operator's OpenID Connect provider.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::IntoResponse;
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::Error;
use daypass::ErrorCode::{InvalidRequest, NotSignedIn, SignInFailed, TooManyRequests, Unavailable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::extract::{ClientAddress, OwnPage, SignedIn};
use super::super::openapi::{Callers, Header, Operation, Tag};
use super::super::{JsonText, NO_STORE, Onward, SharedApp, cookie};
use super::session::session_cookie;
use crate::store::acting;
use crate::usecase::openid::{CALLBACK, OpenIdProvider, Pending};
use crate::usecase::sign_in::{Begun, LinkProof};
use crate::usecase::{invitations, sign_in};

/// The cookie of a sign-in that has begun. The provider's response comes from another site, by a navigation.
const PENDING: &str = "__Host-daypass-openid";
/// How long a person may take at the provider, in seconds.
const PENDING_SECONDS: u64 = 600;

/// Longest query of an authorization request that waits in the cookie, since browsers keep 4096 bytes.
const MAX_AUTHORIZE: usize = 2000;

/// What a page begins at the provider.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StartOpenIdConnectRequest")]
struct StartRequest {
    /// The secret in the link of an invitation to accept.
    invitation: Option<String>,
    /// Whether to link the identity with the account that is signed in.
    #[serde(default)]
    link: bool,
    /// The account's password, to link an identity.
    password: Option<String>,
    /// The query of an authorization request that waits for the sign-in.
    authorize: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UnlinkIdentityRequest")]
struct UnlinkRequest {
    /// The account's password.
    password: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StartOpenIdConnectResponse")]
struct StartResponse {
    /// The provider's authorization endpoint, with the request.
    url: String,
}

/// What a confirmed identity is for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Purpose {
    /// To sign in.
    SignIn,
    /// To accept the invitation with this secret.
    Accept(String),
    /// To link it with the account that the proof is of.
    Link(LinkProof),
}

/// The content of the cookie.
///
/// SECURITY: it is the browser's own, so that it needs no signature: a browser that changes it breaks its own sign-in. What
/// a session alone may not do has its own proof.
#[derive(Serialize, Deserialize)]
struct PendingCookie {
    state: String,
    nonce: String,
    verifier: String,
    purpose: Purpose,
    onward: Onward,
}

impl PendingCookie {
    fn find(headers: &HeaderMap) -> Option<PendingCookie> {
        let json = Base64UrlUnpadded::decode_vec(cookie::find(headers, PENDING)?).ok()?;
        serde_json::from_slice(&json).ok()
    }

    fn encode(&self) -> String {
        Base64UrlUnpadded::encode_string(&serde_json::to_vec(self).expect("texts are JSON"))
    }
}

/// The provider's response (RFC 6749, section 4.1.2).
#[derive(Deserialize, JsonSchema)]
pub(super) struct Callback {
    /// The state of the request.
    state: Option<String>,
    /// The authorization code.
    code: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// How people can sign in beside a password.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SignInMethods")]
pub(super) struct Methods<'a> {
    /// The issuer of the OpenID Connect provider; `None` without one.
    open_id_issuer: Option<&'a str>,
}

/// Requires that the cookie of a sign-in has room for where it leads.
fn require_room(onward: &Onward) -> Result<(), Error> {
    match onward {
        Onward::Authorize(query) if query.len() > MAX_AUTHORIZE => {
            let why = format!(
                "The authorization request has {} characters; {MAX_AUTHORIZE} at most can wait for the provider. Push it \
                 to /oauth/par first.",
                query.len()
            );
            Err(Error::InvalidRequest(why))
        }
        _ => Ok(()),
    }
}

fn provider(app: &SharedApp) -> Result<&OpenIdProvider, Error> {
    let why = "The service has no OpenID Connect provider: ask its operator to start it with --oidc-issuer.";
    app.sign_in.openid.as_ref().ok_or_else(|| Error::InvalidRequest(why.into()))
}

/// `GET /v2/sign-in-methods`
pub(super) async fn methods(State(app): State<SharedApp>) -> impl IntoResponse {
    let open_id_issuer = app.sign_in.openid.as_ref().map(OpenIdProvider::issuer);
    (NO_STORE, Json(Methods { open_id_issuer })).into_response()
}

/// `POST /v2/session/openid-connect`
pub(super) async fn start(
    State(app): State<SharedApp>,
    _page: OwnPage,
    session: Result<SignedIn, Error>,
    ClientAddress(client): ClientAddress,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let request: StartRequest = body?.read()?;
    let onward = Onward::read(None, request.authorize.as_deref())?;
    let purpose = match request {
        StartRequest { invitation: Some(_), link: true, .. } => {
            return Err(Error::InvalidRequest("Set `invitation` or `link`, not both.".into()));
        }
        StartRequest { invitation: Some(invitation), .. } => Purpose::Accept(invitation),
        StartRequest { link: true, password, .. } => {
            let SignedIn(session) = session?;
            let passwords = &app.sign_in.passwords;
            Purpose::Link(sign_in::start_link(&*app.store, passwords, &session, password, client).await?)
        }
        StartRequest { .. } => Purpose::SignIn,
    };
    let (url, cookie) = begin(&app, purpose, onward).await?;
    Ok((NO_STORE, cookie, Json(StartResponse { url })))
}

/// Begins at the provider, and returns where the browser goes, and the cookie that it brings back.
///
/// # Errors
/// [`Error::InvalidRequest`] without a provider, or [`Error::SignInFailed`] if it does not answer.
pub(crate) async fn begin(
    app: &SharedApp,
    purpose: Purpose,
    onward: Onward,
) -> Result<(String, [(HeaderName, String); 1]), Error> {
    require_room(&onward)?;
    let (url, Pending { state, nonce, verifier }) = provider(app)?.start().await?;
    let pending = PendingCookie { state, nonce, verifier, purpose, onward };
    Ok((url, cookie::set(PENDING, &pending.encode(), PENDING_SECONDS)))
}

/// `POST /v2/session/openid-connect/unlink`
pub(super) async fn unlink(
    State(app): State<SharedApp>,
    SignedIn(session): SignedIn,
    ClientAddress(client): ClientAddress,
    body: Result<JsonText, Error>,
) -> Result<impl IntoResponse, Error> {
    let UnlinkRequest { password } = body?.read()?;
    sign_in::unlink(&*app.store, &app.sign_in.passwords, &session, password, client).await?;
    Ok((StatusCode::NO_CONTENT, NO_STORE))
}

/// `GET /v2/session/openid-connect/callback`: the provider sends the person back.
///
/// A navigation shows what the response is, so that it leads to a page in every case. The page gets the error's code alone.
pub(super) async fn callback(
    State(app): State<SharedApp>,
    session: Result<SignedIn, Error>,
    headers: HeaderMap,
    query: Result<Query<Callback>, QueryRejection>,
) -> impl IntoResponse {
    let done = match query {
        Ok(Query(callback)) => finish(&app, session, &headers, callback).await,
        Err(cause) => Err(Error::InvalidRequest(cause.body_text())),
    };
    // The response is a redirect in every case.
    done.as_ref().err().map(Error::code).into_iter().for_each(acting::refused);
    let issuer = &app.jwt_issuer.issuer;
    let onward = match PendingCookie::find(&headers).map(|pending| pending.onward) {
        // SECURITY: the cookie may have another text than `begin` has encoded.
        Some(Onward::Authorize(query)) => Onward::authorize(&query).unwrap_or_default(),
        onward => onward.unwrap_or_default(),
    };
    let (address, begun) = match done {
        Ok(begun) => (onward.address(), begun),
        Err(error) => (onward.sign_in(Some(("error", error.code().as_str()))), None),
    };
    let location = format!("{issuer}/{address}");
    let mut cookies = vec![cookie::delete(PENDING)];
    if let Some(begun) = begun {
        match session_cookie(&app, &headers, &begun).await {
            Ok(cookie) => cookies.push(cookie),
            Err(error) => return error.into_response(),
        }
    }
    let mut response = (StatusCode::SEE_OTHER, NO_STORE, [(header::LOCATION, location)]).into_response();
    for (name, value) in cookies.into_iter().flatten() {
        let value = value.parse().expect("cookies are ASCII");
        response.headers_mut().append(name, value);
    }
    response
}

fn failed(why: &str) -> Error {
    Error::SignInFailed(why.into())
}

async fn finish(
    app: &SharedApp,
    session: Result<SignedIn, Error>,
    headers: &HeaderMap,
    callback: Callback,
) -> Result<Option<Begun>, Error> {
    let Callback { state, code, error } = callback;
    let Some(PendingCookie { state: expected, nonce, verifier, purpose, .. }) = PendingCookie::find(headers) else {
        return Err(failed("The response is not to a sign-in of this browser: begin again."));
    };
    let (Some(state), Some(code), None) = (state, code, error) else {
        return Err(failed("The OpenID Connect provider ended the sign-in."));
    };
    let pending = Pending { state: expected, nonce, verifier };
    let identity = provider(app)?.finish(pending, &state, code).await?;
    let (store, limits) = (&*app.store, app.sign_in.limits);
    match purpose {
        Purpose::SignIn => sign_in::with_identity(store, limits, identity).await.map(Some),
        Purpose::Accept(invitation) => {
            invitations::accept_with_identity(store, limits, &invitation, identity).await.map(Some)
        }
        // Another person may have signed in meanwhile: then the proof is not of that account.
        Purpose::Link(proof) => sign_in::link(store, &session?.0, identity, proof).await.map(|()| None),
    }
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, summary, Tag::People);
    vec![
        of(Method::GET, "/v2/sign-in-methods", "getSignInMethods", "Get the ways to sign in")
            .answers::<Methods<'static>>(200, "The ways.")
            .refuses(&[TooManyRequests]),
        of(Method::POST, "/v2/session/openid-connect", "startOpenIdConnect", "Begin at the OpenID Connect provider")
            .says("To sign in, to accept an invitation, or to link the identity with the account that is signed in.")
            .by(Callers::OwnPages)
            .takes::<StartRequest>()
            .answers::<StartResponse>(200, "Where the page goes.")
            .with(Header::Cookie)
            .refuses(&[InvalidRequest, NotSignedIn, SignInFailed]),
        of(Method::POST, "/v2/session/openid-connect/unlink", "unlinkIdentity", "Unlink the identity")
            .says("The account's other sessions end.")
            .by(Callers::People)
            .takes::<UnlinkRequest>()
            .answers_nothing(204, "The identity is linked no more.")
            .refuses(&[InvalidRequest, SignInFailed]),
        of(Method::GET, CALLBACK, "finishOpenIdConnect", "Come back from the OpenID Connect provider")
            .says("The provider's response (RFC 6749, section 4.1.2). The page gets the code of an error.")
            .query::<Callback>()
            .answers_nothing(303, "To a page of the service.")
            .with(Header::Location)
            .with(Header::Cookie)
            .refuses(&[TooManyRequests, Unavailable]),
    ]
}
