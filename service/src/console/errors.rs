//! Errors of requests that reach no page: people get a page, and programs get JSON.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use daypass::Error;

use super::links::Links;
use super::page;
use crate::http::SharedApp;

/// Answers a request to an address that does not exist.
pub(crate) async fn not_found(State(app): State<SharedApp>, request: Request) -> Response {
    refuse(&app, &request.into_parts().0, Error::NotFound)
}

/// Answers a request whose method its address does not have.
pub(super) async fn method_not_allowed(State(app): State<SharedApp>, request: Request) -> Response {
    refuse(&app, &request.into_parts().0, Error::MethodNotAllowed)
}

/// Answers a request with an error: with a page if a browser asked for one.
pub(crate) fn refuse(app: &SharedApp, parts: &Parts, error: Error) -> Response {
    if !is_of_people(parts.uri.path()) || !takes_page(&parts.headers) {
        return error.into_response();
    }
    let page = page::problem(&error).respond(&Links::new(&app.jwt_issuer.issuer), None);
    (retry_after(&error), page).into_response()
}

/// Returns the header that says when to try again, if an error says so.
pub(super) fn retry_after(error: &Error) -> HeaderMap {
    match error {
        Error::TooManyRequests(seconds) => HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(*seconds))]),
        _ => HeaderMap::new(),
    }
}

/// Returns whether a path is that of the console or of the sign-in, or below.
fn is_of_people(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    matches!(first, Some("console" | "sign-in" | "sign-out"))
}

/// Returns whether a client takes a page, as browsers say of every address that a person opens (RFC 9110, section 12.5.1).
fn takes_page(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("text/html"));
        is_html
            && !parts.any(|part| part.strip_prefix("q=0").is_some_and(|rest| rest.bytes().all(|b| b"0.".contains(&b))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_a_page_below_the_console_and_the_sign_in() {
        for (path, expected) in [
            ("/console", true),
            ("/console/", true),
            ("/console/acme/nothing", true),
            ("/sign-in/x", true),
            ("/sign-out", true),
            ("/consoles", false),
            ("/v2/console", false),
            ("/", false),
        ] {
            assert_eq!(is_of_people(path), expected, "{path}");
        }
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json, TEXT/HTML;q=0.5", true),
            ("text/html;q=0.01", true),
            ("text/html;q=0", false),
            ("text/html;q=0.00, */*", false),
            ("*/*", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(takes_page(&headers), expected, "{accept}");
        }
        assert!(!takes_page(&HeaderMap::new()));
    }
}
