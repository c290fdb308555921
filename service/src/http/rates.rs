//! How often clients may call: [`limit`], and which requests count.

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::Response;
use daypass::verify::Verifier;

use super::extract::ClientAddress;
use super::front::Refuse;
use super::{SharedApp, cookie};
use crate::usecase::current_catalog::CatalogView;
use crate::usecase::rates::RequestClass;

/// Refuses requests that come too often.
pub(super) async fn limit(
    app: &SharedApp,
    refuse: Refuse,
    request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let class = request.extensions().get::<MatchedPath>().and_then(|route| class(request.method(), route.as_str()));
    let Some(limit) = class.and_then(|class| app.rates.of(class)) else { return answer(request).await };
    let (parts, body) = request.into_parts();
    let client = match ClientAddress::of(&parts, app) {
        Ok(ClientAddress(client)) => client,
        Err(error) => return refuse(app, &parts, error),
    };
    let mut status = None;
    let counted = with_token(app, &parts, |token| limit.count(client, token, &mut status));
    let mut response = match counted {
        Ok(()) => answer(Request::from_parts(parts, body)).await,
        Err(error) => refuse(app, &parts, error),
    };
    if let Some(status) = status {
        status.add_to(response.headers_mut());
    }
    response
}

/// Returns the verifier that guards a request.
pub(crate) fn guard<'v>(view: &'v CatalogView, parts: &Parts) -> &'v Verifier {
    if is_revocation(parts) { &view.revocation_verifier } else { &view.verifier }
}

/// Returns whether a request ends something.
pub(crate) fn is_revocation(parts: &Parts) -> bool {
    parts.extensions.get::<MatchedPath>().is_some_and(|route| is_of_revocation(&parts.method, route.as_str()))
}

fn is_of_revocation(method: &Method, route: &str) -> bool {
    let is_read = [Method::GET, Method::HEAD].contains(method);
    match route {
        "/revoke"
        | "/sign-out"
        | "/v2/revocation"
        | "/v2/organization/{id}/suspend"
        | "/console/{organization}/applications/{id}/remove"
        | "/console/{organization}/members/{id}/remove"
        | "/console/{organization}/tokens/{id}/revoke" => !is_read,
        _ => *method == Method::DELETE || ["/delete", "/delete.json"].iter().any(|end| route.ends_with(end)),
    }
}

/// Returns the class of the requests of a route; none for what costs little, and for revocations.
///
/// SECURITY: no flood keeps anybody from a revocation.
fn class(method: &Method, route: &str) -> Option<RequestClass> {
    let is_read = [Method::GET, Method::HEAD].contains(method);
    match route {
        _ if is_of_revocation(method, route) => None,
        "/introspect" | "/verify" => Some(RequestClass::Introspection),
        "/v2/revocation" if is_read => Some(RequestClass::Introspection),
        "/v2/use" if !is_read => Some(RequestClass::Introspection),
        "/v2/temporary-access-token/create"
        | "/v2/bundle/create"
        | "/generate"
        | "/oauth/token"
        | "/oauth/par"
        | "/auth/token" => Some(RequestClass::Minting),
        // For pages of other sites, which could not read the refusal.
        "/v2/access-token/self" => None,
        _ if *method == Method::OPTIONS => None,
        _ if is_read
            && !["/v2/", "/api/", "/oauth/", "/console", "/sign-in"].iter().any(|api| route.starts_with(api)) =>
        {
            None
        }
        _ => Some(RequestClass::Administration),
    }
}

/// Calls a function with the token or the session of a request, whether or not it is valid.
fn with_token<T>(app: &SharedApp, parts: &Parts, count: impl FnOnce(Option<&[u8]>) -> T) -> T {
    let view = app.catalog.view();
    let credentials = view.verifier.credentials(parts);
    let token = credentials.credential().ok().map(|credential| credential.text);
    let basic = || parts.headers.get(AUTHORIZATION).map(|value| value.as_bytes());
    let session = || cookie::find(&parts.headers, cookie::SESSION).map(str::as_bytes);
    count(token.or_else(basic).or_else(session))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_is_of_no_class_and_every_other_change_is_of_one() {
        for (method, route, class) in [
            (Method::POST, "/introspect", Some(RequestClass::Introspection)),
            (Method::GET, "/v2/revocation", Some(RequestClass::Introspection)),
            (Method::POST, "/v2/use", Some(RequestClass::Introspection)),
            (Method::GET, "/v2/use", Some(RequestClass::Administration)),
            (Method::POST, "/generate", Some(RequestClass::Minting)),
            (Method::POST, "/oauth/token", Some(RequestClass::Minting)),
            (Method::POST, "/v2/access-token", Some(RequestClass::Administration)),
            (Method::GET, "/v2/access-token", Some(RequestClass::Administration)),
            (Method::POST, "/graphql", Some(RequestClass::Administration)),
            (Method::PUT, "/something/new", Some(RequestClass::Administration)),
            (Method::POST, "/revoke", None),
            (Method::POST, "/v2/revocation", None),
            (Method::DELETE, "/v2/access-token/{id}", None),
            (Method::DELETE, "/v2/organization/{id}", None),
            (Method::POST, "/v2/organization/{id}/suspend", None),
            (Method::POST, "/api/1/access_token/{id}/delete", None),
            (Method::POST, "/console/{organization}/tokens/{id}/revoke", None),
            (Method::POST, "/console/{organization}/members/{id}/remove", None),
            (Method::GET, "/console/{organization}/tokens/{id}/revoke", Some(RequestClass::Administration)),
            (Method::POST, "/console/{organization}/tokens/new", Some(RequestClass::Administration)),
            (Method::GET, "/sign-in", Some(RequestClass::Administration)),
            (Method::POST, "/sign-in", Some(RequestClass::Administration)),
            (Method::POST, "/sign-out", None),
            (Method::GET, "/pages/console.css", None),
            (Method::GET, "/health", None),
            (Method::GET, "/.well-known/jwks.json", None),
            (Method::GET, "/sdk/{version}/{file}", None),
        ] {
            assert_eq!(super::class(&method, route), class, "{method} {route}");
        }
    }
}
