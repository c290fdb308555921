//! The access log, the ids of requests, and lines that survive hostile text.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::binary::daypass;
use crate::running::{Daypass, send, to_text};

/// Waits until a line of the log has all of these texts, and returns it.
async fn wait_for_line(daypass: &Daypass, parts: &[&str]) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let log = daypass.log();
        if let Some(line) = log.lines().find(|line| parts.iter().all(|part| line.contains(part))) {
            return line.to_owned();
        }
        assert!(Instant::now() < deadline, "no line has {parts:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_access_log_has_the_route_and_the_caller_and_no_path_query_or_header() {
    let daypass = Daypass::start_with(&["--access-log"]);
    let (_, id) = daypass.create_secret().await;
    let path = format!("/v2/access-token/{id}");
    let response = daypass.get(&path).bearer_auth(&daypass.admin).send().await.expect("a response");
    let request = response.headers()["x-request-id"].to_str().expect("a text").to_owned();
    let length = response.content_length().expect("a length");
    let line = wait_for_line(&daypass, &["daypass::access", &format!("request={request}")]).await;
    let organization = format!("organization={:?}", daypass.organization());
    let bytes = format!("bytes={length} ");
    for part in [
        " INFO daypass::access: request method=GET route=/v2/access-token/{id} status=200 seconds=0.",
        &bytes,
        "client=127.0.0.1 ",
        &organization,
        " token=\"tok_",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }

    let unknown = daypass.get("/canary-path?canary=canary-query").header("x-canary", "canary-header");
    send(unknown.header("user-agent", "canary-agent")).await;
    wait_for_line(&daypass, &["daypass::access", "route=none status=404"]).await;
    let response = daypass.request(Method::from_bytes(b"BREW").expect("a method"), "/health").send().await;
    assert_eq!(response.expect("a response").status(), 405);
    wait_for_line(&daypass, &["daypass::access", "method=BREW route=/health status=405"]).await;
    let log = daypass.log();
    let access = log.lines().filter(|line| line.contains("daypass::access")).collect::<Vec<_>>().join("\n");
    assert!(!access.contains("canary") && !access.contains(&id) && !access.contains("dp_sec_"));
}

#[tokio::test]
async fn a_stream_is_logged_at_its_end_with_its_bytes() {
    let daypass = Daypass::start_with(&["--access-log"]);
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    events.until_heartbeat().await;
    send(daypass.get("/health")).await;
    wait_for_line(&daypass, &["route=/health status=200"]).await;
    assert!(!daypass.log().contains("daypass::access: request method=GET route=/v2/revocation"));
    drop(events);
    let line = wait_for_line(&daypass, &["daypass::access", "route=/v2/revocation status=200"]).await;
    let bytes = line.split_once("bytes=").and_then(|(_, rest)| rest.split_once(' ')).map(|(bytes, _)| bytes);
    assert!(bytes.and_then(|bytes| bytes.parse::<u64>().ok()).is_some_and(|bytes| bytes > 50), "{line}");
}

#[tokio::test]
async fn each_line_of_the_json_log_is_an_object() {
    let daypass = Daypass::start_with(&["--access-log", "--log-format=json"]);
    let (_, id) = daypass.create_secret().await;
    let line = wait_for_line(&daypass, &["daypass::access", r#""status":201"#]).await;
    let access: Value = serde_json::from_str(&line).expect("JSON");
    let fields = &access["fields"];
    assert_eq!((&access["level"], &fields["route"]), (&json!("INFO"), &json!("/v2/access-token")));
    assert_eq!((&fields["client"], &fields["organization"]), (&json!("127.0.0.1"), &json!(daypass.organization())));
    assert!(fields["seconds"].is_f64() && fields["bytes"].is_u64() && fields["token"].is_string());

    // The event within the request has its id.
    let line = wait_for_line(&daypass, &["token created", &id]).await;
    let event: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(event["request"], fields["request"]);
    for line in daypass.log().lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line["timestamp"].is_string()), "{line}");
    }
}

#[tokio::test]
async fn a_request_has_an_id_which_a_proxy_alone_may_give() {
    let direct = Daypass::start();
    let behind = direct.start_beside_with(&["--proxies=1".to_owned()]);
    let client = reqwest::Client::new();
    let id = async |url: &str, given: Option<&str>| {
        let mut request = client.get(format!("{url}/health"));
        if let Some(given) = given {
            request = request.header("x-request-id", given);
        }
        let response = request.send().await.expect("a response");
        response.headers()["x-request-id"].to_str().expect("a text").to_owned()
    };
    let first = id(&direct.url, None).await;
    assert!(first.len() >= 16 && first != id(&direct.url, None).await);
    assert_ne!(id(&direct.url, Some("given-1")).await, "given-1");
    assert_eq!(id(&behind.url, Some("given-1")).await, "given-1");
    for bad in ["a b", "a;b", &*"x".repeat(129)] {
        assert_ne!(id(&behind.url, Some(bad)).await, bad);
    }

    // What is logged within the request names it.
    let request = direct.post("/v2/access-token").bearer_auth(&direct.admin);
    let response = request.json(&json!({"kind": "secret", "name": "n"})).send().await.expect("a response");
    let id = format!(" request={}", response.headers()["x-request-id"].to_str().expect("a text"));
    wait_for_line(&direct, &["token created", &id]).await;
}

#[tokio::test]
async fn text_of_others_forges_no_line_of_the_log() {
    let mut daypass = Daypass::start();
    daypass.kill();
    let name = "a\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2J\u{202e}\u{2028}.json";
    let file = daypass.folder.path().join(name);
    std::fs::write(&file, r#"{"name":"P","scopes":[{"scope":"floor:sit","description":""}]}"#).expect("a file");
    let set = daypass.command(&["catalog", "set", file.to_str().expect("UTF-8"), "--yes"]);
    assert!(set.status.success());
    std::fs::write(&file, r#"{"name":"Q","scopes":[{"scope":"floor:sit","description":""}]}"#).expect("a file");
    for format in ["text", "json"] {
        std::fs::write(&file, format!(r#"{{"name":"{format}","scopes":[{{"scope":"floor:sit","description":""}}]}}"#))
            .expect("a file");
        let options = [format!("--catalog={}", file.display()), format!("--log-format={format}")];
        let beside = daypass.start_beside_with(&options);
        let line = wait_for_line(&daypass, &["the catalogue of the store was another one", "forged"]).await;
        assert!(line.contains("ERROR forged") && !line.starts_with("2026-01-01T00:00:00Z ERROR"), "{format}: {line}");
        drop(beside);
        let log = daypass.log();
        assert!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z ERROR")), "{format}");
        assert!(!log.contains(['\u{1b}', '\u{202e}', '\u{2028}']), "{format}");
        std::fs::remove_file(daypass.folder.path().join("log")).expect("a log");
    }
    // The log is read once more at the end.
    std::fs::write(daypass.folder.path().join("log"), "").expect("a log");
}

#[tokio::test]
async fn a_reader_of_the_log_that_is_stuck_delays_no_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = daypass()
        .args(["serve", "--json", "--listen=127.0.0.1:0", "--access-log"])
        .current_dir(&folder)
        .env("RUST_LOG", "off")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let line: Value = serde_json::from_str(&line).expect("a line of JSON");
    let health = format!("{}/health", to_text(&line["listening"]));
    let client = reqwest::Client::new();
    // More lines than a pipe takes.
    for _ in 0..1500 {
        let response = tokio::time::timeout(Duration::from_secs(20), client.get(&health).send()).await;
        assert_eq!(response.expect("a response in time").expect("a response").status(), 200);
    }
    process.kill().expect("it runs");
    process.wait().expect("it ended");
}
