//! The memory of open streams of the feed.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::node::{Node, get};
use super::{Bench, stores};
use crate::Results;

/// How many streams there are. Each takes a descriptor of this process, and one of the service's.
const STREAMS: usize = 10_000;
/// How long they have been open when the memory is read: each has got several heartbeats.
const TIME: Duration = Duration::from_secs(10);

pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let mut results = Results::new();
    for _ in 0..bench.rounds(3) {
        let folder = stores::folder(bench)?;
        let count: &str = &STREAMS.to_string();
        let limits = ["--max-streams", count, "--max-streams-per-organization", count, "--max-connections", "2000"];
        let node = Node::start_with(
            &stores::path(&folder, "streams.db")?,
            &[&limits[..], &["--max-connections-per-address", "2000"]].concat(),
        )?;
        let api = json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]});
        let api = node.create(&node.told("ownerToken")?, &api)?;
        let request = get("/v2/revocation", &api).replacen("\r\n", "\r\nAccept: text/event-stream\r\n", 1);
        let before = node.memory("VmRSS")?;
        let mut streams = (0..STREAMS).map(|_| open(&node, &request)).collect::<Result<Vec<_>>>()?;
        let since = Instant::now();
        while since.elapsed() < TIME {
            streams.iter_mut().try_for_each(drain)?;
            std::thread::sleep(Duration::from_millis(100));
        }
        let row = results.entry("memory/stream".to_owned()).or_default();
        row.push((node.memory("VmRSS")? - before).max(0.0) / STREAMS as f64);
    }
    Ok(results)
}

/// Opens a stream, and waits until its response begins.
fn open(node: &Node, request: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(node.address).context("raise `ulimit -n` to 12,000")?;
    stream.write_all(request.as_bytes())?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    ensure!(status == *b"HTTP/1.1 200", "the service refuses a stream");
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Reads what a stream has sent.
fn drain(stream: &mut TcpStream) -> Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => anyhow::bail!("a stream ended"),
            Ok(_) => {}
            Err(cause) if cause.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(cause) => return Err(cause.into()),
        }
    }
}
