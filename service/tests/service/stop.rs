//! The stop of the service: open requests end, uses are written, and the feed ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::running::{Daypass, send};

fn signal(daypass: &Daypass) {
    let sent = Command::new("kill").args(["-TERM", &daypass.process_id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
}

/// Sends the beginning of an introspection, whose body is `token=ab`.
fn begin(daypass: &Daypass) -> TcpStream {
    let mut stream = TcpStream::connect(daypass.url.trim_start_matches("http://")).expect("a connection");
    let head = format!(
        "POST /introspect HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: 8\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=",
        daypass.admin
    );
    stream.write_all(head.as_bytes()).expect("it is written");
    stream
}

/// Waits until the service accepts no connection.
fn wait_until_closed(daypass: &Daypass) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(daypass.url.trim_start_matches("http://")).is_ok() {
        assert!(Instant::now() < deadline, "connections are still accepted");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn open_requests_end_uses_are_written_and_the_feed_ends() {
    let mut daypass = Daypass::start_with(&["--grace-seconds=60"]);
    let (secret, id) = daypass.create_secret().await;
    let mut events = daypass.subscribe(&daypass.admin, 0).await;
    events.until_heartbeat().await;
    let introspect = daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &secret)]);
    assert_eq!(send(introspect).await.1["active"], true);
    // The service has read the head once it has answered another request after it.
    let mut stream = begin(&daypass);
    send(daypass.get("/health")).await;
    signal(&daypass);
    wait_until_closed(&daypass);
    while events.next().await.is_some() {}
    // The grace time is longer.
    std::thread::sleep(Duration::from_millis(500));
    stream.write_all(b"ab").expect("it is written");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    assert!(response.starts_with("HTTP/1.1 200 ") && response.contains(r#"{"active":false}"#), "{response}");
    assert!(daypass.wait().success());
    assert!(!daypass.log().contains("stopped while requests were open"));
    assert!(daypass.json(&["token", "show", &id])["lastUsedAt"].is_u64());
}

#[test]
fn what_is_open_after_the_grace_time_or_a_second_signal_is_cut_off() {
    for (option, signals) in [("--grace-seconds=0", 1), ("--grace-seconds=3600", 2)] {
        let mut daypass = Daypass::start_with(&[option]);
        let mut stream = begin(&daypass);
        // The head is read.
        std::thread::sleep(Duration::from_millis(200));
        signal(&daypass);
        wait_until_closed(&daypass);
        if signals == 2 {
            // The second signal is heard soon after. A process that has ended hears none.
            let state = format!("/proc/{}/stat", daypass.process_id());
            let deadline = Instant::now() + Duration::from_secs(20);
            while !std::fs::read_to_string(&state).expect("a process").contains(") Z ") {
                assert!(Instant::now() < deadline, "it waits for the request");
                signal(&daypass);
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        assert!(daypass.wait().success(), "{option}");
        assert!(daypass.log().contains("stopped while requests were open"), "{option}");
        let mut rest = Vec::new();
        // The connection was closed or reset.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty(), "{option}");
    }
}
