//! The client of `bench-route`: `bench-load ADDRESS TOKEN ROUNDS SECONDS PATH…`.
//!
//! In each round it sends requests to each path in turn for some seconds. It keeps its connections open, and each sends
//! its next request when it has the response. For each path it prints a pair for each round: the nanoseconds of a request,
//! and the 99th percentile of the time until a response.
//!
//! It does less work for a request than the server, so that the server is the limit. And it never sleeps: the server would
//! have to wake it, more often the slower its responses are, so that a slower route would seem slower still. A product's
//! clients run on other machines.

use std::env;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 16;
/// The time without measurement at the start of each turn.
const WARM_UP: Duration = Duration::from_millis(5);

fn main() -> Result<()> {
    // Polls for responses between any two tasks.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(1).build()?;
    runtime.block_on(async {
        tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        run().await
    })
}

async fn run() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().context("expected ADDRESS TOKEN ROUNDS SECONDS PATH…");
    let (address, token): (SocketAddr, String) = (next()?.parse()?, next()?);
    let (rounds, seconds): (usize, f64) = (next()?.parse()?, next()?.parse()?);
    let time = Duration::from_secs_f64(seconds);
    let paths: Vec<String> = arguments.collect();

    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let mut figures = vec![Vec::new(); paths.len()];
    for round in 0..rounds {
        for turn in 0..paths.len() {
            // Every second round runs backwards, so that a drift affects all paths alike.
            let path = if round % 2 == 0 { turn } else { paths.len() - 1 - turn };
            let request = format!(
                "GET {} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench-load\r\nAccept: application/json\r\n\
                 Authorization: Bearer {token}\r\n\r\n",
                paths[path]
            );
            // Retries when no response came in time, as when the machine was suspended.
            let mut figure = None;
            for _ in 0..10 {
                figure = load(&mut streams, &request, time).await?;
                if figure.is_some() {
                    break;
                }
            }
            figures[path].push(figure.context("no response came in time")?);
        }
    }
    print(&figures)
}

/// Returns the nanoseconds of a request and the 99th percentile of the wait; `None` if no response came in time.
async fn load(streams: &mut Vec<TcpStream>, request: &str, time: Duration) -> Result<Option<[f64; 2]>> {
    let start = Instant::now() + WARM_UP;
    let mut connections = JoinSet::new();
    for stream in streams.drain(..) {
        connections.spawn(send(stream, request.to_owned(), start, start + time));
    }
    let mut waits = Vec::new();
    while let Some(connection) = connections.join_next().await {
        let (stream, in_time) = connection??;
        streams.push(stream);
        waits.extend(in_time);
    }
    waits.sort_unstable();
    let p99 = waits.get(waits.len() * 99 / 100);
    Ok(p99.map(|p99| [time.as_nanos() as f64 / waits.len() as f64, p99.as_nanos() as f64]))
}

/// Sends requests until `end` and returns the waits for those sent after `start` and answered before `end`.
async fn send(
    mut stream: TcpStream,
    request: String,
    start: Instant,
    end: Instant,
) -> Result<(TcpStream, Vec<Duration>)> {
    let mut waits = Vec::new();
    let mut response = [0; 4096];
    // The first response comes in one piece, and all have the same length.
    stream.write_all(request.as_bytes()).await?;
    let length = stream.read(&mut response).await?;
    ensure!(
        response.starts_with(b"HTTP/1.1 200 "),
        "the route refuses: {}",
        String::from_utf8_lossy(&response[..length])
    );
    loop {
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        stream.read_exact(&mut response[..length]).await?;
        let now = Instant::now();
        if now >= end {
            return Ok((stream, waits));
        }
        if sent >= start {
            waits.push(now - sent);
        }
    }
}

#[allow(clippy::print_stdout, reason = "the result")]
fn print(figures: &[Vec<[f64; 2]>]) -> Result<()> {
    println!("{}", serde_json::to_string(figures)?);
    Ok(())
}
