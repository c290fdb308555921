use std::process::Output;

use serde_json::{Value, json};

use crate::running::{Daypass, FLOOR_READ, answer, daypass, now};

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&out(output)).expect("JSON")
}

#[tokio::test]
async fn the_command_line_and_the_service_share_the_store() {
    let daypass = Daypass::start();
    let created = json(&daypass.token_command(&[
        "create",
        "--json",
        "--kind",
        "publishable",
        "--name",
        "Site",
        "--origin",
        "127.0.0.1",
        "--scope",
        "floor:readPublic",
        "--expires-at",
        &(now() + 100).to_string(),
    ]));
    let (token, id) = (created["token"].as_str().expect("a token"), created["id"].as_str().expect("an id"));
    let path = format!("/v2/access-token/{id}");
    let (_, shown) = answer(daypass.get(&path).bearer_auth(&daypass.admin)).await;
    assert_eq!(shown["grants"][0]["scopes"], json!(["floor:readPublic"]));
    assert_eq!(json(&daypass.token_command(&["show", id, "--json"])), shown);
    let (_, described) = answer(daypass.get("/v2/access-token/self").bearer_auth(token)).await;
    assert_eq!(described["kind"], "publishable");

    let (_, by_http) = daypass.secret().await;
    let list = json(&daypass.token_command(&["list", "--json"]));
    let ids: Vec<_> = list["tokens"].as_array().expect("a list").iter().map(|token| &token["id"]).collect();
    assert_eq!(ids[..2], [&json!(by_http), &json!(id)]);
    assert_eq!(json(&daypass.token_command(&["list", "--json", "--kind", "publishable"]))["tokens"], json!([shown]));

    let revoked = json(&daypass.token_command(&["revoke", id, "--json"]));
    assert_eq!(answer(daypass.get(&path).bearer_auth(&daypass.admin)).await.1, revoked);
    assert!(revoked["revokedAt"].is_u64());
}

#[tokio::test]
async fn the_operator_gives_what_the_product_knows_and_daypass_itself() {
    let daypass = Daypass::start();
    for (arguments, scopes) in [
        (vec!["--kind", "secret", "--scope", "token:introspect"], json!(["token:introspect"])),
        (vec!["--kind", "secret", "--scope", "*"], json!(["*"])),
        (
            vec!["--kind", "application", "--id", "x", "--scope", "bundle:create", "--scope", FLOOR_READ],
            json!(["bundle:create", FLOOR_READ]),
        ),
    ] {
        let arguments = [&["create", "--json", "--name", "n"], &arguments[..]].concat();
        assert_eq!(json(&daypass.token_command(&arguments))["grants"][0]["scopes"], scopes);
    }
}

#[test]
fn a_product_brings_its_own_scopes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalog.json");
    let catalog = json!({"name": "Chairs", "scopes": [
        {"scope": "chair:sit", "description": "Sit", "publishable": true},
        {"scope": "chair:paint", "description": "Paint"},
    ]});
    std::fs::write(&file, catalog.to_string()).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let daypass = Daypass::start_with(&["--catalog", file]);
    let create = ["create", "--json", "--name", "n", "--catalog", file, "--kind"];
    let secret = json(&daypass.token_command(&[&create[..], &["secret"]].concat()));
    assert_eq!(secret["grants"][0]["scopes"], json!(["chair:paint", "chair:sit"]));
    let site = json(&daypass.token_command(&[&create[..], &["publishable", "--origin", "a.example"]].concat()));
    assert_eq!(site["grants"][0]["scopes"], json!(["chair:sit"]));
}

#[test]
fn text_is_for_people() {
    let daypass = Daypass::start();
    let created = out(&daypass.token_command(&["create", "--kind", "secret", "--name", "My backend"]));
    assert!(created.contains("My backend") && created.contains("shown this once"), "{created}");
    let token = created.split_whitespace().find(|word| word.starts_with("dp_sec_")).expect("the token");
    let list = out(&daypass.token_command(&["list"]));
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains(&token[token.len() - 4..]) && !list.contains(token), "{list}");
    let id = list.split_whitespace().next().expect("an id");
    assert!(out(&daypass.token_command(&["show", id])).contains("active"));
    assert!(out(&daypass.token_command(&["revoke", id])).contains("revoked"));
}

#[test]
fn the_help_says_what_a_revocation_reaches() {
    let help = |arguments: &[&str]| out(&daypass().args(arguments).arg("--help").output().expect("it runs"));
    for (command, says) in [
        (&["token", "revoke"][..], "A product that does not follow it accepts those two to their end, a day at most"),
        (&["organization", "revoke"], "There is no way back"),
        (&["organization", "revoke-issued-before"], "make a new one with `daypass token create`"),
        (&["key", "rotate"], "signs with it some five minutes later"),
        (&["key", "revoke"], "the next key signs at once, or a new one"),
    ] {
        let help = help(command).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(says), "{help}");
    }
}

#[test]
fn a_refusal_is_a_sentence_and_a_failure() {
    let running = Daypass::start();
    for (arguments, says) in [
        (vec!["show", "tok_unknown"], "Nothing was found here."),
        (vec!["revoke", "tok_unknown"], "Nothing was found here."),
        (vec!["create", "--kind", "publishable", "--name", "n"], "needs `origins`"),
        (vec!["create", "--kind", "publishable", "--name", "n", "--origin", "*.com"], "many owners"),
        (vec!["create", "--kind", "secret", "--name", "n", "--scope", "floor:fly"], "no scope `floor:fly`"),
        (vec!["create", "--kind", "secret", "--name", "n", "--scope", "floor"], "`floor` is not a scope"),
        (vec!["create", "--kind", "root", "--name", "n"], "not a token kind"),
        (vec!["create", "--kind", "application", "--name", "n"], "must name its scopes"),
        (vec!["create", "--kind", "secret", "--name", "n", "--catalog", "/no/such/file"], "/no/such/file"),
    ] {
        let output = running.token_command(&arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
}

#[test]
fn without_a_store_it_says_how_to_begin_one() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("empty.db"), "").expect("a file");
    std::fs::write(folder.path().join("other.db"), "not a database, but a text that is long enough").expect("a file");
    for (data, says) in [
        ("none.db", "run `daypass serve --data none.db` first"),
        ("empty.db", "run `daypass serve --data empty.db` first"),
        ("other.db", "the store other.db cannot be opened"),
    ] {
        let mut command = daypass();
        let output = command.args(["token", "list", "--data", data]).current_dir(folder.path()).output();
        let output = output.expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(says), "{data}: {error}");
        assert!(!folder.path().join("none.db").exists());
    }
}
