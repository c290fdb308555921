//! The embed's origin: static files that any site may load, the configuration of the embed, and a
//! page for frames.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use daypass::Error;
use daypass::verify::Verifier;
use serde::Serialize;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The response of `GET /config.json`: where the embed finds the token service and the API.
#[derive(Clone, Serialize)]
pub(crate) struct Config {
    pub(crate) service: String,
    pub(crate) api: String,
}

pub(crate) fn router(config: Config, verifier: Arc<Verifier>, embed: &Path, sdk: &Path) -> Router {
    Router::new()
        .route("/frame", get(frame))
        .with_state(verifier)
        .route("/config.json", get(async || Json(config)))
        .nest_service("/daypass", ServeDir::new(sdk))
        .fallback_service(ServeDir::new(embed))
        // Pages of any site import the embed's modules. Nothing here is confidential.
        .layer(header(ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .layer(header(CACHE_CONTROL, "no-cache"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

/// Serves the embed as a page, `/frame?pubtoken=…&floor=…`, which a browser shows only in pages of
/// the token's origins.
///
/// SECURITY: the page is no static file, since it must not be served without the header.
async fn frame(
    State(verifier): State<Arc<Verifier>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<impl IntoResponse, Error> {
    let (parts, _) = request.into_parts();
    let ancestors = verifier.frame_ancestors(&verifier.credentials(&parts).from_client(client.ip())).await?;
    Ok((ancestors, Html(include_str!("frame.html"))))
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
