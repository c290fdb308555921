//! The page that asks for consent, and the one that says why a request cannot be answered.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use daypass::{Error, Scope, ScopeSet};

use super::summary;
use crate::domain::account::Account;
use crate::domain::catalogs::Catalogs;
use crate::domain::membership::Membership;
use crate::domain::oauth::redirect_uri::Destination;
use crate::domain::oauth::scope;
use crate::http::page::{ISOLATED, escape};
use crate::usecase::oauth::authorize::Asked;

/// Returns the page on which a user decides about these scopes.
pub(super) fn consent(
    asked: &Asked,
    account: &Account,
    user: &Membership,
    scopes: &ScopeSet,
    catalogs: &Catalogs,
    query: &str,
    sign_in: &str,
) -> Response {
    let redirect_uri = &asked.request.address.redirect_uri;
    let destination = match redirect_uri.destination() {
        Destination::Site(host) => format!("to the website <b>{}</b>", escape(host)),
        Destination::Device => "to a program on <b>this device</b>".into(),
        Destination::App(scheme) => format!("to an app on this device, <b>{}</b>", escape(scheme)),
    };
    let missing: Vec<_> = asked.request.scopes.iter().filter(|scope| !scopes.covers(scope)).collect();
    let missing = if missing.is_empty() {
        String::new()
    } else {
        let why = format!("Your role, {}, has not all of what it asked for. Left out:", user.role);
        format!("<h2>{why}</h2>\n  <ul class=\"scopes left-out\">{}</ul>\n", items(missing.into_iter(), catalogs))
    };
    let text = format!(
        include_str!("../../../pages/consent.html"),
        client = escape(&asked.client.principal.name),
        client_id = escape(asked.client.id()),
        email = escape(&account.email),
        organization = escape(&user.organization_name),
        scopes = items(scopes.iter(), catalogs),
        sign_in = escape(sign_in),
        missing = missing,
        destination = destination,
        request = escape(query),
        shown = escape(&summary(user, scopes)),
    );
    respond(StatusCode::OK, redirect_uri.scheme(), text)
}

/// Returns the page that tells a person what is wrong with a request.
pub(super) fn problem(error: &Error) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = format!(
        include_str!("../../../pages/authorization-problem.html"),
        message = escape(&error.to_string()),
        code = escape(error.code().as_str()),
    );
    respond(status, "", text)
}

/// Returns the scopes as items of a list, each in the words of the catalogue.
fn items<'a>(scopes: impl Iterator<Item = &'a Scope>, catalogs: &Catalogs) -> String {
    let item = |scope: &Scope| {
        let meaning = scope::describe(scope, catalogs.product()).iter().map(|text| escape(text)).collect::<Vec<_>>();
        format!("<li><span>{}</span> <code>{}</code></li>", meaning.join("<br>"), escape(scope.as_str()))
    };
    scopes.map(item).collect()
}

/// SECURITY: a page has no scripts, and is in no frame. Its form goes to the service, and from there to an address of this
/// scheme: browsers apply the policy to redirects too, and to those of the client's own pages.
fn respond(status: StatusCode, scheme: &str, text: String) -> Response {
    let scheme = if scheme.is_empty() { String::new() } else { format!(" {scheme}:") };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'{scheme}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let fields = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (status, fields, ISOLATED, [(CONTENT_SECURITY_POLICY, policy)], text).into_response()
}
