//! `/sign-out`: a person ends the session.

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use daypass::Error;

use super::super::links::Links;
use super::super::visitor::{redirect, refuse};
use crate::http::{OwnPage, SharedApp, end_session};

/// `POST /sign-out`
pub(super) async fn submit(State(app): State<SharedApp>, page: Result<OwnPage, Error>, headers: HeaderMap) -> Response {
    let links = Links::new(&app.jwt_issuer.issuer);
    let ended = match page {
        Ok(OwnPage) => end_session(&app, &headers).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(cookie) => (cookie, redirect(links.beside("sign-in"))).into_response(),
        Err(error) => refuse(&error, &Method::POST, &links),
    }
}
