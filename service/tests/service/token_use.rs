//! How tokens are used: real verifiers report it, and the service tells it.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use daypass::verify::{Credentials, TokenLocation, UseReports, Verifier};
use daypass::{Error, Scope};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::running::{Daypass, FLOOR_READ, now, send, to_text};

const SITE: &str = "https://shop.example";
const OTHER: &str = "https://other.example";
/// In the place of a minute.
const PERIOD: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(60);

/// Creates the token of an API that reports.
async fn create_api(daypass: &Daypass) -> String {
    let scopes = ["token:introspect", "token:report"];
    daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": scopes})).await.0
}

/// Creates a token of a page, and returns its text and its id.
async fn create_publishable(daypass: &Daypass) -> (String, String) {
    daypass.create_token(json!({"kind": "publishable", "name": "n", "origins": ["shop.example"]})).await
}

async fn connect(daypass: &Daypass, url: &str, api: &str) -> Verifier {
    Verifier::connect(url, &daypass.url, api.parse().expect("a token")).await.expect("a verifier")
}

/// Sends so many requests of a page on this origin.
async fn visit(verifier: &Verifier, token: &str, origin: &str, times: usize) {
    for _ in 0..times {
        let credentials = Credentials::new(token, TokenLocation::Query).from_origin(origin);
        let is_allowed = verifier.verify(&credentials, None).await.is_ok();
        assert_eq!(is_allowed, origin == SITE);
    }
}

/// Returns the use of a token, or of the organization, added up over the days: a test may run at midnight.
async fn read_use(daypass: &Daypass, query: &str) -> Value {
    let (status, answer) = send(daypass.get(&format!("/v2/use{query}")).bearer_auth(&daypass.admin)).await;
    assert_eq!(status, 200, "{answer}");
    let days = answer["days"].as_array().expect("days");
    let sum = |field: &str| days.iter().filter_map(|day| day[field].as_u64()).sum::<u64>();
    let mut refused = std::collections::BTreeMap::<&String, u64>::new();
    for (code, count) in days.iter().filter_map(|day| day["refused"].as_object()).flatten() {
        *refused.entry(code).or_default() += count.as_u64().expect("a number");
    }
    json!({
        "requests": sum("requests"), "accepted": sum("accepted"), "refreshes": sum("refreshes"), "refused": refused,
    })
}

/// Waits until the use is what is expected.
async fn expect_use(daypass: &Daypass, query: &str, expected: Value) {
    let began = Instant::now();
    loop {
        let seen = read_use(daypass, query).await;
        if seen == expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{seen} instead of {expected}");
        tokio::time::sleep(PERIOD / 10).await;
    }
}

fn expect_secret_nowhere(daypass: &Daypass, secrets: &[&str]) {
    let contents = daypass.contents();
    for secret in secrets {
        for (name, bytes) in &contents {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "a secret is in {name}");
        }
        assert!(!daypass.log().contains(secret), "a secret is in the log");
    }
}

#[tokio::test]
async fn what_verifiers_report_is_told_by_token_and_day_and_has_no_tokens_text() {
    let daypass = Daypass::start();
    let (page, page_id) = create_publishable(&daypass).await;
    let (secret, secret_id) = daypass.create_secret().await;
    let (temporary, api) = (daypass.create_temporary(&secret).await, create_api(&daypass).await);
    let quiet = connect(&daypass, &daypass.url, &api).await;
    visit(&quiet, &page, SITE, 5).await;

    let reports = UseReports::every(PERIOD, &daypass.url, api.parse().expect("a token"));
    let verifier = connect(&daypass, &daypass.url, &api).await.use_reports(Arc::clone(&reports));
    visit(&verifier, &page, SITE, 3).await;
    visit(&verifier, &page, OTHER, 2).await;
    expect_use(
        &daypass,
        &format!("?token={page_id}"),
        json!({"requests": 5, "accepted": 3, "refreshes": 0, "refused": {"origin_not_allowed": 2}}),
    )
    .await;

    // In another period, and what was made from a token; a handler refuses it later. Invalid tokens are nobody's.
    visit(&verifier, &page, SITE, 4).await;
    let credentials = Credentials::new(&temporary, TokenLocation::Bearer).from_origin(&page);
    let access = verifier.verify(&credentials, None).await.expect("an access");
    let (read, export): (Scope, Scope) = (FLOOR_READ.parse().expect("a scope"), Scope::literal("floor:export"));
    let organization = daypass.organization();
    assert_eq!(access.require(&read).tenant(&organization).check(), Ok(()));
    assert!(access.require(&export).tenant(&organization).check().is_err());
    for number in 0..200 {
        let unknown = format!("{page}{number}");
        let credentials = Credentials::new(&unknown, TokenLocation::Bearer);
        assert_eq!(verifier.verify(&credentials, None).await.map(drop), Err(Error::InvalidToken));
    }
    reports.finish().await;
    let of_page = json!({"requests": 9, "accepted": 7, "refreshes": 0, "refused": {"origin_not_allowed": 2}});
    let of_secret = json!({"requests": 1, "accepted": 1, "refreshes": 0, "refused": {"insufficient_scope": 1}});
    let of_all = json!({
        "requests": 10, "accepted": 8, "refreshes": 0, "refused": {"insufficient_scope": 1, "origin_not_allowed": 2},
    });
    assert_eq!(read_use(&daypass, &format!("?token={page_id}")).await, of_page, "sent when it ends");
    assert_eq!(read_use(&daypass, &format!("?token={secret_id}")).await, of_secret);
    assert_eq!(read_use(&daypass, "").await, of_all);

    let told = daypass.json(&["token", "use", &page_id]);
    let (_, answer) = send(daypass.get(&format!("/v2/use?token={page_id}")).bearer_auth(&daypass.admin)).await;
    assert_eq!(told, answer);
    let day = &told["days"][0];
    assert_eq!(day["day"].as_u64().map(|day| day % 86_400), Some(0));
    assert_eq!((&day["origins"][0]["origin"], &day["refusedOrigins"][0]["origin"]), (&json!(SITE), &json!(OTHER)));
    let printed = daypass.command(&["token", "use", &page_id]);
    let printed = String::from_utf8(printed.stdout).expect("UTF-8");
    assert!(printed.contains(&format!("from {SITE} ")) && printed.contains("origin_not_allowed 2"), "{printed}");
    // The page's own token is in the header `Origin` of a request: what a client sends there is not kept.
    expect_secret_nowhere(&daypass, &[&page, &secret, &temporary, &api]);
}

#[tokio::test]
async fn without_reports_a_verifier_sends_none() {
    let daypass = Daypass::start_with(&["--access-log"]);
    let ((page, _), api) = (create_publishable(&daypass).await, create_api(&daypass).await);
    let verifier = connect(&daypass, &daypass.url, &api).await;
    visit(&verifier, &page, SITE, 5).await;
    tokio::time::sleep(3 * PERIOD).await;
    assert_eq!(read_use(&daypass, "").await["requests"], 0);
    // The log has a line for each request, in their order, and is written a little later.
    let began = Instant::now();
    let lines = loop {
        let log = daypass.log();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("/v2/use")).map(str::to_owned).collect();
        if !lines.is_empty() {
            break lines;
        }
        assert!(began.elapsed() < PATIENCE, "no line");
        tokio::time::sleep(PERIOD / 10).await;
    };
    assert!(lines.iter().all(|line| line.contains("GET") && !line.contains("POST")), "{lines:?}");
}

/// What is between a verifier and the service.
#[derive(Clone, Default)]
struct Between {
    is_away: Arc<AtomicBool>,
    /// What the verifier sent.
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Between {
    /// Forwards connections to the service while it is not away, and returns where.
    async fn forward(&self, service: &str) -> String {
        let service: SocketAddr = service.strip_prefix("http://").and_then(|it| it.parse().ok()).expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let between = self.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                tokio::spawn(between.clone().pass(client, service));
            }
        });
        url
    }

    async fn pass(self, mut client: TcpStream, service: SocketAddr) {
        if self.is_away.load(Ordering::SeqCst) {
            return;
        }
        let mut server = TcpStream::connect(service).await.expect("the service");
        let ((mut from, mut back), (mut answers, mut to)) = (client.split(), server.split());
        let requests = async {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut part).await {
                self.sent.lock().expect("no panic").extend_from_slice(&part[..count]);
                to.write_all(&part[..count]).await.expect("the service");
            }
        };
        let until_away = async {
            while !self.is_away.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = requests => {}
            _ = tokio::io::copy(&mut answers, &mut back) => {}
            () = until_away => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_service_is_away_decisions_go_on_and_the_report_arrives_later() {
    let daypass = Daypass::start();
    let ((page, page_id), api) = (create_publishable(&daypass).await, create_api(&daypass).await);
    let between = Between::default();
    let url = between.forward(&daypass.url).await;
    let reports = UseReports::every(PERIOD, &url, api.parse().expect("a token"));
    // What it verifies by is not away: without the feed it would refuse everything after ten seconds.
    let verifier = connect(&daypass, &daypass.url, &api).await.use_reports(Arc::clone(&reports));
    visit(&verifier, &page, SITE, 1).await;
    let expected = |count: u64| json!({"requests": count, "accepted": count, "refreshes": 0, "refused": {}});
    let query = format!("?token={page_id}");
    expect_use(&daypass, &query, expected(1)).await;

    between.is_away.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        visit(&verifier, &page, SITE, 10).await;
        tokio::time::sleep(PERIOD).await;
    }
    assert_eq!(read_use(&daypass, &query).await, expected(1));
    between.is_away.store(false, Ordering::SeqCst);
    expect_use(&daypass, &query, expected(31)).await;

    let sent = String::from_utf8(between.sent.lock().expect("no panic").clone()).expect("UTF-8");
    assert!(sent.contains("POST /v2/use ") && sent.contains(SITE));
    assert!(!sent.contains(&page) && !sent.contains("127.0.0.1\""), "a report has a token or an address");
}

/// Reports use of these tokens by hand, each `count` times.
async fn post(daypass: &Daypass, token: &str, sequence: u64, serials: &[u64], count: u64) -> (u16, Value) {
    let row = |serial: &u64| json!({"serial": serial, "outcome": "accepted", "count": count});
    let rows: Vec<_> = serials.iter().map(row).collect();
    let body = json!({"verifier": "by-hand", "sequence": sequence, "rows": rows});
    let response = daypass.post("/v2/use").bearer_auth(token).json(&body).send().await.expect("a response");
    let (status, text) = (response.status().as_u16(), response.text().await.expect("a body"));
    (status, serde_json::from_str(&text).unwrap_or_default())
}

async fn serial_of(daypass: &Daypass, id: &str) -> u64 {
    let (_, record) = send(daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin)).await;
    record["serial"].as_u64().expect("a serial number")
}

#[tokio::test]
async fn a_repeated_report_counts_once_and_unknown_tokens_are_ignored() {
    let daypass = Daypass::start();
    let (_, id) = create_publishable(&daypass).await;
    let (api, serial) = (create_api(&daypass).await, serial_of(&daypass, &id).await);
    let accepted = async || read_use(&daypass, &format!("?token={id}")).await["accepted"].clone();
    for (sequence, expected) in [(1, 7), (1, 7), (2, 14), (1, 14), (2, 14), (5, 21)] {
        assert_eq!(post(&daypass, &api, sequence, &[serial, 4711, 0, u64::MAX], 7).await.0, 204);
        assert_eq!(accepted().await, expected, "{sequence}");
    }
    assert_eq!(read_use(&daypass, "").await["accepted"], 21);
    let many: Vec<_> = (1_000_000..1_000_500).collect();
    assert_eq!(post(&daypass, &api, 6, &many, 1).await.0, 204);
    assert_eq!(daypass.session().number("SELECT count(*) FROM token_use WHERE token > 100"), 0);
    let too_many: Vec<_> = (1_000_000..1_000_513).collect();
    let (status, refusal) = post(&daypass, &api, 7, &too_many, 1).await;
    assert_eq!((status, &refusal["error"]), (400, &json!("invalid_request")));
    let (status, refusal) = post(&daypass, &api, 7, &(0..3000).collect::<Vec<_>>(), 1).await;
    assert_eq!((status, &refusal["error"]), (413, &json!("body_too_large")));
}

#[tokio::test]
async fn a_report_needs_its_scope_and_reaches_the_tokens_of_its_organization() {
    let daypass = Daypass::start();
    let (_, id) = create_publishable(&daypass).await;
    let serial = serial_of(&daypass, &id).await;
    let introspects = json!({"kind": "secret", "name": "n", "scopes": ["token:introspect", "token:read"]});
    let introspects = daypass.create_token(introspects).await.0;
    let application = json!({"kind": "application", "name": "n", "scopes": ["token:report"]});
    let application = daypass.create_token(application).await.0;
    for (token, error) in [(&introspects, "insufficient_scope"), (&application, "kind_not_accepted")] {
        let (status, refusal) = post(&daypass, token, 1, &[serial], 1).await;
        assert_eq!((status, &refusal["error"]), (403, &json!(error)));
    }
    let api = create_api(&daypass).await;
    let unreadable = send(daypass.get("/v2/use").bearer_auth(&api)).await;
    assert_eq!((unreadable.0, &unreadable.1["error"]), (403, &json!("insufficient_scope")));

    daypass.json(&["organization", "create", "--name", "Chairs", "--id", "chairs"]);
    let create = ["token", "create", "--kind", "secret", "--name", "n", "--scope", "token:report"];
    let of_chairs = to_text(&daypass.json(&[&create[..], &["--organization", "chairs"]].concat())["token"]);
    let of_all = [&create[..], &["--organization", "operator", "--tenant", "*"]].concat();
    let of_all = to_text(&daypass.json(&of_all)["token"]);
    let accepted = async || read_use(&daypass, &format!("?token={id}")).await["accepted"].clone();
    for (token, expected) in [(&of_chairs, 0), (&of_all, 5), (&api, 10)] {
        assert_eq!(post(&daypass, token, 1, &[serial], 5).await.0, 204);
        assert_eq!(accepted().await, expected);
    }
    for query in ["?token=tok_none", "?token=", "?since=5&until=5", "?tokn=x", "?since=soon"] {
        let status = send(daypass.get(&format!("/v2/use{query}")).bearer_auth(&daypass.admin)).await.0;
        assert_eq!(status, if query.starts_with("?token=") { 404 } else { 400 }, "{query}");
    }
    assert_eq!(read_use(&daypass, "?until=2020-01-01").await["requests"], 0);
}

#[tokio::test]
async fn the_last_use_comes_from_reports_too_and_temporary_tokens_are_counted() {
    let mut daypass = Daypass::start();
    let (_, id) = create_publishable(&daypass).await;
    let (secret, secret_id) = daypass.create_secret().await;
    let (api, serial) = (create_api(&daypass).await, serial_of(&daypass, &id).await);
    let before = now();
    assert_eq!(post(&daypass, &api, 1, &[serial], 5).await.0, 204);
    for _ in 0..3 {
        daypass.create_temporary(&secret).await;
    }
    // What was noted is written once a minute, and when it stops.
    let sent = Command::new("kill").args(["-TERM", &daypass.process_id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()) && daypass.wait().success());
    daypass.restart();
    let (_, record) = send(daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin)).await;
    assert!(record["lastUsedAt"].as_u64().is_some_and(|at| (before..=now()).contains(&at)), "{}", record["lastUsedAt"]);
    assert_eq!(read_use(&daypass, &format!("?token={secret_id}")).await["refreshes"], 3);
    assert_eq!(read_use(&daypass, "").await["refreshes"], 3);
}
