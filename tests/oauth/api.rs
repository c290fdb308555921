//! The product's API that the clients call.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use daypass::verify::http::VerifyLayer;
use daypass::verify::{Access, Dpop, Verifier};
use daypass::{OpaqueToken, Scope};
use tokio::net::TcpListener;

static READ_PUBLIC: Scope = Scope::literal("floor:readPublic");
static READ_PRIVATE: Scope = Scope::literal("floor:readPrivate");

/// Starts the API for tokens of this service, and returns its URL. It requires nonces in proofs.
pub(crate) async fn start(issuer: &str, organization: &str, token: OpaqueToken) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let verifier = Verifier::connect(issuer, issuer, token).await.unwrap().dpop(Dpop::new(&url).with_nonces());
    let tenant: Arc<str> = organization.into();
    let check = move |access: &Access, scope: &Scope| access.require(scope).tenant(&tenant).check().map(|()| "floor");
    let public = check.clone();
    let router = Router::new()
        .route("/floor", get(async move |access: Access| public(&access, &READ_PUBLIC)))
        .route("/private", get(async move |access: Access| check(&access, &READ_PRIVATE)))
        .layer(VerifyLayer::new(verifier).resource(&url));
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}
