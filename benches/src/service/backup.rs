//! Writes at a steady rate, alone and while the store is backed up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::creation::create;
use super::node::{Node, daypass};
use super::{Bench, stores};
use crate::Results;

/// How many writes a second there are, by so many clients.
const RATE: u32 = 200;
const CLIENTS: u32 = 16;
/// How long the calm part of a round is.
const CALM: Duration = Duration::from_secs(10);

/// Measures creations of tokens in a store with a million, 200 a second, before a back-up and during it.
///
/// The time of a write counts from the moment at which it was due: one that had to wait for others counts as such.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let store = stores::filled(&bench.folder, "million", 1_000_000, 1)?;
    let folder = stores::folder(bench)?;
    let node = Node::start(&store.path)?;
    let request = create(&store.owner);
    let mut results = Results::new();
    let mut push = |row: &str, figure: f64| results.entry(row.to_owned()).or_default().push(figure);
    for round in 0..bench.rounds(8) {
        let calm = writes(node.address, &request, || {
            sleep(CALM);
            Ok(())
        })?;
        let file = folder.path().join(format!("{round}.backup"));
        let begin = Instant::now();
        let during = writes(node.address, &request, || {
            let mut backup = daypass()?;
            backup.arg("backup").arg(&file).env("DAYPASS_STORE", &store.path).stdout(Stdio::null());
            ensure!(backup.status()?.success(), "the back-up failed");
            Ok(())
        })?;
        push("backup/time", begin.elapsed().as_nanos() as f64);
        push("backup/writes-calm-p99", p99(calm)?);
        push("backup/writes-p99", p99(during)?);
        std::fs::remove_file(file)?;
    }
    Ok(results)
}

/// Sends requests at a steady rate while something is done, and returns how long each took from when it was due.
fn writes(address: SocketAddr, request: &str, work: impl FnOnce() -> Result<()>) -> Result<Vec<Duration>> {
    let is_done = AtomicBool::new(false);
    let (begin, every) = (Instant::now(), Duration::from_secs(1) * CLIENTS / RATE);
    std::thread::scope(|scope| {
        let client = |number: u32| {
            let is_done = &is_done;
            scope.spawn(move || -> Result<Vec<Duration>> {
                let mut stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                let (mut due, mut times) = (begin + every * number / CLIENTS, vec![]);
                while !is_done.load(Ordering::Relaxed) {
                    sleep(due.saturating_duration_since(Instant::now()));
                    stream.write_all(request.as_bytes())?;
                    read_created(&mut stream)?;
                    times.push(due.elapsed());
                    due += every;
                }
                Ok(times)
            })
        };
        let clients: Vec<_> = (0..CLIENTS).map(client).collect();
        let worked = work();
        is_done.store(true, Ordering::Relaxed);
        let times: Result<Vec<_>> =
            clients.into_iter().map(|client| client.join().ok().context("a client panicked")?).collect();
        worked?;
        Ok(times?.concat())
    })
}

/// Reads one response, which says that a token was created.
///
/// SECURITY: the body has the token, so that no error shows it.
fn read_created(stream: &mut TcpStream) -> Result<()> {
    let mut response = vec![];
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        ensure!(count > 0, "the service closed the connection");
        response.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&response);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        ensure!(head.get(9..12) == Some("201"), "the service refuses: {}", head.lines().next().unwrap_or_default());
        let lower = head.to_ascii_lowercase();
        let length: Option<usize> = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.context("a response without a length")? {
            return Ok(());
        }
    }
}

fn p99(mut times: Vec<Duration>) -> Result<f64> {
    times.sort_unstable();
    Ok(times.get(times.len() * 99 / 100).context("no write")?.as_nanos() as f64)
}
