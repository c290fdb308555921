//! A route of axum over loopback, bare and behind the layer: nanoseconds a request, the 99th percentile of what one waits, and
//! the server's processor time.
//!
//! The client is a process on another processor, so that the server is what limits. Each round asks bare, noop, layer, layer,
//! noop, bare: what drifts weighs on all alike. `noop` is a layer that does nothing: what axum takes for any.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Result, ensure};
use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use daypass::verify::http::VerifyLayer;
use daypass_bench::fixture::{self, Issuer, Store};
use daypass_bench::{Options, Results, cpu_time, write};
use serde::Serialize;
use tokio::net::TcpListener;
use tower::layer::util::Identity;

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
    let router = Router::new().route("/floor", get(floor));
    let layer = VerifyLayer::new(fixture::cached(&issuer, Store::default(), fixture::cache()));
    let bare = ("bare", serve(router.clone())?);
    let noop = ("noop", serve(router.clone().layer(Identity::new()))?);
    let layer = ("layer", serve(router.layer(layer))?);

    let (rounds, seconds) = if options.quick { (1, "0.5") } else { (6, "2") };
    let mut results = Results::new();
    for _ in 0..rounds {
        for (name, address) in [&bare, &noop, &layer, &layer, &noop, &bare] {
            let [request, p99, cpu] = load(options.load_core, *address, &token, seconds)?;
            results.entry(format!("route/{name}")).or_default().push(request);
            results.entry(format!("route/{name}-p99")).or_default().push(p99);
            results.entry(format!("route/{name}-cpu")).or_default().push(cpu);
        }
    }
    write(&options, &results)
}

/// Serves a router until the program ends, on one thread of its own; nothing runs there while the other one is asked.
fn serve(router: Router) -> Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    thread::spawn(move || runtime.block_on(axum::serve(listener, router).into_future()));
    Ok(address)
}

/// Nanoseconds a request, the 99th percentile of what one waits, and the server's processor time for one.
fn load(core: Option<usize>, address: SocketAddr, token: &str, seconds: &str) -> Result<[f64; 3]> {
    let program = std::env::current_exe()?.with_file_name("bench-load");
    let mut command = pinned(core, &program);
    let begin = cpu_time::of_process();
    let output = command.args([&address.to_string(), token, seconds]).stderr(Stdio::inherit()).output()?;
    let cpu = cpu_time::of_process() - begin;
    ensure!(output.status.success(), "bench-load failed ({})", output.status);
    let [request, p99, requests]: [f64; 3] = serde_json::from_slice(&output.stdout)?;
    Ok([request, p99, cpu.as_nanos() as f64 / requests])
}

/// The program on this processor; where no processor is given, on any.
fn pinned(core: Option<usize>, program: &Path) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}
