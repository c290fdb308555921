//! Routes of axum over loopback: nanoseconds a request, and the 99th percentile of what one waits.
//!
//! | route | what it is |
//! | --- | --- |
//! | `bare` | a route alone |
//! | `again` | the same once more: what differs from `bare` is what the measure cannot tell apart |
//! | `noop` | behind a layer that does nothing: what axum takes for any |
//! | `tower-http` | behind layers of tower-http that know one text, and do beside that what ours does |
//! | `layer` | behind [`VerifyLayer`], which has seen the token |
//!
//! One server has them all, and is asked for each in turn over the same connections. The client is a process on another
//! processor, so that the server is what limits.

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
    let token = issuer.token(&fixture::claims("tmp_1"));
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

/// Layers that let one text pass, hand something on, and set the headers that [`VerifyLayer`] sets.
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
        let mut refusal = Response::new(Body::empty());
        *refusal.status_mut() = StatusCode::UNAUTHORIZED;
        Err(refusal)
    }
}

/// Serves a router until the program ends, on one thread of its own; nothing else runs there.
fn serve(router: Router) -> Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    thread::spawn(move || runtime.block_on(axum::serve(listener, router).into_future()));
    Ok(address)
}

/// For each route, what `bench-load` found in each round.
fn load(core: Option<usize>, arguments: &[&str]) -> Result<Vec<Vec<[f64; 2]>>> {
    let program = std::env::current_exe()?.with_file_name("bench-load");
    let mut command = pinned(core, &program);
    command.args(arguments).args(ROUTES.map(|route| format!("/{route}")));
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "bench-load failed ({})", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The program on this processor; where no processor is given, on any.
fn pinned(core: Option<usize>, program: &Path) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}
