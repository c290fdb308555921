//! A store that commit 9171dba made is opened by this version: nothing of it is lost. `make.sh` beside it made it.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::backend::Backend;
use super::running::{Daypass, daypass, send, to_text};
use crate::binary::run_to_end;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/sqlite/store_of_9171dba");

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(name)).expect("a file of the fixture")
}

/// Makes the store in a folder.
fn make(folder: &Path) -> Backend {
    let store = Backend::new(folder);
    Connection::open(store.location()).expect("a file").execute_batch(&read("store.sql")).expect("the store");
    store
}

/// Starts this version on the store, and returns what its maker was told.
fn upgrade() -> (Daypass, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = make(folder.path());
    let told: Value = serde_json::from_str(&read("told.json")).expect("JSON");
    (Daypass::start_in(folder, store, &["--issuer", "https://tokens.example"]), told)
}

#[tokio::test]
async fn every_token_of_an_older_store_works_and_what_was_revoked_stays_so() {
    let (daypass, told) = upgrade();
    let (_, jwks) = send(daypass.get("/.well-known/jwks.json")).await;
    let kids = |jwks: &Value| -> Vec<String> {
        jwks["keys"].as_array().expect("keys").iter().map(|key| to_text(&key["kid"])).collect()
    };
    for kid in kids(&told["jwks"]) {
        let list = daypass.json(&["key", "list"]);
        assert!(list["keys"].as_array().expect("keys").iter().any(|key| key["kid"] == *kid), "{kid} is lost");
    }
    assert!(!kids(&jwks).is_empty());
    let tokens = told["tokens"].as_array().expect("tokens");
    assert!(tokens.len() >= 6);
    for Told { name, token, is_active } in tokens.iter().map(Told::read) {
        let (status, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&token)).await;
        assert_eq!((status, described["revoked"] == true), (200, !is_active), "{name}");
        let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(&token);
        let (status, _) = send(mint.json(&json!({"scopes": ["floor:readPublic"]}))).await;
        assert_eq!(status == 200, ["backend", "owner"].contains(&&*name), "{name} mints: {status}");
        let own = match &*name {
            "api" => daypass.post("/introspect").bearer_auth(&token).form(&[("token", &token)]),
            "partner" => daypass.post("/generate").header("x-api-key", &token).json(&json!({})),
            _ => continue,
        };
        assert_eq!(send(own).await.0, 200, "{name}");
    }
    let owner = tokens.iter().map(Told::read).find(|told| told.name == "owner").expect("the owner's").token;
    let (status, created) =
        send(daypass.post("/v2/access-token").bearer_auth(&owner).json(&json!({"kind": "secret", "name": "New"})))
            .await;
    assert_eq!(status, 201, "{}", created["message"]);
}

#[tokio::test]
async fn no_record_of_an_older_store_is_lost() {
    let (mut daypass, told) = upgrade();
    let list = daypass.json(&["token", "list", "--limit", "100"]);
    let now = list["tokens"].as_array().expect("a list");
    let before = told["list"]["tokens"].as_array().expect("a list");
    assert_eq!(now.len(), before.len());
    for token in before {
        let kept = now.iter().find(|kept| kept["id"] == token["id"]).expect("it is kept");
        for member in ["kind", "name", "origins", "lastChars", "createdAt", "expiresAt", "revokedAt"] {
            assert_eq!(kept[member], token[member], "{member}");
        }
        assert_eq!(kept["grants"][0]["scopes"], token["grants"][0]["scopes"]);
    }
    let owner = told["tokens"].as_array().expect("tokens").iter().map(Told::read).next().expect("a token").token;
    let entries = daypass.read_page(&owner, 0).await.revocations.len();
    assert_eq!(Some(entries), told["feed"]["revocations"].as_array().map(Vec::len));
    // Its signing keys are sealed, and a second start finds them so.
    assert_eq!(daypass.session().number("SELECT count(*) FROM signing_key WHERE master_key IS NULL"), 0);
    daypass.restart();
    assert_eq!(daypass.json(&["token", "list", "--limit", "100"]), list);
}

#[test]
fn only_the_service_upgrades_a_store_and_a_restore_its_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = make(folder.path());
    let version = |file: &str| -> u32 {
        let connection = Connection::open(file).expect("a file");
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version")
    };
    let before = version(store.location());
    let run = |arguments: &[&str], store: &str| {
        let output = run_to_end(daypass().args(arguments).args(["--store", store]).current_dir(&folder));
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for arguments in [
        &["token", "list"][..],
        &["token", "create", "--kind", "secret", "--name", "New"],
        &["organization", "list"],
        &["key", "list"],
        &["key", "rotate"],
        &["catalog", "show"],
        &["revocation", "list"],
        &["audit", "list"],
    ] {
        let (is_done, error) = run(arguments, store.location());
        let expected = "of an older version of Daypass (its tables have version 2, and this one has ";
        assert!(
            !is_done && error.contains(expected) && error.contains("start `daypass serve`"),
            "{arguments:?}: {error}"
        );
        assert_eq!(version(store.location()), before, "{arguments:?}");
    }
    let _ = run(&["doctor", "--issuer", "http://127.0.0.1:1"], store.location());
    assert_eq!(run(&["backup", "copy"], store.location()), (true, String::new()));
    assert_eq!(
        (version(store.location()), version(folder.path().join("copy").to_str().expect("UTF-8"))),
        (before, before)
    );

    let (is_done, error) = run(&["restore", "copy"], "restored.db");
    assert!(is_done, "{error}");
    // What is to be revoked is revoked before the service starts.
    let (is_done, error) = run(&["token", "list"], "restored.db");
    assert!(is_done, "{error}");
}

/// What the maker was told of a token.
struct Told {
    name: String,
    token: String,
    is_active: bool,
}

impl Told {
    fn read(told: &Value) -> Told {
        Told {
            name: to_text(&told["name"]),
            token: to_text(&told["token"]),
            is_active: told["active"].as_bool().expect("whether it is active"),
        }
    }
}
