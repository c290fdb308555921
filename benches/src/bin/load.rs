//! The client of `bench-route` and `bench-service`: [`Task`] on standard input, the turns on standard output.
//!
//! In each round it sends requests to each target in turn for some seconds. It keeps its connections open, and each sends
//! its next request when it has the response.
//!
//! It does less work for a request than the server, so that the server is the limit. And it never sleeps: the server would
//! have to wake it, more often the slower its responses are, so that a slower route would seem slower still. A product's
//! clients run on other machines.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use daypass_bench::load::{Target, Task, Turn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The time without measurement at the start of each turn.
const WARM_UP: Duration = Duration::from_millis(5);
/// The longest response, in bytes.
const MOST: usize = 1024 * 1024;
const LENGTH: &[u8] = b"content-length: ";

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
    let Task { connections, rounds, seconds, targets } = serde_json::from_reader(io::stdin().lock())?;
    let time = Duration::from_secs_f64(seconds);
    let mut clients = Vec::new();
    for Target { address, requests } in targets {
        let requests: Arc<[String]> = requests.into();
        let mut connected = Vec::new();
        for number in 0..connections {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let next = number * requests.len() / connections;
            connected.push(Connection { stream, requests: Arc::clone(&requests), next, response: vec![0; MOST] });
        }
        clients.push(connected);
    }
    let mut turns = vec![Vec::new(); clients.len()];
    for round in 0..rounds {
        for turn in 0..clients.len() {
            // Every second round runs backwards, so that a drift affects all targets alike.
            let target = if round % 2 == 0 { turn } else { clients.len() - 1 - turn };
            // Retries when no response came in time, as when the machine was suspended.
            let mut figure = None;
            for _ in 0..10 {
                figure = load(&mut clients[target], time).await?;
                if figure.is_some() {
                    break;
                }
            }
            turns[target].push(figure.context("no response came in time")?);
        }
    }
    print(&turns)
}

/// Sends requests for some time; `None` if no response came in time.
async fn load(clients: &mut Vec<Connection>, time: Duration) -> Result<Option<Turn>> {
    let start = Instant::now() + WARM_UP;
    let mut sending = JoinSet::new();
    for connection in clients.drain(..) {
        sending.spawn(connection.send(start, start + time));
    }
    let (mut waits, mut responses) = (Vec::new(), 0);
    while let Some(sent) = sending.join_next().await {
        let (connection, in_time, all) = sent??;
        responses += all;
        clients.push(connection);
        waits.extend(in_time);
    }
    waits.sort_unstable();
    let p99 = waits.get(waits.len() * 99 / 100);
    let request = time.as_nanos() as f64 / waits.len() as f64;
    Ok(p99.map(|p99| Turn { request, p99: p99.as_nanos() as f64, responses }))
}

/// A connection, and what it sends.
struct Connection {
    stream: TcpStream,
    requests: Arc<[String]>,
    /// The next request.
    next: usize,
    response: Vec<u8>,
}

impl Connection {
    /// Sends requests until `end` and returns the waits for those sent after `start` and answered before `end`, and the
    /// number of all.
    async fn send(mut self, start: Instant, end: Instant) -> Result<(Connection, Vec<Duration>, usize)> {
        let (mut waits, mut responses) = (Vec::new(), 0);
        loop {
            let sent = Instant::now();
            self.stream.write_all(self.requests[self.next].as_bytes()).await?;
            self.next = (self.next + 1) % self.requests.len();
            self.receive().await?;
            responses += 1;
            let now = Instant::now();
            if now >= end {
                return Ok((self, waits, responses));
            }
            if sent >= start {
                waits.push(now - sent);
            }
        }
    }

    /// Receives a response, which must be a success and tell its length.
    async fn receive(&mut self) -> Result<()> {
        let (mut received, mut length) = (0, None);
        while length.is_none_or(|length| received < length) {
            let count = self.stream.read(&mut self.response[received..]).await?;
            ensure!(count > 0, "the server closed a connection, or its response is too long");
            received += count;
            length = length.or_else(|| response_length(&self.response[..received]));
        }
        // SECURITY: a response may hold a token, so that only the status is shown.
        let status = self.response.get(9..12).unwrap_or_default();
        ensure!(status.starts_with(b"2"), "the server refuses with {}", String::from_utf8_lossy(status));
        Ok(())
    }
}

/// Returns the length of a response with its headers, once those are complete.
fn response_length(response: &[u8]) -> Option<usize> {
    let head = find(response, b"\r\n\r\n")? + 4;
    let is_length = |window: &[u8]| window.eq_ignore_ascii_case(LENGTH);
    let value = response[..head].windows(LENGTH.len()).position(is_length)? + LENGTH.len();
    let digits = response[value..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(head + digits.fold(0, |length, digit| 10 * length + usize::from(digit - b'0')))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[allow(clippy::print_stdout, reason = "the result")]
fn print(turns: &[Vec<Turn>]) -> Result<()> {
    println!("{}", serde_json::to_string(turns)?);
    Ok(())
}
