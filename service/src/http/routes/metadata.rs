//! `GET /.well-known/oauth-authorization-server`: the issuer, and what is where.

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use daypass::ScopeSet;
use daypass::api::ServerMetadata;
use daypass::verify::DPOP_ALGORITHMS;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::SharedApp;
use super::super::openapi::{Operation, Tag};
use super::public::cacheable;
use crate::domain::oauth::client::GrantType;

/// How clients authenticate at the token endpoint. `none` is for public clients.
const CLIENT_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// The metadata of the authorization server (RFC 8414, section 2).
#[derive(Serialize, JsonSchema)]
struct Metadata<'a> {
    #[serde(flatten)]
    server: ServerMetadata,
    authorization_endpoint: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// RFC 9126, section 5.
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    scopes_supported: &'a ScopeSet,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; GrantType::ALL.len()],
    code_challenge_methods_supported: [&'static str; 1],
    /// RFC 9207, section 3.
    authorization_response_iss_parameter_supported: bool,
    /// RFC 9449, section 5.1.
    dpop_signing_alg_values_supported: [&'static str; DPOP_ALGORITHMS.len()],
    prompt_values_supported: [&'static str; 4],
}

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn show(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    let issuer = &app.jwt_issuer.issuer;
    let scopes = app.catalog.view().catalogs.product().all();
    let methods = || CLIENT_METHODS.into_iter().chain(["Bearer"]).map(str::to_owned).collect();
    let server = ServerMetadata {
        issuer: issuer.clone(),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        introspection_endpoint: format!("{issuer}/introspect"),
        introspection_endpoint_auth_methods_supported: methods(),
        revocation_endpoint: format!("{issuer}/revoke"),
        revocation_endpoint_auth_methods_supported: methods(),
    };
    let metadata = Metadata {
        server,
        authorization_endpoint: format!("{issuer}/oauth/authorize"),
        token_endpoint: format!("{issuer}/oauth/token"),
        token_endpoint_auth_methods_supported: CLIENT_METHODS,
        pushed_authorization_request_endpoint: format!("{issuer}/oauth/par"),
        require_pushed_authorization_requests: false,
        scopes_supported: &scopes,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: GrantType::ALL.map(GrantType::as_str),
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
        prompt_values_supported: ["none", "login", "consent", "select_account"],
    };
    cacheable(&headers, serde_json::to_vec(&metadata).expect("metadata is JSON"))
}

/// Describes the operation of this module.
pub(super) fn operations() -> Vec<Operation> {
    let (path, summary) = ("/.well-known/oauth-authorization-server", "Get the metadata");
    let operation = Operation::new(Method::GET, path, "getMetadata", summary, Tag::Service)
        .says("RFC 8414: the issuer, and what is where.")
        .answers::<Metadata<'static>>(200, "The metadata.")
        .revalidated();
    vec![operation]
}
