//! Clients that send slowly, read slowly or never read, and floods.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{daypass, run_to_end};
use crate::running::{Daypass, send, to_text};
use crate::slow_clients::{DESCRIPTORS, SlowClient, attack_with, honest_clients, with_few_descriptors};

/// A service with few descriptors. Dropping it stops the process.
struct Small {
    url: String,
    owner: String,
    process: Child,
    _folder: TempDir,
}

impl Small {
    fn start() -> Small {
        let folder = tempfile::tempdir().expect("a folder");
        let mut serve = daypass();
        serve.args(["serve", "--json", "--listen", "127.0.0.1:0", "--store"]).arg(folder.path().join("daypass.db"));
        let mut process =
            with_few_descriptors(&serve).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("sh");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let line: Value = serde_json::from_str(&line).expect("a line of JSON");
        Small { url: to_text(&line["listening"]), owner: to_text(&line["ownerToken"]), process, _folder: folder }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().expect("an address")
}

#[tokio::test]
async fn row_32_slow_clients_of_each_kind_keep_nobody_else_waiting() {
    let small = Small::start();
    let Small { url, owner, .. } = &small;
    let create = |client: &Client, body: &Value| {
        let request = client.post(format!("{url}/v2/access-token")).bearer_auth(owner).json(body);
        async { send(request).await }
    };
    let [honest, _] = honest_clients();
    let (status, api) =
        create(&honest, &json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
    assert_eq!(status, 201, "{}", api["message"]);
    let api = to_text(&api["token"]);
    let head = format!(
        "POST /v2/access-token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {owner}\r\n"
    );
    let kinds = [
        SlowClient::never_reading("/sign-in"),
        SlowClient::headers(),
        SlowClient::body(&head),
        SlowClient::idle(),
        SlowClient::keep_alive("/health"),
    ];
    attack_with(address(url), &kinds, |client| {
        client.post(format!("{url}/introspect")).bearer_auth(&api).form(&[("token", &api)])
    })
    .await;
    let (status, created) = create(&honest, &json!({"kind": "secret", "name": "Backend"})).await;
    assert_eq!(status, 201, "{}", created["message"]);
}

#[test]
fn a_service_keeps_descriptors_for_itself_and_takes_all_that_it_may_have() {
    let limits = |id: u32| std::fs::read_to_string(format!("/proc/{id}/limits")).expect("this needs Linux");
    let open_files = |id: u32| {
        let limits = limits(id);
        let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit").to_owned();
        let counts: Vec<usize> = line.split_whitespace().filter_map(|count| count.parse().ok()).collect();
        (counts[0], counts[1])
    };
    let small = Small::start();
    assert_eq!(open_files(small.process.id()), (DESCRIPTORS, DESCRIPTORS));
    let usual = Daypass::start();
    let (soft, hard) = open_files(usual.process_id());
    assert_eq!(soft, hard);

    let folder = tempfile::tempdir().expect("a folder");
    let mut serve = daypass();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--max-connections", "200", "--max-streams", "100"]);
    let output = run_to_end(with_few_descriptors(&serve).current_dir(folder.path()));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("--max-connections") && message.contains("ulimit -n 364"), "{message}");
    assert!(!output.status.success() && !folder.path().join("daypass.db").exists());
}

/// Returns what a new connection gets that sends nothing, or nothing within a second.
fn listen_on(connection: &mut TcpStream) -> String {
    connection.set_read_timeout(Some(Duration::from_secs(1))).expect("a time-out");
    let mut text = String::new();
    let _ = connection.read_to_string(&mut text);
    text
}

#[tokio::test]
async fn a_connection_beyond_the_limits_is_told_when_to_come_again() {
    for (most, of_address, status, code) in
        [("2", "4", "503 Service Unavailable", "unavailable"), ("4", "2", "429 Too Many Requests", "too_many_requests")]
    {
        let daypass = Daypass::start_with(&["--max-connections", most, "--max-connections-per-address", of_address]);
        let connect = || TcpStream::connect(address(&daypass.url)).expect("a connection");
        let held = [connect(), connect()];
        let refused = listen_on(&mut connect());
        assert!(refused.starts_with(&format!("HTTP/1.1 {status}\r\n")) && refused.contains(code), "{refused}");
        assert!(refused.contains("retry-after: 1\r\n") && refused.contains("connection: close\r\n"), "{refused}");
        assert!(daypass.log().contains("refused, since too many are open"));
        let [other, _] = honest_clients();
        let is_served =
            other.get(format!("{}/health", daypass.url)).send().await.is_ok_and(|response| response.status() == 200);
        assert_eq!(is_served, of_address == "2", "a client at another address");

        drop(held);
        let deadline = Instant::now() + Duration::from_secs(20);
        while listen_on(&mut connect()).contains(code) {
            assert!(Instant::now() < deadline, "no place is free again");
        }
    }
}

/// Opens a stream of the feed on a connection of its own, of which at most so many bytes are ever read.
fn open_stream(daypass: &Daypass, token: &str, read: usize) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address(&daypass.url)).expect("a connection");
    let request = "GET /v2/revocation HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer";
    stream.write_all(format!("{request} {token}\r\n\r\n").as_bytes()).expect("it reads");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    let mut head = vec![0; read];
    stream.read_exact(&mut head).expect("a response");
    (stream, String::from_utf8(head).expect("text"))
}

#[tokio::test]
async fn streams_have_a_limit_of_their_own_and_one_that_nobody_reads_ends() {
    let options = ["--max-connections=2", "--max-streams=2", "--max-streams-per-organization=1"];
    let daypass = Daypass::start_with(&[&options[..], &["--write-timeout-seconds=1"]].concat());
    let status = "HTTP/1.1 200".len();
    let owner = &daypass.admin;
    let (unread, head) = open_stream(&daypass, owner, status);
    assert_eq!(head, "HTTP/1.1 200");
    // The stream takes no place of a connection: a client still has one.
    assert_eq!(daypass.get("/health").send().await.expect("a response").status(), 200);
    let subscribe = || daypass.get("/v2/revocation").bearer_auth(owner).header("accept", "text/event-stream").send();
    let refused = subscribe().await.expect("a response");
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().expect("a value")));

    // Entries fill what the kernel buffers.
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut freed = None;
    while freed.is_none() {
        assert!(Instant::now() < deadline, "the stream goes on, though nobody reads it");
        for _ in 0..20 {
            let (text, _) = daypass.create_secret().await;
            daypass.revoke_by_text(&text).await;
        }
        freed = subscribe().await.ok().filter(|response: &Response| response.status() == 200);
    }
    drop((unread, freed));
}

#[tokio::test]
async fn row_18_each_kind_of_request_has_a_rate() {
    let rates = ["--rate-introspection=1", "--rate-minting=1", "--rate-administration=1", "--rate-refused=1"];
    let daypass = Daypass::start_with(&rates);
    let owner = &daypass.admin;
    // Twice the rate at once.
    let (text, _) = daypass.create_secret().await;
    let (other, _) = daypass.create_secret().await;
    let expect = async |request: reqwest::RequestBuilder, name: &str| {
        let mut statuses = vec![];
        loop {
            let response = request.try_clone().expect("a small body").send().await.expect("a response");
            statuses.push(response.status().as_u16());
            if response.status() == 429 {
                let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
                assert_eq!(
                    (&*header("retry-after"), header("ratelimit-policy")),
                    ("1", format!(r#""{name}";q=2;w=2"#))
                );
                assert_eq!(header("ratelimit"), format!(r#""{name}";r=0;t=1"#));
                return;
            }
            assert!(statuses.len() < 50, "{statuses:?}");
        }
    };
    expect(daypass.get("/v2/access-token").bearer_auth(owner), "administration").await;
    expect(daypass.post("/introspect").bearer_auth(owner).form(&[("token", &text)]), "introspection").await;
    let minting = daypass.post("/v2/temporary-access-token/create").bearer_auth(&text);
    expect(minting.json(&json!({"scopes": ["floor:readPrivate"]})), "minting").await;

    // Revocations and health are never refused for a rate.
    for _ in 0..5 {
        daypass.revoke_by_text(&other).await;
        assert_eq!(daypass.get("/health").send().await.expect("a response").status(), 200);
    }
}

#[tokio::test]
async fn row_18_an_address_that_tries_tokens_waits_and_those_that_were_accepted_lately_go_on() {
    let daypass = Daypass::start_with(&["--rate-refused=2", "--proxies=1"]);
    let list = |address: &str, token: &str| {
        let request = daypass.get("/v2/access-token").bearer_auth(token).header("x-forwarded-for", address);
        async move {
            let response = request.send().await.expect("a response");
            (response.status().as_u16(), response.headers().get("retry-after").is_some())
        }
    };
    let flooder = "203.0.113.1";
    assert_eq!(list(flooder, &daypass.admin).await, (200, false));
    let (unknown, _) = daypass.create_secret().await;
    daypass.revoke_by_text(&unknown).await;
    let invalid = crate::running::mistype(&unknown);
    let (cold, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["token:revoke"]})).await;
    let (_, id) = daypass.create_token(json!({"kind": "secret", "name": "m", "scopes": ["token:introspect"]})).await;
    let mut statuses = vec![];
    while statuses.last() != Some(&(429, true)) {
        assert!(statuses.len() < 50, "{statuses:?}");
        statuses.push(list(flooder, &invalid).await);
        assert_eq!(list(flooder, &daypass.admin).await.0, 200);
    }
    assert_eq!(list("203.0.113.2", &invalid).await.0, 401);
    // SECURITY: a token that was never used before revokes nevertheless, from the address of the flood too.
    assert_eq!(list(flooder, &cold).await.0, 429);
    let end = daypass.delete(&format!("/v2/access-token/{id}")).header("x-forwarded-for", flooder).bearer_auth(&cold);
    assert_eq!(send(end).await.0, 200);
    let client = |path: &str| {
        let form = [("token", &*invalid), ("client_id", "nobody"), ("client_secret", "x"), ("grant_type", "password")];
        daypass.post(path).header("x-forwarded-for", flooder).form(&form)
    };
    assert_eq!(send(client("/revoke")).await.0, 401, "it is authenticated");
    assert_eq!(send(client("/introspect")).await.0, 429);
    let client = daypass.post("/oauth/token").header("x-forwarded-for", "203.0.113.3");
    let client = client.form(&[("grant_type", "client_credentials"), ("client_id", "nobody"), ("client_secret", "x")]);
    let mut statuses = vec![];
    while statuses.last() != Some(&429) {
        assert!(statuses.len() < 50, "{statuses:?}");
        statuses.push(client.try_clone().expect("a form").send().await.expect("a response").status().as_u16());
    }
}
