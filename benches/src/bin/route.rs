//! Routes of axum over loopback: nanoseconds of a request, and the 99th percentile of the time until a response.
//!
//! | route | what it is |
//! | --- | --- |
//! | `bare` | a route alone |
//! | `again` | a copy of `bare`: the difference is the error of the measurement |
//! | `noop` | behind a layer that does nothing: axum's cost of any layer |
//! | `validate` | behind layers of tower-http that accept one text, and otherwise do what ours does |
//! | `async` | like `validate`, with the layer of tower-http that may wait for its decision, as ours may |
//! | `tower-http` | the median of these two in each turn |
//! | `layer` | behind [`VerifyLayer`], which has cached the token |
//!
//! One server has all routes, and the client sends requests to each in turn over the same connections. The client is a
//! process on another processor, so that the server is the limit.

use std::future::Ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use daypass::verify::http::VerifyLayer;
use daypass_bench::fixture::{self, Issuer, Store};
use daypass_bench::load::{self, Target, Task};
use daypass_bench::{Options, Results, write};
use serde::Serialize;
use tokio::net::TcpListener;
use tower::layer::util::Identity;
use tower_http::add_extension::AddExtensionLayer;
use tower_http::auth::AsyncRequireAuthorizationLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::validate_request::{ValidateRequest, ValidateRequestHeaderLayer};

const ROUTES: [&str; 6] = ["bare", "again", "noop", "validate", "async", "layer"];

#[derive(Serialize)]
struct Floor {
    id: &'static str,
    name: &'static str,
    tenant: &'static str,
    rooms: u32,
}

async fn floor() -> Json<Floor> {
    Json(Floor { id: "floor-1", name: "Ground floor", tenant: fixture::TENANT, rooms: 12 })
}

fn main() -> Result<()> {
    let options = Options::parse();
    let issuer = Issuer::new();
    let token = issuer.sign(&fixture::claims("tmp_1"));
    let layer = VerifyLayer::new(fixture::cached(&issuer, Store::default(), fixture::cache()));
    let router = Router::new()
        .merge(Router::new().route("/layer", get(floor)).layer(layer))
        .merge(Router::new().route("/noop", get(floor)).layer(Identity::new()))
        .merge(Router::new().route("/validate", get(floor)).layer((validate(&token)?, response_headers())))
        .merge(
            Router::new()
                .route("/async", get(floor))
                .layer((AsyncRequireAuthorizationLayer::new(compare(&token)?), response_headers())),
        )
        .route("/bare", get(floor))
        .route("/again", get(floor));
    let address = serve(router)?;

    let request = |route: &str| {
        format!(
            "GET /{route} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench-load\r\nAccept: application/json\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        )
    };
    let targets = ROUTES.map(|route| Target { address, requests: vec![request(route)] }).to_vec();
    let rounds = if options.quick { 16 } else { 256 };
    let turns = load::run(options.load_core, &Task { connections: 16, rounds, seconds: 0.05, targets })?;
    let mut results = Results::new();
    let requests = |route| {
        let turns = ROUTES.iter().zip(&turns).filter(|(known, _)| **known == route);
        turns.flat_map(|(_, turns)| turns.iter().map(|turn| turn.request)).collect::<Vec<_>>()
    };
    let median = requests("validate").into_iter().zip(requests("async")).map(|(one, other)| (one + other) / 2.0);
    results.insert("route/tower-http".to_owned(), median.collect());
    for (route, turns) in ROUTES.into_iter().zip(turns) {
        results.insert(format!("route/{route}"), turns.iter().map(|turn| turn.request).collect());
        results.insert(format!("route/{route}-p99"), turns.iter().map(|turn| turn.p99).collect());
    }
    write(&options, &results)
}

/// Layers that set the headers that [`VerifyLayer`] sets.
fn response_headers() -> (SetResponseHeaderLayer<HeaderValue>, SetResponseHeaderLayer<HeaderValue>) {
    (
        SetResponseHeaderLayer::appending(header::VARY, HeaderValue::from_static("Origin")),
        SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    )
}

/// Layers that accept one text, and add an extension.
fn validate(token: &str) -> Result<(ValidateRequestHeaderLayer<Compare>, AddExtensionLayer<Arc<str>>)> {
    let compare = Compare(format!("Bearer {token}").try_into()?);
    Ok((ValidateRequestHeaderLayer::custom(compare), AddExtensionLayer::new("tmp_1".into())))
}

/// A decision of [`AsyncRequireAuthorizationLayer`].
type Authorized = Ready<Result<Request<Body>, Response<Body>>>;

/// Like [`validate`], for the layer that may wait.
fn compare(token: &str) -> Result<impl FnMut(Request<Body>) -> Authorized + Clone + use<>> {
    let mut compare = Compare(format!("Bearer {token}").try_into()?);
    let id: Arc<str> = "tmp_1".into();
    Ok(move |mut request: Request<Body>| {
        std::future::ready(compare.validate(&mut request).map(|()| {
            request.extensions_mut().insert(Arc::clone(&id));
            request
        }))
    })
}

/// Compares `Authorization` with a text.
#[derive(Clone)]
struct Compare(HeaderValue);

impl<B> ValidateRequest<B> for Compare {
    type ResponseBody = Body;

    fn validate(&mut self, request: &mut Request<B>) -> Result<(), Response<Body>> {
        if request.headers().get(header::AUTHORIZATION) == Some(&self.0) {
            return Ok(());
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        Err(response)
    }
}

/// Serves a router until the program ends, on a thread that runs nothing else.
fn serve(router: Router) -> Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    thread::spawn(move || runtime.block_on(axum::serve(listener, router).into_future()));
    Ok(address)
}
