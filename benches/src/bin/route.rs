//! Routes of axum over loopback: nanoseconds of a request, and the 99th percentile of the time until a response.
//!
//! | route | what it is |
//! | --- | --- |
//! | `bare` | a route alone |
//! | `again` | a copy of `bare`: the difference is the error of the measurement |
//! | `noop` | behind a layer that does nothing: axum's cost of any layer |
//! | `tower-http` | behind layers of tower-http that accept one text, and otherwise do what ours does |
//! | `layer` | behind [`VerifyLayer`], which has cached the token |
//!
//! One server has all routes, and the client sends requests to each in turn over the same connections. The client is a
//! process on another processor, so that the server is the limit.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use anyhow::{Result, ensure};
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use daypass::verify::http::VerifyLayer;
use daypass_bench::fixture::{self, Issuer, Store};
use daypass_bench::{Options, Results, write};
use serde::Serialize;
use tokio::net::TcpListener;
use tower::layer::util::Identity;
use tower_http::add_extension::AddExtensionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::validate_request::{ValidateRequest, ValidateRequestHeaderLayer};

const ROUTES: [&str; 5] = ["bare", "again", "noop", "tower-http", "layer"];

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
        .merge(Router::new().route("/tower-http", get(floor)).layer(one_text(&token)?))
        .route("/bare", get(floor))
        .route("/again", get(floor));
    let address = serve(router)?;

    let (rounds, seconds) = if options.quick { ("16", "0.05") } else { ("256", "0.05") };
    let figures = load(options.load_core, &[&address.to_string(), &token, rounds, seconds])?;
    let mut results = Results::new();
    for (route, rounds) in ROUTES.into_iter().zip(figures) {
        let (request, p99) = rounds.into_iter().map(|[request, p99]| (request, p99)).unzip();
        results.insert(format!("route/{route}"), request);
        results.insert(format!("route/{route}-p99"), p99);
    }
    write(&options, &results)
}

/// Layers that accept one text, add an extension, and set the headers that [`VerifyLayer`] sets.
type OneText = (
    ValidateRequestHeaderLayer<Compare>,
    AddExtensionLayer<Arc<str>>,
    SetResponseHeaderLayer<HeaderValue>,
    SetResponseHeaderLayer<HeaderValue>,
);

fn one_text(token: &str) -> Result<OneText> {
    Ok((
        ValidateRequestHeaderLayer::custom(Compare(format!("Bearer {token}").try_into()?)),
        AddExtensionLayer::new("tmp_1".into()),
        SetResponseHeaderLayer::appending(header::VARY, HeaderValue::from_static("Origin")),
        SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ))
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

/// Runs `bench-load` and returns its figures, by route and round.
fn load(core: Option<usize>, arguments: &[&str]) -> Result<Vec<Vec<[f64; 2]>>> {
    let program = std::env::current_exe()?.with_file_name("bench-load");
    let mut command = pin(core, &program);
    command.args(arguments).args(ROUTES.map(|route| format!("/{route}")));
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "bench-load failed ({})", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Makes a command that runs a program on one processor, or on any if no processor is given.
fn pin(core: Option<usize>, program: &Path) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}
