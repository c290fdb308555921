use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::binary::run_to_end;
use crate::running::{Daypass, daypass, send, send_undescribed};

#[tokio::test]
async fn the_owner_token_is_printed_at_the_first_start_only() {
    let mut daypass = Daypass::start();
    let (admin, organization) = (daypass.admin.clone(), daypass.line["organization"].clone());
    assert!(admin.starts_with("dp_sec_"));
    assert!(organization.as_str().is_some_and(|id| id.starts_with("org_")));

    daypass.restart();
    assert_eq!(daypass.line["ownerToken"], Value::Null);
    assert_eq!(daypass.line["organization"], organization);
    let (status, list) = send(daypass.get("/v2/access-token").bearer_auth(&admin)).await;
    assert_eq!((status, list["tokens"].as_array().map(Vec::len)), (200, Some(1)));
}

/// Returns what was printed, as a failure may show it.
fn without_tokens(printed: &str) -> String {
    printed.lines().filter(|line| !line.contains("dp_sec_")).collect::<Vec<_>>().join("\n")
}

/// Starts a service in this folder, and returns what it printed until it listened.
async fn print_start(folder: &Path, options: &[&str], environment: (&str, &str)) -> String {
    let mut serve = daypass();
    serve.arg("serve").args(options).current_dir(folder).env(environment.0, environment.1);
    let mut process = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().map(|line| line.expect("UTF-8"));
    let first = lines.next().expect("a line");
    let url = first.strip_prefix("Daypass listens on ").expect("the address");
    // It responds once everything is printed.
    assert!(reqwest::get(format!("{url}/health")).await.is_ok());
    process.kill().expect("it runs");
    process.wait().expect("it ended");
    lines.fold(first, |text, line| text + "\n" + &line)
}

#[tokio::test]
async fn the_first_start_prints_commands_that_work_as_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let catalog = r#"{"name":"Chairs","scopes":[{"scope":"chair:sit","description":"Sit","publishable":true}]}"#;
    std::fs::write(folder.path().join("the chairs.json"), catalog).expect("a file");
    let space_api = "floor:readPublic";
    for (options, environment, data, scope) in [
        (&["--listen", "127.0.0.1:0"][..], ("DAYPASS_CATALOG", "the chairs.json"), "daypass.db", "chair:sit"),
        (&["--listen=127.0.0.1:0", "--store=it's here.db"], ("LANG", "C"), "it's here.db", space_api),
        (
            &["--listen=127.0.0.1:0", "--catalog=the chairs.json"],
            ("DAYPASS_STORE", "./from environment.db"),
            "./from environment.db",
            "chair:sit",
        ),
    ] {
        let first = print_start(folder.path(), options, environment).await;
        let list = |noun: &str| {
            let mut list = daypass();
            let output = list.args([noun, "list", "--json", "--store", data]).current_dir(folder.path()).output();
            serde_json::from_slice::<Value>(&output.expect("it runs").stdout).expect("JSON")
        };
        let organization = list("organization")["organizations"][1]["id"].as_str().expect("an id").to_owned();
        let where_it_is = format!("\n  store         {data}\n  organization  {organization}");
        assert!(first.contains(&where_it_is) && first.contains("\n  dp_sec_"), "{}", without_tokens(&first));
        let shell = |command: &str| {
            let output = Command::new("sh").args(["-c", command]).current_dir(folder.path()).output();
            let output = output.expect("sh runs");
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let commands = |of: &str| first.lines().map(str::trim).filter(|line| line.contains(of)).collect::<Vec<_>>();
        assert_eq!(commands(" token create ").len(), 3, "{}", without_tokens(&first));
        for command in commands(" token create ") {
            shell(command);
        }
        // The first user of the console.
        let user = shell(commands(" user add ")[0]);
        let id = user.split_whitespace().next().expect("an id");
        let invitation = shell(&commands(" user invite ")[0].replace("usr_…", id));
        let url = first.lines().find_map(|line| line.strip_prefix("  console       ")).expect("the console");
        let service = url.strip_suffix("/console").expect("its path");
        assert!(invitation.starts_with(&format!("{service}/invitation#")), "it is a link to this service");
        let tokens = list("token");
        let made: Vec<_> =
            tokens["tokens"].as_array().expect("a list").iter().rev().map(|token| &token["name"]).collect();
        assert_eq!(made, ["Owner", "My site", "My backend", "My API"]);
        for (newest, expected) in [(0, "token:introspect"), (1, scope), (2, scope)] {
            let scopes = tokens["tokens"][newest]["grants"][0]["scopes"].as_array().expect("scopes");
            assert!(scopes.iter().any(|held| held == expected), "{newest}: {scopes:?}");
        }

        let second = print_start(folder.path(), options, environment).await;
        assert!(second.contains(&where_it_is) && !second.contains("dp_sec_"), "{}", without_tokens(&second));
        assert_eq!(second.lines().count(), 4, "{}", without_tokens(&second));
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let daypass = Daypass::start();
    for file in ["daypass.db", "daypass.db-wal", "daypass.db-shm"] {
        let mode = daypass.folder.path().join(file).metadata().expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[cfg(unix)]
#[test]
fn the_service_stops_on_sigint_and_sigterm() {
    for signal in ["-INT", "-TERM"] {
        let mut daypass = Daypass::start();
        let sent = Command::new("kill").args([signal, &daypass.process_id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        assert!(daypass.wait().success(), "{signal}");
    }
}

#[test]
fn a_failed_start_says_why_and_creates_no_store() {
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
            r#"{"name":"P","scopes":[{"scope":"seat:use","description":""}],"aliases":[
                {"alias":"chair:sit","scopes":["seat:ues"]}]}"#,
            "its alias `chair:sit` stands for `seat:ues`: list those among its scopes",
        ),
        (
            vec!["--catalog", "catalog.json"],
            r#"{"name":"P","scopes":[{"scope":"seat:use","description":""}],"aliases":[
                {"alias":"chair:sit","scopes":["seat:use"]},{"alias":"stool:sit","scopes":["chair:sit"]}]}"#,
            "its alias `stool:sit` stands for `chair:sit`: list those among its scopes, by their current names",
        ),
        (vec!["--store", "no/such/folder/daypass.db"], "", "cannot create the store no/such/folder/daypass.db"),
    ] {
        std::fs::write(&catalog, catalog_text).expect("a file");
        let mut command = daypass();
        let serve = command.args(["serve", "--json"]).current_dir(folder.path());
        let serve = if arguments[0] == "--listen" { serve } else { serve.args(["--listen", "127.0.0.1:0"]) };
        let output = run_to_end(serve.args(&arguments));
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

#[test]
fn the_environment_switches_json_on_by_any_word_for_yes() {
    for value in ["1", "true", "yes"] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut serve = daypass();
        serve.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(&folder).env("DAYPASS_JSON", value);
        let mut process = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        process.kill().expect("it runs");
        process.wait().expect("it ended");
        assert!(serde_json::from_str::<Value>(&line).expect("a line of JSON")["ownerToken"].is_string(), "{value}");
    }
}

#[tokio::test]
async fn a_service_answers_the_clients_of_the_protocols_that_it_was_given() {
    let paths = ["/v2/temporary-access-token/create", "/generate"];
    for (option, expected) in [
        ("--protocols=space-api,kudo,kudo", [401, 403]),
        ("--protocols=kudo", [404, 403]),
        ("--protocols=space-api", [401, 404]),
    ] {
        let daypass = Daypass::start_with(&[option]);
        let mut statuses = vec![];
        for path in paths {
            statuses.push(send_undescribed(daypass.post(path)).await);
        }
        assert_eq!(statuses, expected, "{option}");
    }
    let output = run_to_end(daypass().args(["serve", "--protocols", "kudo,speckel"]));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("space-api, kudo, crafter, speckle, threekit"), "{message}");
    assert_eq!(output.status.code(), Some(2));
}
