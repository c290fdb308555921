//! `/oauth/authorize`: a person lets a client have a code (RFC 6749, section 4.1.1).
//!
//! A navigation shows what the response is, so that everything that is wrong is a page, or an answer at the client's own
//! address.

mod page;

use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use daypass::ErrorCode::{TooManyRequests, Unavailable};
use daypass::{Error, ScopeSet};
use schemars::JsonSchema;

use crate::domain::membership::Membership;
use crate::domain::oauth::authorization::Denial;
use crate::http::openapi::{Callers, Field, Header, Operation, Tag};
use crate::http::{NO_STORE, Onward, OwnPage, Parameters, SharedApp, SignedIn};
use crate::usecase::oauth::authorize::{Authorizer, Next, Problem, SIGN_IN_SEEN};
use crate::usecase::sign_in::Session;

/// `GET /oauth/authorize`
pub(super) async fn show(
    State(app): State<SharedApp>,
    session: Result<SignedIn, Error>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    respond(&app, begin(&app, session, &query).await)
}

/// `POST /oauth/authorize`: the person has decided.
///
/// SECURITY: it comes from the page of the service alone, which is in no frame.
pub(super) async fn decide(
    State(app): State<SharedApp>,
    page: Result<OwnPage, Error>,
    session: Result<SignedIn, Error>,
    form: Result<Parameters, Error>,
) -> Response {
    respond(&app, finish(&app, page, session, form).await)
}

async fn begin(app: &SharedApp, session: Result<SignedIn, Error>, query: &str) -> Result<Response, Problem> {
    let view = app.catalog.view();
    let authorizer = Authorizer { store: &*app.store, catalogs: &view.catalogs, audience: &app.jwt_issuer.audience };
    let asked = authorizer.read(query).await?;
    let Some(session) = signed_in(session)? else {
        if asked.request.prompt.is_none {
            return Err(asked.deny(Denial::LOGIN_REQUIRED));
        }
        // A person who was asked to sign in once is not asked again because of `prompt=login`.
        return Ok(redirect(sign_in_page(app, query, asked.request.prompt.has_login)?));
    };
    match authorizer.next(&asked, &session.account).await? {
        Next::SignIn => Ok(redirect(sign_in_page(app, query, true)?)),
        Next::Ask(user, scopes) => {
            let sign_in = sign_in_page(app, query, true)?;
            Ok(page::consent(&asked, &session.account, &user, &scopes, &view.catalogs, query, &sign_in))
        }
        Next::Answer(user, scopes) => {
            Ok(redirect(authorizer.issue(&asked, &user, &scopes, &app.jwt_issuer.issuer).await?))
        }
    }
}

async fn finish(
    app: &SharedApp,
    page: Result<OwnPage, Error>,
    session: Result<SignedIn, Error>,
    form: Result<Parameters, Error>,
) -> Result<Response, Problem> {
    page?;
    let form = form?;
    // The query of the authorization request, and what the page showed.
    let (query, shown) = (form.require("request")?, form.find("shown"));
    let view = app.catalog.view();
    let authorizer = Authorizer { store: &*app.store, catalogs: &view.catalogs, audience: &app.jwt_issuer.audience };
    let asked = authorizer.read(query).await?;
    let Some(session) = signed_in(session)? else { return Ok(redirect(sign_in_page(app, query, false)?)) };
    if form.require("decision")? != "allow" {
        authorizer.close(&asked).await?;
        return Err(asked.deny(Denial::ACCESS_DENIED));
    }
    let (user, scopes) = match authorizer.next(&asked, &session.account).await? {
        Next::SignIn => return Ok(redirect(sign_in_page(app, query, true)?)),
        // SECURITY: the consent is to what the page showed, to the person whom it named.
        Next::Ask(user, scopes) | Next::Answer(user, scopes) if shown != Some(&*summary(&user, &scopes)) => {
            let sign_in = sign_in_page(app, query, true)?;
            return Ok(page::consent(&asked, &session.account, &user, &scopes, &view.catalogs, query, &sign_in));
        }
        Next::Ask(user, scopes) | Next::Answer(user, scopes) => (user, scopes),
    };
    authorizer.consent(&asked, &user, &scopes).await?;
    Ok(redirect(authorizer.issue(&asked, &user, &scopes, &app.jwt_issuer.issuer).await?))
}

/// Returns what a page shows: for whom, and which scopes.
fn summary(user: &Membership, scopes: &ScopeSet) -> String {
    format!("{} {scopes}", user.principal)
}

fn signed_in(session: Result<SignedIn, Error>) -> Result<Option<Session>, Error> {
    match session {
        Ok(SignedIn(session)) => Ok(Some(session)),
        Err(Error::NotSignedIn(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the address of the sign-in, which leads back to this request.
///
/// # Errors
/// [`Error::InvalidRequest`] if the request is too long for it.
fn sign_in_page(app: &SharedApp, query: &str, as_another: bool) -> Result<String, Error> {
    let (name, value) = SIGN_IN_SEEN;
    let query = if as_another { format!("{query}&{name}={value}") } else { query.to_owned() };
    let sign_in = Onward::authorize(&query)?.sign_in(as_another.then_some(("another", "1")));
    Ok(format!("{}/{sign_in}", app.jwt_issuer.issuer))
}

/// Answers with another address, which the browser asks for without the form (RFC 9700, section 4.12).
fn redirect(location: String) -> Response {
    (StatusCode::SEE_OTHER, NO_STORE, [(LOCATION, location)]).into_response()
}

fn respond(app: &SharedApp, done: Result<Response, Problem>) -> Response {
    match done {
        Ok(response) => response,
        Err(Problem::Person(error)) => page::problem(&error),
        Err(Problem::Client(address, denial)) => redirect(address.with_denial(denial, &app.jwt_issuer.issuer)),
    }
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    const PATH: &str = "/oauth/authorize";
    let of = |method, id, summary| {
        Operation::new(method, PATH, id, summary, Tag::OAuth)
            .answers_text(200, "text/html", "The page of consent.")
            .answers_nothing(303, "To the sign-in, or to the client's redirect URI with the response.")
            .with(Header::Location)
            .with_error_pages()
    };
    vec![
        of(Method::GET, "authorize", "Ask a person for a code")
            .says("The authorization request of a client (RFC 6749, section 4.1.1), with PKCE. A person's browser opens it.")
            .query::<AuthorizationRequest>()
            .refuses(&[TooManyRequests, Unavailable]),
        of(Method::POST, "decide", "Decide about a code")
            .says("The form of the page of consent.")
            .by(Callers::OwnPages)
            .takes_form(&[
                Field::required("request", "The query of the authorization request."),
                Field::required("decision", "`allow`, or anything else."),
                Field::optional("shown", "What the page showed."),
            ]),
    ]
}

/// The query of an authorization request. Others are overlooked.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it documents what `Authorizer` reads by name")]
struct AuthorizationRequest {
    /// `code`.
    response_type: Option<String>,
    /// The client.
    client_id: Option<String>,
    /// One of the client's, exactly; may be left out if it has one alone.
    redirect_uri: Option<String>,
    /// Some that the client may ask for, separated by spaces; without it, all of them.
    scope: Option<String>,
    /// It comes back exactly; 2000 bytes at most.
    state: Option<String>,
    /// The challenge of PKCE (RFC 7636).
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// `query`.
    response_mode: Option<String>,
    /// `none`, or some of `login`, `consent`, `select_account`.
    prompt: Option<String>,
    /// The key that the code is bound to (RFC 9449, section 10).
    dpop_jkt: Option<String>,
    /// The service's audience (RFC 8707).
    resource: Option<String>,
    /// The name of a pushed request; then only `client_id` counts beside it.
    request_uri: Option<String>,
}
