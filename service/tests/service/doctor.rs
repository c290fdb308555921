//! `daypass doctor` finds what is wrong, and says what to do.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::backend::RANDOM_BYTES;
use super::running::{Daypass, daypass, now};
use crate::binary::run_to_end;

/// Runs the doctor, and returns whether it succeeds, and the status and text of each check by name.
fn examine(daypass: &Daypass, issuer: &str) -> (bool, Value) {
    let mut doctor = self::daypass();
    doctor.args(["doctor", "--json", "--store", daypass.store(), "--issuer", issuer]);
    let output = run_to_end(&mut doctor);
    (output.status.success(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// Returns the check with this name.
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["checks"].as_array().and_then(|checks| checks.iter().find(|check| check["name"] == name)).expect(name)
}

#[test]
fn a_healthy_service_passes_every_check() {
    let daypass = Daypass::start();
    let deadline = Instant::now() + Duration::from_secs(60);
    let (is_well, report) = loop {
        let (is_well, report) = examine(&daypass, &daypass.url);
        // A machine that has much to do makes the service slow.
        if check(&report, "feed")["status"] == "ok" || Instant::now() > deadline {
            break (is_well, report);
        }
    };
    assert!(is_well, "{report}");
    for name in ["permissions", "schema", "clock", "keys", "master key", "issuer", "clocks", "feed"] {
        assert_eq!(check(&report, name)["status"], "ok", "{report}");
    }
    // The disk of the tests may be nearly full.
    assert!(check(&report, "disk")["text"].is_string());
    let output = daypass.command(&["doctor", "--issuer", &daypass.url]);
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(lines.lines().count(), 9, "{lines}");
    assert!(lines.contains("ok    schema       the tables have version "), "{lines}");
}

#[test]
fn what_is_wrong_is_found_and_the_exit_code_says_so() {
    let daypass = Daypass::start();
    let other = Daypass::start();
    let expect = |daypass: &Daypass, issuer: &str, name: &str, status: &str, says: &str| {
        let (is_well, report) = examine(daypass, issuer);
        let found = check(&report, name);
        assert_eq!(found["status"], status, "{report}");
        let text = found["text"].as_str().expect("a text").to_owned() + found["advice"].as_str().expect("advice");
        assert!(text.contains(says), "{text} lacks {says}");
        // Of a warning alone; a machine that has much to do may add failures of the feed.
        assert!(status == "warn" || !is_well, "{report}");
    };
    expect(&daypass, "http://127.0.0.1:1", "issuer", "fail", "start the service");
    expect(&daypass, &other.url, "feed", "fail", "publishes other keys");
    let by_name = daypass.url.replace("127.0.0.1", "localhost");
    expect(&daypass, &by_name, "issuer", "warn", "verifiers compare it");
    daypass.execute(&format!("UPDATE signing_key SET created_at = {}", now() + 3600));
    expect(&daypass, &daypass.url, "clock", "fail", "NTP");
    daypass.execute("UPDATE signing_key SET created_at = 1");
    expect(&daypass, &daypass.url, "keys", "warn", "key rotate");
    daypass.execute(&format!("UPDATE signing_key SET private_key = {RANDOM_BYTES}"));
    expect(&daypass, &other.url, "master key", "fail", "damaged");
}

#[test]
fn a_store_of_another_version_is_not_changed() {
    let daypass = Daypass::start();
    let missing = daypass.folder.path().join("missing.db");
    let output = run_to_end(self::daypass().args(["doctor", "--json", "--store"]).arg(&missing));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(check(&report, "schema")["status"], "fail");
    assert!(!output.status.success() && !missing.exists());
}
