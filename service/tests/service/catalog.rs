//! The catalogue lives in the store: the command line and every node go by it.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::running::{Daypass, daypass, expect_error, send, to_text};
use crate::binary::run_to_end;

fn chairs(scopes: &[&str]) -> Value {
    let scopes: Vec<_> =
        scopes.iter().map(|scope| json!({"scope": scope, "description": "D", "publishable": false})).collect();
    json!({"name": "Chairs", "scopes": scopes, "aliases": []})
}

fn write(folder: &Path, catalog: &Value) -> String {
    let file = folder.join("catalog.json");
    std::fs::write(&file, catalog.to_string()).expect("a file");
    file.to_str().expect("UTF-8").to_owned()
}

/// Runs `daypass catalog set` with a file of this catalogue.
fn set(daypass: &Daypass, catalog: &Value, options: &[&str]) -> Output {
    let file = write(daypass.folder.path(), catalog);
    daypass.command(&[&["catalog", "set", &file], options].concat())
}

fn show(daypass: &Daypass) -> Value {
    daypass.json(&["catalog", "show"])
}

fn error(output: &Output) -> String {
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]));
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Waits until a node knows this scope, and returns how long that took.
async fn wait_for_scope(daypass: &Daypass, url: &str, scope: &str) -> Duration {
    let start = Instant::now();
    loop {
        let body = json!({"kind": "secret", "name": "n", "scopes": [scope]});
        let request = reqwest::Client::new().post(format!("{url}/v2/access-token"));
        let (status, answer) = send(request.bearer_auth(&daypass.admin).json(&body)).await;
        // The owner token was made before the scope: a node that knows it says that the token lacks it.
        if status == 201 || to_text(&answer["message"]).contains("lacks") {
            return start.elapsed();
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{answer}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn every_node_goes_by_the_catalogue_that_the_command_line_sets() {
    let daypass = Daypass::start();
    let other = daypass.start_beside();
    let mut catalog = show(&daypass);
    assert_eq!(catalog["name"], "Space API");
    let scopes = catalog["scopes"].as_array_mut().expect("scopes");
    scopes.push(json!({"scope": "chair:sit", "description": "Sit", "publishable": true}));
    let body = json!({"kind": "secret", "name": "n", "scopes": ["chair:sit"]});
    let request = daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body);
    assert!(expect_error(request, 400, "invalid_scope").await.contains("There is no scope `chair:sit`"));

    let said = out(&set(&daypass, &catalog, &[]));
    assert_eq!(said, format!("Catalogue of {} set: Space API, 17 scopes.\n", daypass.shown_store()));
    for url in [&daypass.url, &other.url] {
        let time = wait_for_scope(&daypass, url, "chair:sit").await;
        assert!(time < Duration::from_secs(2), "{time:?}");
    }
    assert_eq!(show(&daypass), catalog);
    let token = daypass.json(&["token", "create", "--kind", "secret", "--name", "n", "--scope", "chair:sit"]);
    let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(to_text(&token["token"]));
    assert_eq!(send(mint.json(&json!({"scopes": ["chair:sit"]}))).await.0, 200);
    assert!(daypass.log().contains("catalogue changed"));

    let said = out(&set(&daypass, &catalog, &[]));
    assert_eq!(said, format!("{} has this catalogue already: Space API.\n", daypass.shown_store()));
    assert_eq!(daypass.session().number("SELECT version FROM catalog"), 2);
}

#[tokio::test]
async fn scopes_that_active_tokens_hold_are_removed_only_with_yes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), &chairs(&["chair:sit", "chair:paint", "chair:break"]));
    let daypass = Daypass::start_with(&["--catalog", &file]);
    let (_, id) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["chair:paint"]})).await;
    let (_, revoked) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["chair:paint"]})).await;
    daypass.revoke(&revoked).await;

    let without_paint = chairs(&["chair:sit", "chair:break"]);
    let refusal = error(&set(&daypass, &without_paint, &[]));
    let shown = daypass.shown_store();
    // The owner token holds every scope.
    for part in [format!("2 active tokens of {shown} hold scopes"), "(chair:paint)".into(), " --yes`".into()] {
        assert!(refusal.contains(&part), "{part}: {refusal}");
    }
    assert_eq!(show(&daypass), chairs(&["chair:sit", "chair:paint", "chair:break"]));

    let mut renamed = without_paint.clone();
    renamed["aliases"] = json!([{"alias": "chair:paint", "scopes": ["chair:break"]}]);
    out(&set(&daypass, &renamed, &[]));
    daypass.revoke(&id).await;
    let refusal = error(&set(&daypass, &without_paint, &[]));
    assert!(refusal.contains("1 active token of ") && refusal.contains(" holds scopes"), "{refusal}");
    let command = refusal.split('`').nth(1).expect("a command");
    let ran = std::process::Command::new("sh").args(["-c", command]).output().expect("sh runs");
    assert!(out(&ran).contains("hold scopes that it lacks (chair:paint): 1."));
    assert_eq!(show(&daypass), without_paint);

    let answer = daypass.json(&["catalog", "set", &write(daypass.folder.path(), &chairs(&["chair:sit"])), "--yes"]);
    assert_eq!(answer, json!({"name": "Chairs", "changed": true, "removed": ["chair:break"], "tokens": 1}));
}

#[tokio::test]
async fn serve_sets_the_catalogue_of_its_file_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), &chairs(&["chair:sit"]));
    let mut daypass = Daypass::start_with(&["--catalog", &file]);
    let replaced = "the catalogue of the store was another one, replaced by that of --catalog";
    assert_eq!(show(&daypass), chairs(&["chair:sit"]));
    daypass.restart();
    assert!(!daypass.log().contains(replaced));

    write(folder.path(), &chairs(&["chair:sit", "chair:paint"]));
    daypass.restart();
    assert!(daypass.log().contains(replaced));
    assert_eq!(show(&daypass), chairs(&["chair:sit", "chair:paint"]));

    // Without a file it goes by the store's.
    let before = daypass.log().matches(replaced).count();
    let other = daypass.start_beside_with(&[]);
    assert_eq!(wait_for_scope(&daypass, &other.url, "chair:paint").await.as_secs(), 0);
    assert_eq!(daypass.log().matches(replaced).count(), before);

    write(folder.path(), &chairs(&["chair:stand"]));
    let mut serve = self::daypass();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--catalog", &file, "--store", daypass.store()]);
    let refusal = error(&run_to_end(&mut serve));
    assert!(refusal.contains("1 active token of ") && refusal.contains("(chair:sit)"), "{refusal}");
    assert_eq!(show(&daypass), chairs(&["chair:sit", "chair:paint"]));
}

#[test]
fn the_catalogue_is_shown_as_text_and_as_the_file() {
    let daypass = Daypass::start();
    let text = out(&daypass.command(&["catalog", "show"]));
    for line in [
        "Space API",
        "  floor:readPublic                      Read public floor resources (publishable)",
        "  floor:export                          Export a floor",
        "  floor:read                            older name of floor:readPrivate floor:readPublic",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../catalogs/space-api.json");
    assert!(out(&daypass.command(&["catalog", "set", file])).contains("already"));
}

#[test]
fn a_store_without_a_catalogue_is_set_by_the_next_start() {
    let mut daypass = Daypass::start();
    // As an earlier version leaves it.
    daypass.execute("DELETE FROM catalog");
    let refusal = error(&daypass.token_command(&["create", "--kind", "secret", "--name", "n"]));
    for part in ["has no catalogue of scopes yet: run `", " serve --store ", " catalog set FILE --store "] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
    daypass.restart();
    assert_eq!(show(&daypass)["name"], "Space API");
}

#[test]
fn a_catalogue_that_cannot_be_read_is_named_in_the_log() {
    let daypass = Daypass::start();
    daypass.execute("UPDATE catalog SET json = '{}', version = 9");
    let refusal = error(&daypass.command(&["catalog", "show"]));
    assert!(refusal.contains("missing field `name`") && refusal.contains("could not be read"), "{refusal}");
    let own = r#"{"name":"P","scopes":[{"scope":"token:fly","description":""}]}"#;
    daypass.execute(&format!("UPDATE catalog SET json = '{own}'"));
    let refusal = error(&daypass.command(&["catalog", "show"]));
    assert!(refusal.contains("`token:fly`, whose resource is Daypass's own"), "{refusal}");
}
