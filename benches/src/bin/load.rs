//! A client of `bench-route`: `bench-load ADDRESS TOKEN ROUNDS SECONDS PATH…` asks over connections that stay open, each for the
//! next answer once it has the last: for so many seconds at each path in turn, and that for so many rounds. It prints, for
//! each path, the nanoseconds a request took and the 99th percentile of what one waited, a pair for each round.
//!
//! It does less for a request than the server, so that the server is what limits. And it never sleeps: to wake it would be the
//! server's work, and the more often the slower its answers come, so that whatever is slower would seem slower still. A product's
//! clients are on other machines.

use std::env;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 16;
/// Before each time that counts.
const WARM_UP: Duration = Duration::from_millis(5);

fn main() -> Result<()> {
    // Between any two steps it looks what has come.
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
            // Every other round the other way: what drifts weighs on all alike.
            let path = if round % 2 == 0 { turn } else { paths.len() - 1 - turn };
            let request = format!(
                "GET {} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench-load\r\nAccept: application/json\r\n\
                 Authorization: Bearer {token}\r\n\r\n",
                paths[path]
            );
            // Without an answer in time, where the machine stood still meanwhile: once more, and once more.
            let mut figure = None;
            for _ in 0..10 {
                figure = load(&mut streams, &request, time).await?;
                if figure.is_some() {
                    break;
                }
            }
            figures[path].push(figure.context("no answer comes in time")?);
        }
    }
    print(&figures)
}

/// Nanoseconds a request, and the 99th percentile of what one waited; `None` if there was not one in time.
async fn load(streams: &mut Vec<TcpStream>, request: &str, time: Duration) -> Result<Option<[f64; 2]>> {
    let start = Instant::now() + WARM_UP;
    let mut connections = JoinSet::new();
    for stream in streams.drain(..) {
        connections.spawn(ask(stream, request.to_owned(), start, start + time));
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

/// How long each answer took that was asked for and had between the two times.
async fn ask(
    mut stream: TcpStream,
    request: String,
    start: Instant,
    end: Instant,
) -> Result<(TcpStream, Vec<Duration>)> {
    let mut waits = Vec::new();
    let mut answer = [0; 4096];
    // The first answer comes in one piece; every other one is as long.
    stream.write_all(request.as_bytes()).await?;
    let length = stream.read(&mut answer).await?;
    ensure!(answer.starts_with(b"HTTP/1.1 200 "), "the route refuses: {}", String::from_utf8_lossy(&answer[..length]));
    loop {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        stream.read_exact(&mut answer[..length]).await?;
        let now = Instant::now();
        if now >= end {
            return Ok((stream, waits));
        }
        if asked >= start {
            waits.push(now - asked);
        }
    }
}

#[allow(clippy::print_stdout, reason = "the result")]
fn print(figures: &[Vec<[f64; 2]>]) -> Result<()> {
    println!("{}", serde_json::to_string(figures)?);
    Ok(())
}
