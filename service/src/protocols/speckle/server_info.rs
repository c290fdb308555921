//! What is told of the server: [`ServerInfo`].

use std::sync::LazyLock;

use async_graphql::SimpleObject;
use daypass::{Catalog, Scope};

use crate::app::App;

/// Speckle's own scopes.
static SPECKLE: LazyLock<Catalog> = LazyLock::new(Catalog::speckle);

/// This server.
#[derive(SimpleObject)]
pub(super) struct ServerInfo {
    name: String,
    company: Option<String>,
    description: Option<String>,
    admin_contact: Option<String>,
    canonical_url: Option<String>,
    terms_of_service: Option<String>,
    /// Always "dev": Speckle's clients take such a server for one that has every feature.
    version: Option<String>,
    invite_only: Option<bool>,
    guest_mode_enabled: bool,
    /// The scopes that tokens can have.
    #[graphql(complexity = "50 + child_complexity")]
    scopes: Vec<ScopeInfo>,
    auth_strategies: Vec<AuthStrategy>,
    workspaces: Workspaces,
}

/// A scope, and what it allows.
#[derive(SimpleObject)]
#[graphql(name = "Scope")]
struct ScopeInfo {
    name: String,
    description: String,
}

/// A way to sign in.
#[derive(SimpleObject)]
struct AuthStrategy {
    id: String,
    name: String,
    icon: String,
    url: String,
    color: Option<String>,
}

/// Whether the server has workspaces.
#[derive(SimpleObject)]
#[graphql(name = "ServerWorkspacesInfo")]
struct Workspaces {
    workspaces_enabled: bool,
}

impl ServerInfo {
    /// Describes the running service.
    pub(super) fn of(app: &App) -> ServerInfo {
        let view = app.catalog.view();
        let product = view.catalogs.product();
        // Of a catalogue for several systems, what Speckle's clients know.
        let is_speckle = |scope: &Scope| SPECKLE.scopes.iter().any(|entry| entry.scope == *scope);
        let has_speckle = product.scopes.iter().any(|entry| is_speckle(&entry.scope));
        let scopes = product.scopes.iter().filter(|entry| !has_speckle || is_speckle(&entry.scope));
        let scopes =
            scopes.map(|entry| ScopeInfo { name: entry.scope.to_string(), description: entry.description.clone() });
        let strategy = |id: &str, name: &str, icon: &str| AuthStrategy {
            id: id.into(),
            name: name.into(),
            icon: icon.into(),
            url: "/sign-in".into(),
            color: None,
        };
        let provider = app.sign_in.openid.as_ref().map(|_| strategy("oidc", "OpenID Connect", "mdi-badge-account"));
        let password = strategy("local", "Email and password", "mdi-email");
        ServerInfo {
            name: if has_speckle { SPECKLE.name.clone() } else { product.name.clone() },
            company: None,
            description: Some("Access tokens by Daypass".into()),
            admin_contact: None,
            canonical_url: Some(app.sign_in.public_origin.clone()),
            terms_of_service: None,
            version: Some("dev".into()),
            invite_only: Some(true),
            guest_mode_enabled: true,
            scopes: scopes.collect(),
            auth_strategies: [password].into_iter().chain(provider).collect(),
            workspaces: Workspaces { workspaces_enabled: false },
        }
    }
}
