//! `/console`: leads to the sign-in, or to the tokens of an organization.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use daypass::Error;

use super::links::Links;
use super::page;
use super::visitor::{Visitor, redirect, refuse};
use crate::http::{Caller, SharedApp};

/// `GET /console`: the first organization of the person that can be used.
pub(super) async fn open(State(app): State<SharedApp>, request: Request) -> Response {
    let links = Links::new(&app.jwt_issuer.issuer);
    match first(&app, request).await {
        Ok(Some(organization)) => redirect(links.to(&organization, &["tokens"])),
        Ok(None) => page::without_organization().respond(&links, None),
        Err(error) => refuse(&error, &Method::GET, &links),
    }
}

async fn first(app: &SharedApp, request: Request) -> Result<Option<String>, Error> {
    let (parts, _) = request.into_parts();
    let caller = Caller::of_session(&parts, app).await?;
    let memberships = caller.person()?.memberships();
    let usable = memberships.iter().find(|membership| membership.suspended_at.is_none());
    Ok(usable.map(|membership| membership.organization.clone()))
}

/// `GET /console/{organization}`
pub(super) async fn organization(visitor: Visitor) -> Response {
    redirect(visitor.to(&["tokens"]))
}
