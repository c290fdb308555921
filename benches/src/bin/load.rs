//! A client of `bench-route`: `bench-load ADDRESS TOKEN SECONDS` asks over connections that stay open, each for the next
//! answer once it has the last. It prints nanoseconds a request, the 99th percentile of what one waited, and how many requests
//! there were, those before and after the time included.
//!
//! It does less for a request than the server, so that the server is what limits.

use std::env;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_millis(200);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let [address, token, seconds]: [String; 3] =
        env::args().skip(1).collect::<Vec<_>>().try_into().ok().context("expected ADDRESS TOKEN SECONDS")?;
    let address: SocketAddr = address.parse()?;
    let time = Duration::from_secs_f64(seconds.parse()?);
    let request = format!(
        "GET /floor HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench-load\r\nAccept: application/json\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );

    let start = Instant::now() + WARM_UP;
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(ask(address, request.clone(), start, start + time));
    }
    let mut waits = Vec::new();
    let mut requests = 0;
    while let Some(connection) = connections.join_next().await {
        let (in_time, all) = connection??;
        waits.extend(in_time);
        requests += all;
    }
    ensure!(!waits.is_empty(), "no answer came in time");
    waits.sort_unstable();
    let p99 = waits[waits.len() * 99 / 100];
    print(&[time.as_nanos() as f64 / waits.len() as f64, p99.as_nanos() as f64, f64::from(requests)])
}

/// How long each answer took that was asked for and had between the two times, and how many there were in all.
async fn ask(address: SocketAddr, request: String, start: Instant, end: Instant) -> Result<(Vec<Duration>, u32)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut waits = Vec::new();
    let mut answer = [0; 4096];
    // The first answer comes in one piece; every other one is as long.
    stream.write_all(request.as_bytes()).await?;
    let length = stream.read(&mut answer).await?;
    ensure!(answer.starts_with(b"HTTP/1.1 200 "), "the route refuses: {}", String::from_utf8_lossy(&answer[..length]));
    let mut requests = 1;
    loop {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        stream.read_exact(&mut answer[..length]).await?;
        requests += 1;
        let now = Instant::now();
        if now >= end {
            return Ok((waits, requests));
        }
        if asked >= start {
            waits.push(now - asked);
        }
    }
}

#[allow(clippy::print_stdout, reason = "the result")]
fn print(figures: &[f64; 3]) -> Result<()> {
    println!("{}", serde_json::to_string(figures)?);
    Ok(())
}
