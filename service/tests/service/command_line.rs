use std::process::Output;

use serde_json::{Value, json};

use super::backend::{LOSE_TABLES, LOST, RANDOM_BYTES};
use super::running::{Daypass, FLOOR_READ, daypass, now, send};

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
    let (_, shown) = send(daypass.get(&path).bearer_auth(&daypass.admin)).await;
    assert_eq!(shown["grants"][0]["scopes"], json!(["floor:readPublic"]));
    assert_eq!(json(&daypass.token_command(&["show", id, "--json"])), shown);
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(token)).await;
    assert_eq!(described["kind"], "publishable");

    let (_, by_http) = daypass.create_secret().await;
    let list = json(&daypass.token_command(&["list", "--json"]));
    let ids: Vec<_> = list["tokens"].as_array().expect("a list").iter().map(|token| &token["id"]).collect();
    assert_eq!(ids[..2], [&json!(by_http), &json!(id)]);
    assert_eq!(json(&daypass.token_command(&["list", "--json", "--kind", "publishable"]))["tokens"], json!([shown]));

    let revoked = json(&daypass.token_command(&["revoke", id, "--json"]));
    assert_eq!(send(daypass.get(&path).bearer_auth(&daypass.admin)).await.1, revoked);
    assert!(revoked["revokedAt"].is_u64());
}

#[tokio::test]
async fn the_operator_grants_scopes_of_the_product_and_of_daypass() {
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
    let create = ["create", "--json", "--name", "n", "--kind"];
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

fn help(command: &[&str]) -> String {
    out(&daypass().args(command).arg("--help").output().expect("it runs"))
}

#[test]
fn every_command_has_an_example_that_the_command_line_accepts() {
    let mut examples = 0;
    for command in [
        "serve",
        "token create",
        "token list",
        "token show",
        "token revoke",
        "organization list",
        "organization revoke",
        "organization revoke-issued-before",
        "user add",
        "user list",
        "user edit",
        "user remove",
        "service-account add",
        "service-account list",
        "service-account edit",
        "service-account remove",
        "application add",
        "application list",
        "application show",
        "application edit",
        "application remove",
        "key list",
        "key rotate",
        "key revoke",
        "catalog set",
        "catalog show",
        "catalog types",
    ] {
        let words: Vec<_> = command.split(' ').collect();
        let help = help(&words);
        let (_, lines) = help.split_once("\nExample").unwrap_or_else(|| panic!("{command} has no example"));
        for example in lines.lines().skip(1) {
            examples += 1;
            assert!(example.contains(&format!("daypass {command}")), "{example}");
            // The parser reads all of the example before it refuses the last option, and nothing is done.
            let folder = tempfile::tempdir().expect("a folder");
            let program = env!("CARGO_BIN_EXE_daypass");
            let line = format!("{} --no-such-option", example.trim().replace("daypass ", &format!("'{program}' ")));
            let output = std::process::Command::new("sh").args(["-c", &line]).current_dir(&folder).output();
            let error = String::from_utf8(output.expect("sh runs").stderr).expect("UTF-8");
            assert!(error.contains("unexpected argument '--no-such-option'"), "{example}: {error}");
        }
    }
    assert!(examples >= 20, "{examples}");
}

#[test]
fn a_failure_speaks_of_commands_and_files() {
    let running = Daypass::start();
    let partner = ["create", "--kind", "application", "--name", "n", "--scope", FLOOR_READ, "--id", "partner"];
    assert!(running.token_command(&partner).status.success());
    let program = env!("CARGO_BIN_EXE_daypass");
    let data = running.store();
    let shown = running.shown_store();
    let unknown = |noun: &str, id: &str| {
        format!("error: no {noun} with id {id} in {shown}: list them with `{program} {noun} list --store {data}`")
    };
    let create = |options: &[&'static str]| [&["token", "create", "--name", "n"], options].concat();
    for (arguments, says) in [
        (vec!["token", "show", "tok_unknown"], unknown("token", "tok_unknown")),
        (vec!["token", "revoke", "tok_unknown"], unknown("token", "tok_unknown")),
        (vec!["key", "revoke", "-unknown", "--yes"], unknown("key", "-unknown")),
        (vec!["organization", "revoke", "org_unknown"], unknown("organization", "org_unknown")),
        (vec!["organization", "revoke-issued-before", "org_unknown", "1000"], unknown("organization", "org_unknown")),
        (
            [&["token"], &partner[..]].concat(),
            format!("revoke it with `{program} token revoke partner --store {data}`"),
        ),
        (create(&["--kind", "publishable"]), "a publishable token needs --origin".into()),
        (create(&["--kind", "secret", "--origin", "a.example"]), "--origin is for publishable tokens".into()),
        (create(&["--kind", "secret", "--id", "x"]), "--id is for application tokens".into()),
        (create(&["--kind", "publishable", "--origin", "*.com"]), "many owners".into()),
        (create(&["--kind", "publishable", "--origin", "a-*.netlify.app"]), "with --accept-shared-suffix".into()),
        (create(&["--kind", "publishable", "--origin", "null"]), "browsers send `null`".into()),
        (
            create(&["--kind", "secret", "--scope", "floor:fly"]),
            format!("There is no scope `floor:fly`. `{program} catalog show --store {data}` lists the scopes"),
        ),
        (vec!["catalog", "set", "/no/such/file"], "the catalogue /no/such/file: No such file".into()),
        (create(&["--kind", "secret", "--scope", "floor"]), "`floor` is not a scope".into()),
        (create(&["--kind", "root"]), "[possible values: publishable, secret, personal, application]\n".into()),
        (create(&["--kind", "temporary"]), "[possible values: publishable, secret, personal, application]\n".into()),
        (vec!["token", "list", "--kind", "temporary"], "publishable, secret, personal, application, bundle, oauthRefresh]\n".into()),
        (create(&["--kind", "application"]), "must name its scopes".into()),
        (create(&["--kind", "secret", "--expires-at", "2026-01-01T00:00:00Z"]), "must be in the future".into()),
        (create(&["--kind", "secret", "--expires-at", "tomorrow"]), "such as 2027-01-31T12:00:00Z (RFC 3339)".into()),
    ] {
        let output = running.command(&arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        assert!(error.contains(&says), "{arguments:?}: {error} lacks {says}");
        for foreign in ["`origins`", "`expiresAt`", "`id`", "Check the path", "/v2/"] {
            assert!(!error.contains(foreign), "{error}");
        }
    }
}

#[test]
fn the_hundred_and_first_token_of_a_kind_is_refused_with_a_command_that_lists_them() {
    let running = Daypass::start();
    running.execute(&format!(
        "INSERT INTO token (hash, organization, id, kind, name, grants, origins, last_chars, created_at)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
        SELECT {RANDOM_BYTES}, organization, 'tok_' || i, kind, name, grants, origins, last_chars, created_at
        FROM token, n"
    ));
    let output = running.token_command(&["create", "--kind", "secret", "--name", "n"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("has 100 active secret tokens, which is the limit"), "{error}");
    let (_, list) = error.split_once('`').expect("a command");
    let (list, _) = list.split_once('`').expect("a command");
    let listed = out(&std::process::Command::new("sh").args(["-c", list]).output().expect("sh runs"));
    assert_eq!(listed.lines().count(), 100);
}

#[test]
fn a_store_that_does_not_answer_is_named() {
    let running = Daypass::start();
    running.execute(LOSE_TABLES);
    let output = running.token_command(&["list"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(&format!("{} could not be read or written", running.shown_store())), "{error}");
    assert!(error.contains("the store did not answer") && error.contains(LOST), "{error}");
}

#[test]
fn times_go_in_and_out_as_people_write_them() {
    let running = Daypass::start();
    for time in ["2096-11-30T10:00:00Z", "2096-11-30T11:00:00+01:00", "4005108000"] {
        let create = ["create", "--json", "--kind", "secret", "--name", "n", "--expires-at", time];
        let created = json(&running.token_command(&create));
        assert_eq!(created["expiresAt"], 4_005_108_000_u64, "{time}");
        let shown = out(&running.token_command(&["show", created["id"].as_str().expect("an id")]));
        assert!(shown.contains("  expires  2096-11-30T10:00:00Z (4005108000)\n"), "{shown}");
        let at = created["createdAt"].as_u64().expect("a time");
        assert!(shown.contains("  created  20") && shown.contains(&format!("Z ({at})\n")), "{shown}");
    }
    let organization = running.organization();
    let revoke = ["organization", "revoke-issued-before", &organization, "2026-01-01T01:00:00+01:00", "--yes"];
    let revoked = out(&running.command(&revoke));
    assert!(revoked.contains("issued before 2026-01-01T00:00:00Z (1767225600)."), "{revoked}");
}

#[test]
fn organizations_are_listed() {
    let running = Daypass::start();
    let organization = running.organization();
    let list = || running.json(&["organization", "list"])["organizations"].clone();
    let operator = list()[0].clone();
    assert_eq!((&operator["id"], &operator["isOperator"]), (&json!("operator"), &json!(true)));
    let created_at = list()[1]["createdAt"].as_u64().expect("a time");
    assert!((now() - 60..=now()).contains(&created_at));
    let listed = |issued_before: Value, revoked_at: Value| {
        json!([operator, {
            "id": organization,
            "name": "First organization",
            "isOperator": false,
            "state": if revoked_at.is_null() { "active" } else { "revoked" },
            "createdAt": created_at,
            "issuedBefore": issued_before,
            "suspendedAt": null,
            "revokedAt": revoked_at,
            "limits": {
                "publishable": 100, "secret": 100, "application": 10_000, "personal": 10_000, "principals": 10_000,
                "bundles": 1_000_000, "bundleBytes": 1_073_741_824,
            },
        }])
    };
    let words = || out(&running.command(&["organization", "list"]));
    assert_eq!(list(), listed(Value::Null, Value::Null));
    let lines: Vec<String> = words().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("operator                    active     Operator  (administers the service, created 20")
    );
    assert!(lines[1].starts_with(&format!("{organization}  active     First organization  (created 20")), "{lines:?}");

    running.json(&["organization", "revoke-issued-before", &organization, "1000", "--yes"]);
    assert_eq!(list(), listed(json!(1000), Value::Null));
    assert!(words().contains("tokens issued before 1970-01-01T00:16:40Z (1000) are revoked"), "{}", words());
    let revoked = running.json(&["organization", "revoke", &organization, "--yes"]);
    assert_eq!(list(), listed(json!(1000), revoked["at"].clone()));
    assert!(words().contains("  revoked    First organization  (since 20"), "{}", words());

    running.execute("INSERT INTO organization (id, created_at) VALUES ('org_other', 4e9)");
    assert_eq!(list()[2]["id"], "org_other", "the newest is the last");
}

#[test]
fn json_is_switched_on_by_the_environment() {
    let running = Daypass::start();
    let list = |value: &str| {
        let mut command = daypass();
        command.args(["organization", "list", "--store"]).arg(running.store()).env("DAYPASS_JSON", value);
        command.output().expect("it runs")
    };
    for value in ["1", "true", "yes", "on", "TRUE"] {
        assert!(json(&list(value)).is_object(), "{value}");
    }
    for value in ["0", "false", "no", "off"] {
        assert!(out(&list(value)).starts_with("operator  "), "{value}");
    }
    assert!(!list("nonsense").status.success());
}

#[test]
fn without_a_store_it_says_how_to_create_one() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("empty.db"), "").expect("a file");
    std::fs::write(folder.path().join("other.db"), "not a database, but a text that is long enough").expect("a file");
    let program = env!("CARGO_BIN_EXE_daypass");
    for (data, says) in [
        ("none.db", format!("there is no store at none.db: run `{program} serve --store none.db` first")),
        ("empty.db", format!("there is no store at empty.db: run `{program} serve --store empty.db` first")),
        ("other.db", "cannot open the store other.db".into()),
    ] {
        let mut command = daypass();
        let output = command.args(["token", "list", "--store", data]).current_dir(folder.path()).output();
        let output = output.expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(&says), "{data}: {error}");
        assert!(!folder.path().join("none.db").exists());
    }
}
