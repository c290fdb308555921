//! `/sign-in/openid-connect` and `/sign-in/link`: lead to the operator's OpenID Connect provider.

use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use daypass::Error;
use maud::{Markup, html};
use url::{Position, Url};

use super::super::errors::retry_after;
use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::links::Links;
use super::super::visitor::refuse;
use super::card::Card;
use super::{account, form, kept, onward};
use crate::http::{ClientAddress, Onward, OwnPage, Purpose, SharedApp, SignedIn, begin_at_provider};
use crate::usecase::openid::OpenIdProvider;
use crate::usecase::sign_in;

/// `POST /sign-in/openid-connect`: to sign in.
pub(super) async fn start(
    State(app): State<SharedApp>,
    page: Result<OwnPage, Error>,
    form: Result<Fields, Error>,
) -> Response {
    let links = Links::new(&app.jwt_issuer.issuer);
    let begun = begin(&app, &links, page, form).await;
    begun.unwrap_or_else(|error| refuse(&error, &Method::POST, &links))
}

async fn begin(
    app: &SharedApp,
    links: &Links,
    page: Result<OwnPage, Error>,
    form: Result<Fields, Error>,
) -> Result<Response, Error> {
    page?;
    let onward = onward(&form?)?;
    Ok(match begin_at_provider(app, Purpose::SignIn, onward.clone()).await {
        Ok((url, cookie)) => (cookie, lead(links, url)).into_response(),
        Err(error) => {
            let (later, flaw) = (retry_after(&error), Flaw::whole_of(error));
            let card = form::card(app, links, &onward, "", Some(&flaw), None).refusing(&flaw);
            (later, card.respond(links)).into_response()
        }
    })
}

/// `POST /sign-in/link`: to link the account with the identity.
pub(super) async fn start_link(
    State(app): State<SharedApp>,
    page: Result<OwnPage, Error>,
    session: Result<SignedIn, Error>,
    client: Result<ClientAddress, Error>,
    form: Result<Fields, Error>,
) -> Response {
    let links = Links::new(&app.jwt_issuer.issuer);
    let begun = begin_link(&app, &links, page, session, client, form).await;
    begun.unwrap_or_else(|error| refuse(&error, &Method::POST, &links))
}

async fn begin_link(
    app: &SharedApp,
    links: &Links,
    page: Result<OwnPage, Error>,
    session: Result<SignedIn, Error>,
    client: Result<ClientAddress, Error>,
    form: Result<Fields, Error>,
) -> Result<Response, Error> {
    page?;
    let (SignedIn(session), ClientAddress(client)) = (session?, client?);
    let (passwords, password) = (&app.sign_in.passwords, Some(form?.raw("password").to_owned()));
    let begun = match sign_in::start_link(&*app.store, passwords, &session, password, client).await {
        Ok(proof) => begin_at_provider(app, Purpose::Link(proof), Onward::Account)
            .await
            .map_err(|error| (retry_after(&error), Flaw::whole_of(error))),
        Err(error) => Err((retry_after(&error), Flaw::from(error))),
    };
    Ok(match begun {
        Ok((url, cookie)) => (cookie, lead(links, url)).into_response(),
        Err((later, flaw)) => {
            let failure = Some(("The account was not linked", &flaw));
            (later, account::card(app, links, &session, failure).await?.refusing(&flaw).respond(links)).into_response()
        }
    })
}

fn lead(links: &Links, url: String) -> Response {
    Card::leading_to("On to the provider", url).respond(links)
}

/// Returns the host of the provider, by which people know it; nothing without a provider.
fn host(app: &SharedApp) -> Option<String> {
    let url = Url::parse(app.sign_in.openid.as_ref().map(OpenIdProvider::issuer)?).ok()?;
    Some(url[Position::BeforeHost..Position::AfterPort].to_owned())
}

/// Shows the button that signs in by the provider, if the service has one.
pub(super) fn offer(app: &SharedApp, links: &Links, onward: &Onward) -> Markup {
    html! {
        @if let Some(host) = host(app) {
            form.provider method="post" action=(links.beside("sign-in/openid-connect")) {
                (kept(onward))
                p.or { span { "or" } }
                button.quiet type="submit" { "Continue with " b { (host) } }
            }
        }
    }
}

/// Shows the form that links the account with an identity of the provider, if the service has one.
pub(super) fn link(app: &SharedApp, links: &Links, flaw: Option<&Flaw>) -> Markup {
    html! {
        @if let Some(host) = host(app) {
            form method="post" action=(links.beside("sign-in/link")) {
                label for="password" { "Your password" }
                input #password name="password" type="password" autocomplete="current-password" required
                    aria-describedby=[Flaw::is_in(flaw, "password").map(|_| "password-problem")]
                    aria-invalid=[Flaw::is_in(flaw, "password")];
                (Flaw::beside(flaw, "password"))
                button.quiet type="submit" { "Link with " b { (host) } }
            }
        }
    }
}
