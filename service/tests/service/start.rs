use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::running::{Daypass, answer, daypass, ended};

#[tokio::test]
async fn the_admin_token_is_printed_at_the_first_start_only() {
    let mut daypass = Daypass::start();
    let (admin, organization) = (daypass.admin.clone(), daypass.line["organization"].clone());
    assert!(admin.starts_with("dp_sec_"));
    assert!(organization.as_str().is_some_and(|id| id.starts_with("org_")));

    daypass.restart();
    assert_eq!(daypass.line["adminToken"], Value::Null);
    assert_eq!(daypass.line["organization"], organization);
    let (status, list) = answer(daypass.get("/v2/access-token").bearer_auth(&admin)).await;
    assert_eq!((status, list["tokens"].as_array().map(Vec::len)), (200, Some(1)));
}

#[tokio::test]
async fn without_json_it_tells_people_what_to_do_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("daypass.db");
    for is_first in [true, false] {
        let mut serve = daypass();
        let serve = serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        let mut process = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let first = lines.next().expect("a line").expect("UTF-8");
        let url = first.split([' ', ',']).find(|word| word.starts_with("http://")).expect("where it listens");
        // It answers once everything is said.
        assert!(reqwest::get(format!("{url}/health")).await.is_ok());
        process.kill().expect("it runs");
        process.wait().expect("it ended");
        let rest: Vec<_> = lines.map(|line| line.expect("UTF-8")).collect();
        assert_eq!(rest.iter().any(|line| line.trim().starts_with("dp_sec_")), is_first, "{rest:?}");
        assert_eq!(rest.iter().any(|line| line.contains("daypass token create --data")), is_first, "{rest:?}");
    }
}

#[test]
fn of_several_that_begin_one_store_all_run_and_one_has_the_admin_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("daypass.db");
    let start = |_| {
        let mut serve = daypass();
        let serve = serve.args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        serve.stdout(Stdio::piped()).spawn().expect("it starts")
    };
    let mut processes: Vec<_> = (0..4).map(start).collect();
    let lines = processes.iter_mut().map(|process| {
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        process.kill().expect("it runs");
        process.wait().expect("it ended");
        serde_json::from_str::<Value>(&line).expect("a line of JSON")
    });
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.iter().filter(|line| line["adminToken"].is_string()).count(), 1, "{lines:?}");
    assert!(lines.iter().all(|line| line["organization"] == lines[0]["organization"]), "{lines:?}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_crash() {
    let mut daypass = Daypass::start();
    let keys = answer(daypass.get("/.well-known/jwks.json")).await;
    let (secret, id) = daypass.secret().await;
    daypass.revoke(&id).await;
    let (living, _) = daypass.secret().await;

    daypass.restart();
    assert_eq!(answer(daypass.get("/.well-known/jwks.json")).await, keys);
    daypass.temporary(&living).await;
    let (_, gone) = answer(daypass.get("/v2/access-token/self").bearer_auth(&secret)).await;
    assert_eq!(gone["revoked"], true);
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let daypass = Daypass::start();
    for file in ["daypass.db", "daypass.db-wal", "daypass.db-shm"] {
        let mode = daypass.folder.path().join(file).metadata().expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[cfg(unix)]
#[test]
fn it_ends_when_it_is_asked_to() {
    for signal in ["-INT", "-TERM"] {
        let mut daypass = Daypass::start();
        let sent = Command::new("kill").args([signal, &daypass.process_id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        assert!(daypass.ended().success(), "{signal}");
    }
}

#[test]
fn a_start_that_cannot_be_says_why_and_begins_no_store() {
    let taken = Daypass::start();
    let address = taken.url.strip_prefix("http://").expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let catalog = folder.path().join("catalog.json");
    for (arguments, catalog_text, expected) in [
        (vec!["--listen", address], "", "cannot listen on"),
        (vec!["--temporary-min-seconds", "0"], "", "0 is not in 1..=86400"),
        (vec!["--temporary-min-seconds", "86401"], "", "86401 is not in 1..=86400"),
        (vec!["--rotate-keys-every", "0"], "", "0 is not in 1..=3650"),
        (vec!["--issuer", "example.com"], "", "expected an http or https URL"),
        (vec!["--catalog", "catalog.json"], "{", "the catalogue catalog.json: EOF"),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[{"scope":"token:fly","description":""}]}"#,
            "the catalogue catalog.json: it has the scope `token:fly`, whose resource is Daypass's own",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[{"scope":"*","description":""}]}"#,
            "the catalogue catalog.json: it has the scope `*`",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[{"scope":"*","description":"","publishable":true}]}"#,
            "it has the scope `*`",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[{"scope":"chair:*","description":"","publishable":true}]}"#,
            "it publishes `chair:*`",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[],"aliases":[{"alias":"chair:admin","scopes":["chair:sit","token:create"]}]}"#,
            "it has the scope `token:create`, whose",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[],"aliases":[{"alias":"chair:admin","scopes":["bundle:*"]}]}"#,
            "it has the scope `bundle:*`, whose",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[],"aliases":[{"alias":"chair:admin","scopes":["*"]}]}"#,
            "it has the scope `*`",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[],"aliases":[{"alias":"*","scopes":["chair:sit"]}]}"#,
            "it has the scope `*`",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[{"scope":"seat:use","description":""}],"aliases":[{"alias":"chair:sit","scopes":["seat:ues"]}]}"#,
            "what its alias `chair:sit` stands for, `seat:ues`, is not among its scopes",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[{"scope":"seat:use","description":""}],"aliases":[
                {"alias":"chair:sit","scopes":["seat:use"]},{"alias":"stool:sit","scopes":["chair:sit"]}]}"#,
            "what its alias `stool:sit` stands for, `chair:sit`, is not among its scopes by today's names",
        ),
        (vec!["--data", "no/such/folder/daypass.db"], "", "cannot be made"),
    ] {
        std::fs::write(&catalog, catalog_text).expect("a file");
        let mut command = daypass();
        let serve = command.args(["serve", "--json"]).current_dir(folder.path());
        let serve = if arguments[0] == "--listen" { serve } else { serve.args(["--listen", "127.0.0.1:0"]) };
        let output = ended(serve.args(&arguments));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
        assert!(!folder.path().join("daypass.db").exists(), "{arguments:?}");
    }
}

#[test]
fn settings_come_from_the_environment_too() {
    let taken = Daypass::start();
    let address = taken.url.strip_prefix("http://").expect("an address");
    let output = daypass().arg("serve").env("DAYPASS_LISTEN", address).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains(address));
}
