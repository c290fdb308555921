//! Which requests are administrative, so that refusals of them are entries of the audit trail: [`find`].

use axum::http::Method;

use crate::domain::audit::action::Action;

/// What the audit trail tells of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audited {
    /// It is an administrative one: what it changes is an entry, and so is a refusal.
    Administrative(Action),
    /// It is what products and pages do all the time. What it changes beside, such as the end of a token that is used
    /// twice, is an entry; a refusal makes no entry.
    Traffic,
}

use Action::{
    AuditRead, CatalogRead, CatalogSet, ClientRead, ClientRemove, ClientSet, ConsentGrant, ConsentRead,
    ConsentWithdraw, InvitationAccept, InvitationCreate, OrganizationCreate, OrganizationLimit, OrganizationRead,
    OrganizationRename, OrganizationResume, OrganizationRevoke, OrganizationRevokeIssuedBefore, OrganizationSuspend,
    PrincipalAdd, PrincipalEdit, PrincipalRead, PrincipalRemove, SessionChangePassword, SessionLinkIdentity,
    SessionSignIn, SessionSignOut, SessionUnlinkIdentity, TokenCreate, TokenEdit, TokenRead, TokenRevoke,
};
use Audited::{Administrative as Admin, Traffic};

const ROUTES: &[(Method, &str, Audited)] = &[
    (Method::GET, "/v2/access-token", Admin(TokenRead)),
    (Method::POST, "/v2/access-token", Admin(TokenCreate)),
    (Method::GET, "/v2/access-token/{id}", Admin(TokenRead)),
    (Method::PATCH, "/v2/access-token/{id}", Admin(TokenEdit)),
    (Method::DELETE, "/v2/access-token/{id}", Admin(TokenRevoke)),
    (Method::GET, "/v2/audit", Admin(AuditRead)),
    (Method::GET, "/v2/catalog", Admin(CatalogRead)),
    (Method::PUT, "/v2/catalog", Admin(CatalogSet)),
    (Method::GET, "/v2/organization", Admin(OrganizationRead)),
    (Method::POST, "/v2/organization", Admin(OrganizationCreate)),
    (Method::GET, "/v2/organization/{id}", Admin(OrganizationRead)),
    (Method::PATCH, "/v2/organization/{id}", Admin(OrganizationRename)),
    (Method::DELETE, "/v2/organization/{id}", Admin(OrganizationRevoke)),
    (Method::PATCH, "/v2/organization/{id}/limits", Admin(OrganizationLimit)),
    (Method::POST, "/v2/organization/{id}/suspend", Admin(OrganizationSuspend)),
    (Method::POST, "/v2/organization/{id}/resume", Admin(OrganizationResume)),
    (Method::GET, "/v2/organization/{id}/principal", Admin(PrincipalRead)),
    (Method::POST, "/v2/organization/{id}/principal", Admin(PrincipalAdd)),
    (Method::GET, "/v2/organization/{id}/principal/{principal}", Admin(PrincipalRead)),
    (Method::PATCH, "/v2/organization/{id}/principal/{principal}", Admin(PrincipalEdit)),
    (Method::DELETE, "/v2/organization/{id}/principal/{principal}", Admin(PrincipalRemove)),
    (Method::GET, "/v2/organization/{id}/principal/{principal}/oauth-client", Admin(ClientRead)),
    (Method::PUT, "/v2/organization/{id}/principal/{principal}/oauth-client", Admin(ClientSet)),
    (Method::DELETE, "/v2/organization/{id}/principal/{principal}/oauth-client", Admin(ClientRemove)),
    (Method::POST, "/v2/organization/{id}/principal/{principal}/invitation", Admin(InvitationCreate)),
    (Method::POST, "/v2/session", Admin(SessionSignIn)),
    (Method::DELETE, "/v2/session", Admin(SessionSignOut)),
    (Method::PUT, "/v2/session/password", Admin(SessionChangePassword)),
    // To sign in, or to link an identity.
    (Method::POST, "/v2/session/openid-connect", Admin(SessionLinkIdentity)),
    (Method::POST, "/v2/session/openid-connect/unlink", Admin(SessionUnlinkIdentity)),
    (Method::GET, "/v2/session/openid-connect/callback", Admin(SessionSignIn)),
    // It shows an invitation.
    (Method::POST, "/v2/invitation", Traffic),
    (Method::POST, "/v2/invitation/accept", Admin(InvitationAccept)),
    (Method::POST, "/v2/revocation", Admin(OrganizationRevokeIssuedBefore)),
    (Method::POST, "/revoke", Admin(TokenRevoke)),
    (Method::GET, "/v2/use", Admin(TokenRead)),
    (Method::POST, "/v2/use", Traffic),
    (Method::GET, "/oauth/authorize", Admin(ConsentGrant)),
    (Method::POST, "/oauth/authorize", Admin(ConsentGrant)),
    (Method::GET, "/v2/consent", Admin(ConsentRead)),
    (Method::DELETE, "/v2/consent/{client}", Admin(ConsentWithdraw)),
    (Method::POST, "/oauth/token", Traffic),
    (Method::POST, "/oauth/par", Traffic),
    (Method::POST, "/introspect", Traffic),
    (Method::POST, "/v2/bundle/create", Traffic),
    (Method::POST, "/v2/temporary-access-token/create", Traffic),
    (Method::POST, "/generate", Traffic),
    (Method::GET, "/api/accesstokens", Admin(TokenRead)),
    (Method::POST, "/api/accesstokens", Admin(TokenCreate)),
    (Method::GET, "/api/accesstokens/{id}", Admin(TokenRead)),
    (Method::DELETE, "/api/accesstokens/{id}", Admin(TokenRevoke)),
    (Method::POST, "/api/1/access_token/create", Admin(TokenCreate)),
    (Method::POST, "/api/1/access_token/create.json", Admin(TokenCreate)),
    (Method::GET, "/api/1/access_token/all", Admin(TokenRead)),
    (Method::GET, "/api/1/access_token/all.json", Admin(TokenRead)),
    (Method::POST, "/api/1/access_token/{id}/delete", Admin(TokenRevoke)),
    (Method::POST, "/api/1/access_token/{id}/delete.json", Admin(TokenRevoke)),
    // Its mutations note what they refuse.
    (Method::POST, "/graphql", Traffic),
    (Method::POST, "/auth/token", Traffic),
    (Method::POST, "/sign-in", Admin(SessionSignIn)),
    (Method::POST, "/sign-in/openid-connect", Admin(SessionSignIn)),
    (Method::POST, "/sign-in/link", Admin(SessionLinkIdentity)),
    (Method::POST, "/sign-out", Admin(SessionSignOut)),
    (Method::GET, "/console/{organization}/applications", Admin(ClientRead)),
    (Method::GET, "/console/{organization}/applications/{id}/edit", Admin(ClientSet)),
    (Method::POST, "/console/{organization}/applications/{id}/edit", Admin(ClientSet)),
    (Method::GET, "/console/{organization}/applications/{id}/remove", Admin(ClientRemove)),
    (Method::POST, "/console/{organization}/applications/{id}/remove", Admin(ClientRemove)),
    (Method::GET, "/console/{organization}/audit", Admin(AuditRead)),
    (Method::GET, "/console/{organization}/audit/export", Admin(AuditRead)),
    (Method::GET, "/console/{organization}/members", Admin(PrincipalRead)),
    (Method::GET, "/console/{organization}/members/new", Admin(PrincipalAdd)),
    (Method::POST, "/console/{organization}/members/new", Admin(PrincipalAdd)),
    (Method::GET, "/console/{organization}/members/{id}", Admin(PrincipalRead)),
    (Method::GET, "/console/{organization}/members/{id}/edit", Admin(PrincipalEdit)),
    (Method::POST, "/console/{organization}/members/{id}/edit", Admin(PrincipalEdit)),
    (Method::POST, "/console/{organization}/members/{id}/invite", Admin(InvitationCreate)),
    (Method::GET, "/console/{organization}/members/{id}/remove", Admin(PrincipalRemove)),
    (Method::POST, "/console/{organization}/members/{id}/remove", Admin(PrincipalRemove)),
    (Method::GET, "/console/{organization}/organization", Admin(OrganizationRead)),
    (Method::POST, "/console/{organization}/organization", Admin(OrganizationRename)),
    // It explains, and changes nothing.
    (Method::GET, "/console/{organization}/refusal", Admin(TokenRead)),
    (Method::POST, "/console/{organization}/refusal", Admin(TokenRead)),
    (Method::GET, "/console/{organization}/scopes", Admin(CatalogRead)),
    (Method::GET, "/console/{organization}/use", Admin(TokenRead)),
    (Method::GET, "/console/{organization}/tokens", Admin(TokenRead)),
    (Method::GET, "/console/{organization}/tokens/new", Admin(TokenCreate)),
    (Method::POST, "/console/{organization}/tokens/new", Admin(TokenCreate)),
    (Method::GET, "/console/{organization}/tokens/{id}", Admin(TokenRead)),
    (Method::GET, "/console/{organization}/tokens/{id}/edit", Admin(TokenEdit)),
    (Method::POST, "/console/{organization}/tokens/{id}/edit", Admin(TokenEdit)),
    (Method::GET, "/console/{organization}/tokens/{id}/recreate", Admin(TokenCreate)),
    (Method::POST, "/console/{organization}/tokens/{id}/recreate", Admin(TokenCreate)),
    (Method::GET, "/console/{organization}/tokens/{id}/revoke", Admin(TokenRevoke)),
    (Method::POST, "/console/{organization}/tokens/{id}/revoke", Admin(TokenRevoke)),
];

/// Returns what the trail tells of a request; `None` for a route that is not in the table, which changes nothing.
pub(super) fn find(method: &Method, route: &str) -> Option<Audited> {
    let found = ROUTES.iter().find(|(listed, path, _)| listed == method && *path == route);
    found.map(|(_, _, audited)| *audited)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usecase::openid::CALLBACK;

    /// The files that have routes.
    const SOURCES: [&str; 13] = [
        include_str!("routes/mod.rs"),
        include_str!("../console/applications/mod.rs"),
        include_str!("../console/members/mod.rs"),
        include_str!("../console/organization.rs"),
        include_str!("../console/refusal/mod.rs"),
        include_str!("../console/sign_in/mod.rs"),
        include_str!("../console/tokens/mod.rs"),
        include_str!("../oauth/mod.rs"),
        include_str!("../protocols/crafter/mod.rs"),
        include_str!("../protocols/kudo.rs"),
        include_str!("../protocols/space_api.rs"),
        include_str!("../protocols/speckle/mod.rs"),
        include_str!("../protocols/threekit.rs"),
    ];

    /// Returns the method and the path of each route in a source that may change something.
    fn changing(source: &str) -> Vec<(Method, String)> {
        let mut routes = vec![];
        for part in source.split(".route(").skip(1) {
            let handlers = part.split(';').next().unwrap_or_default();
            let path = handlers.trim_start().split([',', '\n']).next().unwrap_or_default().trim();
            let path = match path {
                "CALLBACK" => CALLBACK,
                "token::PATH" => "/oauth/token",
                "par::PATH" => "/oauth/par",
                path => path.trim_matches('"'),
            };
            assert!(path.starts_with('/'), "{path}");
            for (method, call) in
                [(Method::POST, "post("), (Method::PUT, "put("), (Method::PATCH, "patch("), (Method::DELETE, "delete(")]
            {
                let is_called =
                    handlers.match_indices(call).any(|(at, _)| !handlers[..at].ends_with(char::is_alphanumeric));
                let is_for_tokens = path == "/oauth/token" && method == Method::POST;
                if is_called || is_for_tokens {
                    routes.push((method, path.to_owned()));
                }
            }
        }
        routes
    }

    #[test]
    fn every_route_that_may_change_something_is_in_the_table() {
        let routes: Vec<_> = SOURCES.iter().flat_map(|source| changing(source)).collect();
        assert!(routes.len() > 30, "{}", routes.len());
        for (method, path) in &routes {
            assert!(find(method, path).is_some(), "add {method} {path} to the table of audited routes");
        }
        for (method, path, _) in ROUTES.iter().filter(|(method, ..)| *method != Method::GET) {
            let is_route = routes.iter().any(|(listed, route)| listed == method && route == path);
            assert!(is_route, "there is no route {method} {path}");
        }
    }
}
