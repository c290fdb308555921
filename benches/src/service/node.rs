//! A running `daypass serve`: [`Node`].

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::load::Target;

/// No limit on how often clients may call, which is what is measured.
const UNLIMITED: [&str; 6] = ["--rate-introspection", "0", "--rate-minting", "0", "--rate-administration", "0"];
/// What seals the signing keys in a database. It protects nothing.
const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A process of the service, on the processors of this one. Dropping it stops the process.
pub(super) struct Node {
    process: Child,
    pub(super) address: SocketAddr,
    /// The line that it printed when it listened.
    line: Value,
    /// How long it took until then.
    pub(super) start: Duration,
}

impl Node {
    /// Starts a service on a store.
    pub(super) fn start(store: &str) -> Result<Node> {
        Node::start_with(store, &[])
    }

    /// Starts a service on a store, with more options.
    pub(super) fn start_with(store: &str, options: &[&str]) -> Result<Node> {
        let mut command = daypass()?;
        command
            .args(["serve", "--json", "--listen", "127.0.0.1:0"])
            .args(UNLIMITED)
            .args(options)
            .env("DAYPASS_STORE", store);
        if store.starts_with("postgres") {
            command.env("DAYPASS_MASTER_KEY", MASTER_KEY);
        }
        let begin = Instant::now();
        // The log is written as ever, to a reader that costs nothing.
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("could not start daypass")?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut line)?;
        let start = begin.elapsed();
        // SECURITY: the line may hold tokens, so that no error shows it.
        let line: Value = serde_json::from_str(&line).ok().context("daypass did not start")?;
        let address = line["listening"].as_str().context("daypass names no address")?.trim_start_matches("http://");
        Ok(Node { process, address: address.parse()?, line, start })
    }

    /// Returns the id of its process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns a member of the line that it printed.
    pub(super) fn told(&self, name: &str) -> Result<String> {
        Ok(self.line[name].as_str().with_context(|| format!("daypass printed no {name}"))?.to_owned())
    }

    /// Returns a figure of its memory in bytes: `VmRSS`, or the most so far, `VmHWM`.
    pub(super) fn memory(&self, figure: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).context("this needs Linux")?;
        let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
        let count = line.and_then(|line| line.split_whitespace().next()).context("no such figure")?;
        Ok(count.parse::<f64>()? * 1024.0)
    }

    /// Creates a token as this one's holder, and returns its text.
    pub(super) fn create(&self, creator: &str, body: &Value) -> Result<String> {
        let created = self.send(&post("/v2/access-token", creator, "application/json", &body.to_string()))?;
        let created: Value = serde_json::from_str(&created)?;
        Ok(created["token"].as_str().context("no token")?.to_owned())
    }

    /// Sends one request and returns the body of its response, which must be a success.
    pub(super) fn send(&self, request: &str) -> Result<String> {
        self.exchange(request).map(|(_, body)| body)
    }

    /// Like `send`, but returns the head of the response too.
    pub(super) fn exchange(&self, request: &str) -> Result<(String, String)> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(request.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let (head, body) = response.split_once("\r\n\r\n").context("no response")?;
        ensure!(head.get(9..10) == Some("2"), "the service refuses: {}", head.lines().next().unwrap_or_default());
        Ok((head.to_owned(), body.to_owned()))
    }

    /// Returns this node as the target of one request.
    pub(super) fn target(&self, request: String) -> Target {
        Target { address: self.address, requests: vec![request] }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns a command of the program beside this one.
pub(super) fn daypass() -> Result<Command> {
    Ok(Command::new(std::env::current_exe()?.with_file_name("daypass")))
}

/// Returns a request without a body.
pub(super) fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n")
}

/// Returns a request with a body.
pub(super) fn post(path: &str, token: &str, media_type: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {media_type}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Returns an introspection of a token.
pub(super) fn introspect(api: &str, token: &str) -> String {
    post("/introspect", api, "application/x-www-form-urlencoded", &format!("token={token}"))
}
