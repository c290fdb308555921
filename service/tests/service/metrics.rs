//! Figures for Prometheus, on a listener of their own.

use reqwest::Method;
use serde_json::{Value, json};

use crate::running::{Daypass, FLOOR_READ, send, to_text};

const ON: &str = "--metrics-listen=127.0.0.1:0";

/// Reads the figures.
async fn scrape(daypass: &Daypass) -> String {
    let response = reqwest::get(to_text(&daypass.line["metrics"])).await.expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.text().await.expect("a text")
}

/// Returns the value of a series.
fn value(figures: &str, series: &str) -> Option<f64> {
    figures.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn figures_are_counted_and_read_on_their_own_listener_alone() {
    let daypass = Daypass::start_with(&[ON]);
    let (secret, id) = daypass.create_secret().await;
    daypass.create_temporary(&secret).await;
    let introspect = async |caller: &str, token: &str| {
        send(daypass.post("/introspect").bearer_auth(caller).form(&[("token", token)])).await
    };
    introspect(&daypass.admin, &secret).await;
    introspect(&daypass.admin, "dp_sec_none").await;
    introspect("dp_sec_none", &secret).await;
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    events.until_heartbeat().await;
    daypass.revoke(&id).await;
    introspect(&daypass.admin, &secret).await;
    send(daypass.get("/canary")).await;

    let figures = scrape(&daypass).await;
    for (series, expected) in [
        (r#"daypass_introspections_total{outcome="active"}"#, 1.0),
        (r#"daypass_introspections_total{outcome="inactive"}"#, 2.0),
        (r#"daypass_tokens_created_total{kind="secret"}"#, 1.0),
        (r#"daypass_tokens_created_total{kind="temporary"}"#, 1.0),
        (r#"daypass_revocations_total{level="token"}"#, 1.0),
        (r#"daypass_requests_total{route="/introspect",method="POST",status="2xx"}"#, 3.0),
        (r#"daypass_requests_total{route="/introspect",method="POST",status="4xx"}"#, 1.0),
        (r#"daypass_requests_total{route="none",method="GET",status="4xx"}"#, 1.0),
        (r#"daypass_request_duration_seconds_count{route="/introspect"}"#, 4.0),
        ("daypass_feed_streams", 1.0),
        ("daypass_store_errors_total", 0.0),
        ("daypass_access_log_dropped_total", 0.0),
    ] {
        assert_eq!(value(&figures, series), Some(expected), "{series}");
    }
    for (series, least, most) in [
        ("daypass_feed_latest", 0.0, 1000.0),
        ("daypass_feed_lag_seconds", 0.0, 30.0),
        (r#"daypass_store_duration_seconds_count{operation="write"}"#, 1.0, 1e6),
        (r#"daypass_store_duration_seconds_count{operation="revoke"}"#, 1.0, 1e6),
        (r#"daypass_store_duration_seconds_count{operation="read"}"#, 1.0, 1e6),
        ("process_resident_memory_bytes", 1e6, 1e10),
        ("process_open_fds", 5.0, 1e4),
    ] {
        assert!(value(&figures, series).is_some_and(|value| (least..=most).contains(&value)), "{series}");
    }
    assert!(figures.ends_with("# EOF\n"));
    for secret in [&secret, &daypass.admin, &id, &daypass.organization()] {
        assert!(!figures.contains(secret.as_str()));
    }

    drop(events);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while value(&scrape(&daypass).await, "daypass_feed_streams") != Some(0.0) {
        assert!(std::time::Instant::now() < deadline, "the stream is still counted");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(send(daypass.get("/metrics")).await.0, 404);
    let other = to_text(&daypass.line["metrics"]).replace("/metrics", "/health");
    assert_eq!(reqwest::get(other).await.expect("a response").status(), 404);
}

#[tokio::test]
async fn no_caller_adds_series() {
    let daypass = Daypass::start_with(&[ON]);
    let knock = async |count: usize| {
        for number in 0..count {
            let name = format!("canary{number}");
            let method = Method::from_bytes(name.to_uppercase().as_bytes()).expect("a method");
            let requests = [
                daypass.request(method, "/health"),
                daypass.get(&format!("/{name}?{name}={name}")),
                daypass.get(&format!("/v2/access-token/{name}")).bearer_auth(&daypass.admin),
                daypass.post("/introspect").bearer_auth(&name).form(&[("token", &name)]),
                daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &name)]),
                daypass.get("/health").header("x-request-id", &name).header("user-agent", &name),
                daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&json!({"kind": name, "name": name})),
                daypass.get(&format!("/sdk/{name}")),
            ];
            for request in requests {
                request.send().await.expect("a response");
            }
        }
    };
    knock(3).await;
    let before = scrape(&daypass).await;
    knock(60).await;
    let after = scrape(&daypass).await;
    assert_eq!(before.lines().count(), after.lines().count());
    assert!(!after.to_lowercase().contains("canary"));
    let other = r#"daypass_requests_total{route="/health",method="other",status="4xx"}"#;
    assert_eq!(value(&after, other), Some(63.0));
}

#[tokio::test]
async fn without_the_option_there_is_no_other_listener() {
    let daypass = Daypass::start();
    assert_eq!(daypass.line["metrics"], Value::Null);
    let (secret, _) = daypass.create_secret().await;
    let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(secret);
    assert_eq!(send(mint.json(&json!({"scopes": [FLOOR_READ]}))).await.0, 200);
}

#[tokio::test]
async fn a_store_that_fails_is_counted() {
    let daypass = Daypass::start_with(&[ON]);
    let store = daypass.store().to_owned();
    // It has begun to serve.
    assert_eq!(send(daypass.get("/health")).await.0, 200);
    std::fs::rename(&store, format!("{store}.moved")).expect("a file");
    assert_eq!(send(daypass.get("/ready")).await.0, 503);
    let figures = scrape(&daypass).await;
    assert!(value(&figures, "daypass_store_errors_total").is_some_and(|errors| errors >= 1.0));
    std::fs::rename(format!("{store}.moved"), &store).expect("a file");
}
