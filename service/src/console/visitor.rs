//! The person who visits a page of an organization: [`Visitor`].

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use daypass::api::Role;
use daypass::{Error, Scope};

use super::links::Links;
use super::page::{self, Page};
use super::sections::Section;
use crate::domain::membership::Membership;
use crate::http::{Caller, NO_STORE, SharedApp};

/// A person who is signed in, within the organization that the path names.
///
/// SECURITY: there is no way to it but by a session, which comes with the check of the page that sends a form, and by
/// the person's membership.
pub(super) struct Visitor {
    /// The person, as the use cases have callers.
    pub(super) caller: Caller,
    /// The organization's id.
    pub(super) organization: String,
    /// The organization's name.
    pub(super) organization_name: String,
    /// The person's role in the organization.
    pub(super) role: Role,
    /// The email of the person's account.
    pub(super) email: String,
    /// The person's users in all organizations.
    pub(super) memberships: Vec<Membership>,
    /// The addresses of the pages.
    pub(super) links: Links,
}

/// What a handler answers a person with.
pub(super) enum Answer {
    /// A page.
    Page(Page),
    /// Another page, which the browser asks for without the form.
    Redirect(String),
}

impl Visitor {
    async fn find(parts: &mut Parts, app: &SharedApp, links: &Links) -> Result<Visitor, Error> {
        let path = Path::<BTreeMap<String, String>>::from_request_parts(parts, app).await;
        let Path(mut path) = path.map_err(|_| Error::NotFound)?;
        let organization = path.remove("organization").ok_or(Error::NotFound)?;
        let caller = Caller::of_session(parts, app).await?.within(Some(organization))?;
        let person = caller.person()?;
        let (email, memberships) = (person.email().to_owned(), person.memberships().to_vec());
        let Membership { organization, organization_name, role, .. } = person.choose()?.clone();
        let links = links.clone();
        Ok(Visitor { caller, organization, organization_name, role, email, memberships, links })
    }

    /// Returns whether the person's role has a scope of Daypass in the organization.
    pub(super) fn may(&self, scope: &Scope) -> bool {
        self.caller.require(scope).is_ok()
    }

    /// Returns the address of a page of the organization.
    pub(super) fn to(&self, parts: &[&str]) -> String {
        self.links.to(&self.organization, parts)
    }

    /// Answers with what a handler made, or with the page that says why it could not.
    pub(super) fn answer(&self, section: Section, answer: Result<Answer, Error>) -> Response {
        match answer {
            Ok(Answer::Page(page)) => page.respond(&self.links, Some((self, section))),
            Ok(Answer::Redirect(location)) => redirect(location),
            Err(error) => page::problem(&error).respond(&self.links, Some((self, section))),
        }
    }
}

/// Answers with another address, which the browser asks for without the form (RFC 9110, section 15.4.4).
pub(super) fn redirect(location: String) -> Response {
    (StatusCode::SEE_OTHER, NO_STORE, [(LOCATION, location)]).into_response()
}

/// Answers a request without a person: with the sign-in, or with the page that says what is wrong. A form that was sent
/// is not lost by a redirect: its page can send it once more.
pub(super) fn refuse(error: &Error, method: &Method, links: &Links) -> Response {
    match error {
        Error::NotSignedIn(_) if *method == Method::POST => page::session_ended(error, links).respond(links, None),
        Error::NotSignedIn(_) => redirect(links.sign_in()),
        _ => page::problem(error).respond(links, None),
    }
}

impl FromRequestParts<SharedApp> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Visitor, Response> {
        let links = Links::new(&app.jwt_issuer.issuer);
        Visitor::find(parts, app, &links).await.map_err(|error| refuse(&error, &parts.method, &links))
    }
}
