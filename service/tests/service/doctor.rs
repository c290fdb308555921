//! `daypass doctor` finds what is wrong, and says what to do.

use std::ffi::OsStr;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::backend::RANDOM_BYTES;
use super::running::{Daypass, daypass, now, to_text};
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
fn the_service_is_found_where_the_settings_say_that_it_listens() {
    let daypass = Daypass::start();
    let listen = daypass.url.strip_prefix("http://").expect("a URL");
    let config = daypass.folder.path().join("daypass.toml");
    let text = |listen: &str| format!("store = {:?}\nlisten = {listen:?}\n", daypass.store());
    let examine = |arguments: &[&OsStr], listen: Option<&str>| {
        let mut doctor = self::daypass();
        doctor.envs(listen.map(|listen| ("DAYPASS_LISTEN", listen))).args(["doctor", "--json"]);
        let output = run_to_end(doctor.args(arguments));
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    std::fs::write(&config, text(listen)).expect("a file");
    let by_file = examine(&["--config".as_ref(), config.as_os_str()], None);
    let by_variable = examine(&["--store".as_ref(), daypass.store().as_ref()], Some(listen));
    for report in [by_file, by_variable] {
        let issuer = check(&report, "issuer");
        assert!(issuer["status"] == "ok" && to_text(&issuer["text"]).contains(&daypass.url), "{report}");
    }
    std::fs::write(&config, text("127.0.0.1:1")).expect("a file");
    let report = examine(&["--config".as_ref(), config.as_os_str()], None);
    assert_eq!((&check(&report, "issuer")["status"], &report["status"]), (&"fail".into(), &"fail".into()), "{report}");
}

#[test]
fn keys_that_are_gone_are_added_with_the_master_key_of_the_service() {
    let mut daypass = Daypass::start();
    daypass.kill();
    daypass.execute("DELETE FROM signing_key");
    let key = daypass.folder.path().join("own.key");
    assert!(run_to_end(self::daypass().args(["key", "master"]).arg(&key)).status.success());
    let examine = |options: &[&str]| {
        let mut doctor = self::daypass();
        doctor.env_remove("DAYPASS_MASTER_KEY").args(["doctor", "--json", "--store", daypass.store()]).args(options);
        serde_json::from_slice::<Value>(&run_to_end(&mut doctor).stdout).expect("JSON")
    };
    let path = key.to_str().expect("UTF-8");
    let report = examine(&["--master-key-file", path]);
    let advice = to_text(&check(&report, "keys")["advice"]);
    assert!(advice.ends_with(&format!(" --master-key-file {path}`")), "{advice}");
    assert_eq!(check(&report, "master key")["text"], "there is no signing key that it could open");
    let advice = to_text(&check(&examine(&[]), "keys")["advice"]);
    assert!(advice.ends_with("` with the master key of the service"), "{advice}");
}

#[test]
fn a_store_of_another_version_is_not_changed() {
    let daypass = Daypass::start();
    let missing = daypass.folder.path().join("missing.db");
    let output = run_to_end(self::daypass().args(["doctor", "--json", "--store"]).arg(&missing));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(check(&report, "schema")["status"], "fail");
    assert!(to_text(&check(&report, "schema")["advice"]).contains(" serve --store "), "{report}");
    assert!(to_text(&check(&report, "permissions")["text"]).starts_with("the folder "), "{report}");
    assert!(!output.status.success() && !missing.exists());
    // What remains of a store that was lost.
    std::fs::write(daypass.folder.path().join("missing.db-feed"), "x 1 1\n").expect("a file");
    let output = run_to_end(self::daypass().args(["doctor", "--json", "--store"]).arg(&missing));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(to_text(&check(&report, "schema")["advice"]).contains("restore a backup of it, or remove "), "{report}");
}
