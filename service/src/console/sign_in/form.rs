//! `/sign-in`: a person signs in with a password.

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use daypass::Error;
use maud::html;

use super::super::errors::retry_after;
use super::super::fields::{Fields, QueryFields};
use super::super::flaw::Flaw;
use super::super::links::Links;
use super::super::page;
use super::super::text::outside;
use super::super::visitor::{redirect, refuse};
use super::card::Card;
use super::{account, kept, onward, provider};
use crate::http::{ClientAddress, Onward, OwnPage, SharedApp, SignedIn, session_cookie};
use crate::usecase::sign_in;

/// Why the provider's response led here, by the code of the error.
///
/// SECURITY: the code alone comes with the address, so that no link shows a text of its own.
const FAILURES: [(&str, &str); 3] = [
    ("invalid_invitation", "The invitation is not valid. Ask the person who invited you for a new link."),
    ("invalid_request", "The identity cannot be linked: it is another account’s, or the account has one."),
    ("not_signed_in", "An account with the invited email exists. Sign in, and open the invitation again."),
];
const FAILED: &str = "The provider did not confirm an account of this service. Try again, or use an invitation.";

/// `GET /sign-in?to=&authorize=&another=&error=`: the form, or the account of a person who is signed in.
pub(super) async fn show(
    State(app): State<SharedApp>,
    session: Result<SignedIn, Error>,
    QueryFields(query): QueryFields,
) -> Response {
    let links = Links::new(&app.jwt_issuer.issuer);
    let opened = open(&app, &links, session, &query).await;
    opened.unwrap_or_else(|error| page::problem(&error).respond(&links, None))
}

async fn open(
    app: &SharedApp,
    links: &Links,
    session: Result<SignedIn, Error>,
    query: &Fields,
) -> Result<Response, Error> {
    let onward = onward(query)?;
    let failure = query.get("error").map(|code| {
        let known = FAILURES.iter().find(|(own, _)| *own == code);
        Flaw::whole(known.map_or(FAILED, |(_, message)| *message))
    });
    let is_asked = query.get("another").is_some() || failure.is_some();
    let other = match session {
        Ok(SignedIn(session)) if onward == Onward::Account => {
            let failure = failure.as_ref().map(|flaw| ("That did not work", flaw));
            return Ok(account::card(app, links, &session, failure).await?.respond(links));
        }
        Ok(SignedIn(_)) if !is_asked => return Ok(redirect(links.beside(&onward.address()))),
        Ok(SignedIn(session)) => Some(session.account.email),
        Err(Error::NotSignedIn(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(card(app, links, &onward, "", failure.as_ref(), other.as_deref()).respond(links))
}

/// `POST /sign-in`
pub(super) async fn submit(
    State(app): State<SharedApp>,
    page: Result<OwnPage, Error>,
    session: Result<SignedIn, Error>,
    client: Result<ClientAddress, Error>,
    headers: HeaderMap,
    form: Result<Fields, Error>,
) -> Response {
    let links = Links::new(&app.jwt_issuer.issuer);
    let entered = enter(&app, &links, page, session, client, &headers, form).await;
    entered.unwrap_or_else(|error| refuse(&error, &Method::POST, &links))
}

async fn enter(
    app: &SharedApp,
    links: &Links,
    page: Result<OwnPage, Error>,
    session: Result<SignedIn, Error>,
    client: Result<ClientAddress, Error>,
    headers: &HeaderMap,
    form: Result<Fields, Error>,
) -> Result<Response, Error> {
    page?;
    let (ClientAddress(client), fields) = (client?, form?);
    let onward = onward(&fields)?;
    let (email, password, parts) = (fields.raw("email"), fields.raw("password").to_owned(), &app.sign_in);
    match sign_in::with_password(&*app.store, &parts.passwords, parts.limits, email, password, client).await {
        Ok(begun) => Ok((session_cookie(app, headers, &begun).await?, lead(links, &onward)).into_response()),
        Err(error) => {
            let (later, flaw) = (retry_after(&error), Flaw::from(error));
            let other = session.ok().map(|SignedIn(session)| session.account.email);
            let card = card(app, links, &onward, email, Some(&flaw), other.as_deref()).refusing(&flaw);
            Ok((later, card.respond(links)).into_response())
        }
    }
}

/// Leads a person on who has just signed in.
fn lead(links: &Links, onward: &Onward) -> Response {
    let address = links.beside(&onward.address());
    match onward {
        // The request's answer may be a redirect to the client.
        Onward::Authorize(_) => Card::leading_to("You are signed in", address).respond(links),
        Onward::Account | Onward::Console => redirect(address),
    }
}

/// Shows the form, to a person who is signed in with another account too.
pub(super) fn card(
    app: &SharedApp,
    links: &Links,
    onward: &Onward,
    email: &str,
    flaw: Option<&Flaw>,
    other: Option<&str>,
) -> Card {
    let is_known = !email.is_empty();
    let content = html! {
        section aria-labelledby="title" {
            h1 #title { "Sign in" }
            @if matches!(onward, Onward::Authorize(_)) {
                p.note { "An application asks for access. Sign in to decide about it." }
            }
            @if let Some(email) = other { p.note { "You are signed in as " (outside(email)) "." } }
            (Flaw::summary(flaw, "You were not signed in"))
            form method="post" action=(links.beside(&onward.sign_in(None))) {
                (kept(onward))
                label for="email" { "Email" }
                input #email name="email" type="email" autocomplete="username" required autofocus[!is_known]
                    value=(email);
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password" required
                    autofocus[is_known] aria-describedby=[Flaw::is_in(flaw, "password").map(|_| "password-problem")]
                    aria-invalid=[Flaw::is_in(flaw, "password")];
                (Flaw::beside(flaw, "password"))
                button type="submit" { "Sign in" }
            }
            (provider::offer(app, links, onward))
            p.note { "No account? Ask an administrator of your organization for an invitation." }
        }
    };
    Card::new("Sign in", content)
}
