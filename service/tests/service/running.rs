//! A service in its own folder, and the requests that tests send to it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::api::RevocationPage;
use daypass::verify::{StaticKeys, Verifier};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use crate::binary::daypass;
use crate::clock::{Clock, daypass_by};
use crate::described;

use super::backend::{Backend, EDITED_BY_HAND, RANDOM_BYTES, Session};
use super::events::Events;

/// The scope that most tests request.
pub(crate) const FLOOR_READ: &str = "floor:readPrivate";

/// A running `daypass serve`. Dropping it stops the process.
pub(crate) struct Daypass {
    pub(crate) url: String,
    /// The line that it printed when it listened.
    pub(crate) line: Value,
    /// The owner token of the first start.
    pub(crate) admin: String,
    pub(crate) folder: TempDir,
    backend: Backend,
    options: Vec<String>,
    clock: Option<Clock>,
    process: Child,
    client: Client,
}

impl Daypass {
    pub(crate) fn start() -> Daypass {
        Daypass::start_with(&[])
    }

    /// Starts a service on a new store, with more options.
    pub(crate) fn start_with(options: &[&str]) -> Daypass {
        let folder = tempfile::tempdir().expect("a folder");
        let backend = Backend::new(folder.path());
        Daypass::start_in(folder, backend, options)
    }

    /// Starts a service on this store, in a folder.
    pub(crate) fn start_in(folder: TempDir, backend: Backend, options: &[&str]) -> Daypass {
        Daypass::start_by(None, folder, backend, options)
    }

    /// Starts a service on a new store whose clock the test sets: so many days ahead, or behind.
    pub(crate) fn start_days_ahead(days: i64, options: &[&str]) -> Daypass {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::new(folder.path());
        clock.set_days_ahead(days);
        let backend = Backend::new(folder.path());
        Daypass::start_by(Some(clock), folder, backend, options)
    }

    fn start_by(clock: Option<Clock>, folder: TempDir, backend: Backend, options: &[&str]) -> Daypass {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let (process, line) = read_line(spawn(&folder, backend.location(), &options, clock.as_ref()));
        let url = to_text(&line["listening"]);
        // A store that was restored has had its first start.
        let admin = line["ownerToken"].as_str().unwrap_or_default().to_owned();
        Daypass { url, line, admin, folder, backend, options, clock, process, client: Client::new() }
    }

    /// Sets the service's clock so many days ahead, or behind.
    pub(crate) fn set_days_ahead(&self, days: i64) {
        self.clock.as_ref().expect("a clock of its own").set_days_ahead(days);
    }

    /// Starts several services at once on a new store, which is gone when they run.
    pub(crate) fn start_together(count: usize) -> Vec<Beside> {
        let folder = tempfile::tempdir().expect("a folder");
        let backend = Backend::new(folder.path());
        let processes: Vec<_> = (0..count).map(|_| spawn(&folder, backend.location(), &[], None)).collect();
        processes.into_iter().map(read_line).map(|(process, line)| Beside { url: to_text(&line["listening"]), line, process }).collect()
    }

    /// Starts another process on the same store.
    pub(crate) fn start_beside(&self) -> Beside {
        self.start_beside_with(&self.options)
    }

    /// Starts another process on the same store, with these options instead.
    pub(crate) fn start_beside_with(&self, options: &[String]) -> Beside {
        let (process, line) = self.serve(options);
        Beside { url: to_text(&line["listening"]), line, process }
    }

    /// Kills the process, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ended");
    }

    /// Kills the process and starts another on the same store.
    pub(crate) fn restart(&mut self) {
        self.kill();
        (self.process, self.line) = self.serve(&self.options);
        self.url = to_text(&self.line["listening"]);
    }

    /// Kills the process and starts another on the same store, with these options instead.
    pub(crate) fn restart_with(&mut self, options: &[&str]) {
        self.options = options.iter().map(|option| (*option).to_owned()).collect();
        self.restart();
    }

    fn serve(&self, options: &[String]) -> (Child, Value) {
        read_line(spawn(&self.folder, self.store(), options, self.clock.as_ref()))
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        self.process.wait().expect("it ended")
    }

    /// Returns the value of `--store`.
    pub(crate) fn store(&self) -> &str {
        self.backend.location()
    }

    /// Returns the store as messages name it.
    pub(crate) fn shown_store(&self) -> String {
        self.store().replace("%2F", "/")
    }

    /// Opens the store as another process would.
    pub(crate) fn session(&self) -> Session {
        self.backend.session()
    }

    /// Returns what is stored, by name.
    pub(crate) fn contents(&self) -> Vec<(String, Vec<u8>)> {
        self.backend.contents()
    }

    /// Runs statements as another process would.
    ///
    /// The services are told that tokens were edited by hand, which no feed tells.
    pub(crate) fn execute(&self, sql: &str) {
        self.session().execute(sql);
        if sql.contains("UPDATE token") || sql.contains("UPDATE organization") {
            self.session().execute(EDITED_BY_HAND);
        }
    }

    /// Returns the log so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// Runs `daypass token …` on the same store.
    pub(crate) fn token_command(&self, arguments: &[&str]) -> Output {
        self.command(&[&["token"], arguments].concat())
    }

    /// Runs `daypass …` on the same store.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        daypass_by(self.clock.as_ref()).args(arguments).arg("--store").arg(self.store()).output().expect("it runs")
    }

    /// Runs `daypass … --json` on the same store and returns the output.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Revokes a token with `POST /revoke`, as the admin.
    pub(crate) async fn revoke_by_text(&self, token: &str) {
        let request = self.post("/revoke").bearer_auth(&self.admin).form(&[("token", token)]);
        let response = request.send().await.expect("a response");
        assert_eq!((response.status().as_u16(), &*response.text().await.expect("a body")), (200, ""));
    }

    /// Reads the feed after a number, as one page.
    pub(crate) async fn read_page(&self, token: &str, after: u64) -> RevocationPage {
        let (status, page) = send(self.get(&format!("/v2/revocation?after={after}")).bearer_auth(token)).await;
        assert_eq!(status, 200, "{page}");
        serde_json::from_value(page).expect("a page")
    }

    /// Subscribes to the feed after a number.
    pub(crate) async fn subscribe(&self, token: &str, after: u64) -> Events {
        Events::subscribe(self.get(&format!("/v2/revocation?after={after}")).bearer_auth(token)).await
    }

    pub(crate) fn organization(&self) -> String {
        to_text(&self.line["organization"])
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

    /// Sends `POST /v2/access-token` as the admin.
    pub(crate) async fn post_token(&self, body: Value) -> (u16, Value) {
        send(self.post("/v2/access-token").bearer_auth(&self.admin).json(&body)).await
    }

    /// Creates a token, and returns its text and id.
    pub(crate) async fn create_token(&self, body: Value) -> (String, String) {
        let (status, created) = self.post_token(body).await;
        assert_eq!(status, 201, "{}", created["message"]);
        (to_text(&created["token"]), to_text(&created["id"]))
    }

    pub(crate) async fn create_secret(&self) -> (String, String) {
        self.create_token(json!({"kind": "secret", "name": "Backend"})).await
    }

    /// Creates the application token `northlight`, and returns its text.
    pub(crate) async fn create_partner(&self) -> String {
        let scopes = ["bundle:create", FLOOR_READ];
        self.create_token(json!({"kind": "application", "name": "Partner", "id": "northlight", "scopes": scopes}))
            .await
            .0
    }

    pub(crate) async fn revoke(&self, id: &str) -> Value {
        let (status, record) = send(self.delete(&format!("/v2/access-token/{id}")).bearer_auth(&self.admin)).await;
        assert_eq!(status, 200, "{record}");
        record
    }

    /// Creates a temporary token, and returns its text without `Bearer `.
    pub(crate) async fn create_temporary(&self, secret: &str) -> String {
        let request = self.post("/v2/temporary-access-token/create").bearer_auth(secret);
        let (status, answer) = send(request.json(&json!({"scopes": [FLOOR_READ]}))).await;
        assert_eq!(status, 200, "{}", answer["message"]);
        to_text(&answer["authorization"]).strip_prefix("Bearer ").expect("a bearer token").to_owned()
    }

    /// Creates a bundle reference for these parameters.
    pub(crate) async fn create_reference(&self, partner: &str, parameters: &Value) -> String {
        let (status, answer) = send(self.post("/generate").header("x-api-key", partner).json(parameters)).await;
        assert_eq!(status, 200, "{}", answer["message"]);
        to_text(&answer["token"])
    }

    /// Returns a verifier with the keys of this service.
    pub(crate) async fn create_verifier(&self) -> Verifier {
        let (_, jwks) = send(self.get("/.well-known/jwks.json")).await;
        let jwks = serde_json::from_value(jwks).expect("a key set");
        Verifier::new(&self.url, &self.url).keys(StaticKeys::from(&jwks))
    }
}

/// Another process on the store of a [`Daypass`]. Dropping it stops the process.
pub(crate) struct Beside {
    pub(crate) url: String,
    /// The line that it printed when it listened.
    pub(crate) line: Value,
    process: Child,
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Daypass {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        // No test may make it panic.
        assert!(std::thread::panicking() || !self.log().contains("panicked"), "{}", self.log());
    }
}

/// Reads the payload of a JWT.
pub(crate) fn payload_of(jwt: &str) -> Value {
    let payload = Base64UrlUnpadded::decode_vec(jwt.split('.').nth(1).expect("a payload")).expect("base64url");
    serde_json::from_slice(&payload).expect("JSON")
}

/// What most tests are about, whose tokens have the scopes of the Space API.
const PROTOCOLS: &str = "--protocols=space-api,kudo";

/// In the place of an option: the service speaks what it does without `--protocols`, which is every protocol.
pub(crate) const DEFAULT_PROTOCOLS: &str = "";

/// Starts a service with these options, in which `--protocols=` names other protocols.
fn spawn(folder: &TempDir, store: &str, options: &[String], clock: Option<&Clock>) -> Child {
    let are_given = options.iter().any(|option| option.starts_with("--protocols=") || option == DEFAULT_PROTOCOLS);
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join("log")).expect("a log");
    let mut serve = daypass_by(clock);
    if options.iter().any(|option| option.starts_with("--master-key")) {
        serve.env_remove("DAYPASS_MASTER_KEY");
    }
    serve
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--store", store])
        .args((!are_given).then_some(PROTOCOLS))
        .args(options.iter().filter(|option| *option != DEFAULT_PROTOCOLS))
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("it starts")
}

/// Waits until a service listens.
fn read_line(mut process: Child) -> (Child, Value) {
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    (process, serde_json::from_str(&line).expect("a line of JSON"))
}

/// Sends a request, and returns the status and the JSON of the response.
///
/// Each response is held against the description of the API.
pub(crate) async fn send(request: RequestBuilder) -> (u16, Value) {
    let (client, request) = request.build_split();
    let request = request.expect("a request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = client.execute(request).await.expect("a response");
    let status = response.status().as_u16();
    let body = response.json().await.expect("JSON");
    described::require(&method, &path, status, &body);
    (status, body)
}

/// Sends a request to a service without some protocols, which are in the description, and returns the status.
pub(crate) async fn send_undescribed(request: RequestBuilder) -> u16 {
    request.send().await.expect("a response").status().as_u16()
}

/// Waits until a node can do its work again: some time after its store can be written, since it probes that.
pub(crate) async fn wait_until_ready(url: &str, patience: Duration) {
    let deadline = Instant::now() + patience;
    while send(Client::new().get(format!("{url}/ready"))).await.0 != 200 {
        assert!(Instant::now() < deadline, "{url} is not ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Expects that a request is refused, checks the whole error, and returns its message.
pub(crate) async fn expect_error(request: RequestBuilder, status: u16, code: &str) -> String {
    let (seen, body) = send(request).await;
    assert_eq!((seen, &body["error"]), (status, &json!(code)), "{}", body["message"]);
    assert_eq!(body["status"], status);
    assert!(!to_text(&body["help"]).is_empty());
    to_text(&body["message"])
}

pub(crate) fn to_text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is a text")).to_owned()
}

/// Adds so many active application tokens, as if the first token's creator had made them: more than requests can make
/// in a test's time.
pub(crate) fn add_tokens(daypass: &Daypass, count: usize) {
    daypass.execute(&format!(
        "INSERT INTO token
            (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at)
        WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {count})
        SELECT {RANDOM_BYTES}, organization, 'tok_added_' || i, 'application', 'Token ' || i, grants,
            origins, last_chars, created_at, expires_at, revoked_at
        FROM numbers, (SELECT * FROM token WHERE number = 1) AS first ORDER BY i"
    ));
}

/// Returns the token with one wrong character.
pub(crate) fn mistype(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    format!("{rest}{}", if last == "0" { '1' } else { '0' })
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
