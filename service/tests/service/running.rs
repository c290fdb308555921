//! A service in a folder of its own, and what tests ask of it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use daypass::api::RevocationPage;
use daypass::verify::{StaticKeys, Verifier};
use reqwest::{Client, Method, RequestBuilder};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::events::Events;

/// What is asked for again and again.
pub(crate) const FLOOR_READ: &str = "floor:readPrivate";

/// A running `daypass serve`, which ends with it.
pub(crate) struct Daypass {
    pub(crate) url: String,
    /// What it printed when it listened.
    pub(crate) line: Value,
    /// The admin token of the first start.
    pub(crate) admin: String,
    pub(crate) folder: TempDir,
    options: Vec<String>,
    process: Child,
    client: Client,
}

impl Daypass {
    pub(crate) fn start() -> Daypass {
        Daypass::start_with(&[])
    }

    /// A first start, with more options.
    pub(crate) fn start_with(options: &[&str]) -> Daypass {
        let folder = tempfile::tempdir().expect("a folder");
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let (process, line) = serve(&folder, &options);
        let url = text(&line["listening"]);
        let admin = text(&line["adminToken"]);
        Daypass { url, line, admin, folder, options, process, client: Client::new() }
    }

    /// Ends the process at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ended");
    }

    /// The same, and starts another on the same store.
    pub(crate) fn restart(&mut self) {
        self.kill();
        (self.process, self.line) = serve(&self.folder, &self.options);
        self.url = text(&self.line["listening"]);
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn ended(&mut self) -> std::process::ExitStatus {
        self.process.wait().expect("it ended")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("daypass.db")
    }

    /// Another process's view of the store.
    pub(crate) fn sql(&self) -> Connection {
        Connection::open(self.database()).expect("the store")
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// `daypass token …` on the same store.
    pub(crate) fn token_command(&self, arguments: &[&str]) -> Output {
        self.command(&[&["token"], arguments].concat())
    }

    /// `daypass …` on the same store.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        daypass().args(arguments).arg("--data").arg(self.database()).output().expect("it runs")
    }

    /// What it prints as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// `POST /revoke` by the admin.
    pub(crate) async fn revoke_presented(&self, token: &str) {
        let request = self.post("/revoke").bearer_auth(&self.admin).form(&[("token", token)]);
        let response = request.send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), &*response.text().await.expect("a body")), (200, ""));
    }

    /// The feed after a number, as one page.
    pub(crate) async fn page(&self, token: &str, after: u64) -> RevocationPage {
        let (status, page) = answer(self.get(&format!("/v2/revocation?after={after}")).bearer_auth(token)).await;
        assert_eq!(status, 200, "{page}");
        serde_json::from_value(page).expect("a page")
    }

    /// The feed after a number, as it comes.
    pub(crate) async fn follow(&self, token: &str, after: u64) -> Events {
        Events::of(self.get(&format!("/v2/revocation?after={after}")).bearer_auth(token)).await
    }

    pub(crate) fn organization(&self) -> String {
        text(&self.line["organization"])
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub(crate) fn delete(&self, path: &str) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    /// What `POST /v2/access-token` answers to the admin.
    pub(crate) async fn create(&self, body: Value) -> (u16, Value) {
        answer(self.post("/v2/access-token").bearer_auth(&self.admin).json(&body)).await
    }

    /// A new token's text and id.
    pub(crate) async fn made(&self, body: Value) -> (String, String) {
        let (status, created) = self.create(body).await;
        assert_eq!(status, 201, "{created}");
        (text(&created["token"]), text(&created["id"]))
    }

    pub(crate) async fn secret(&self) -> (String, String) {
        self.made(json!({"kind": "secret", "name": "Backend"})).await
    }

    /// A partner's key; its id is `northlight`.
    pub(crate) async fn partner(&self) -> String {
        let scopes = ["bundle:create", FLOOR_READ];
        self.made(json!({"kind": "application", "name": "Partner", "id": "northlight", "scopes": scopes})).await.0
    }

    pub(crate) async fn revoke(&self, id: &str) -> Value {
        let (status, record) = answer(self.delete(&format!("/v2/access-token/{id}")).bearer_auth(&self.admin)).await;
        assert_eq!(status, 200, "{record}");
        record
    }

    /// The text of a temporary token, without `Bearer `.
    pub(crate) async fn temporary(&self, secret: &str) -> String {
        let request = self.post("/v2/temporary-access-token/create").bearer_auth(secret);
        let (status, answer) = answer(request.json(&json!({"scopes": [FLOOR_READ]}))).await;
        assert_eq!(status, 200, "{answer}");
        text(&answer["authorization"]).strip_prefix("Bearer ").expect("a bearer token").to_owned()
    }

    /// A bundle reference for these parameters.
    pub(crate) async fn reference(&self, partner: &str, parameters: &Value) -> String {
        let (status, answer) = answer(self.post("/generate").header("x-api-key", partner).json(parameters)).await;
        assert_eq!(status, 200, "{answer}");
        text(&answer["token"])
    }

    /// A product's verifier with this service's keys.
    pub(crate) async fn verifier(&self) -> Verifier {
        let (_, jwks) = answer(self.get("/.well-known/jwks.json")).await;
        let jwks = serde_json::from_value(jwks).expect("a key set");
        Verifier::new(&self.url, &self.url).keys(StaticKeys::from(&jwks))
    }
}

impl Drop for Daypass {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        // No test of any kind made it panic.
        assert!(std::thread::panicking() || !self.log().contains("panicked"), "{}", self.log());
    }
}

/// The binary, untouched by the environment of whoever runs the tests.
pub(crate) fn daypass() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("DAYPASS_") || name == "RUST_LOG");
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// What a command that must end by itself printed. One that does not within 20 seconds is a failure, not a wait.
pub(crate) fn ended(command: &mut Command) -> Output {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let deadline = Instant::now() + Duration::from_secs(20);
    while process.try_wait().expect("it can be waited for").is_none() {
        if Instant::now() > deadline {
            process.kill().expect("it runs");
            panic!("it goes on: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    process.wait_with_output().expect("its output")
}

fn serve(folder: &TempDir, options: &[String]) -> (Child, Value) {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join("log")).expect("a log");
    let mut process = daypass()
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("daypass.db"))
        .args(options)
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    (process, serde_json::from_str(&line).expect("a line of JSON"))
}

/// The status of an answer and its JSON.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

/// Expects a refusal, in all its parts, and gives its message.
pub(crate) async fn refused(request: RequestBuilder, status: u16, code: &str) -> String {
    let (seen, body) = answer(request).await;
    assert_eq!((seen, &body["error"]), (status, &json!(code)), "{body}");
    assert_eq!(body["status"], status);
    assert!(!text(&body["help"]).is_empty());
    text(&body["message"])
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is a text")).to_owned()
}

/// The token with one wrong character.
pub(crate) fn mistyped(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    format!("{rest}{}", if last == "0" { '1' } else { '0' })
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
