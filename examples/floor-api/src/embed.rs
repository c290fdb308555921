//! The embed's origin: static files that any site may load, and where the embed finds the API.

use std::path::Path;

use axum::http::HeaderValue;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// `GET /config.json`: where the embed's own pages find what they need.
#[derive(Clone, Serialize)]
pub(crate) struct Config {
    pub(crate) service: String,
    pub(crate) api: String,
}

pub(crate) fn router(config: Config, embed: &Path, sdk: &Path) -> Router {
    Router::new()
        .route("/config.json", get(async || Json(config)))
        .nest_service("/daypass", ServeDir::new(sdk))
        .fallback_service(ServeDir::new(embed))
        // A page of any site imports the embed's modules. Nothing here is confidential.
        .layer(header(ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .layer(header(CACHE_CONTROL, "no-cache"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
