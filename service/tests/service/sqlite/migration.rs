use std::path::Path;

use daypass::api::{Revocation, RevocationTarget};
use rusqlite::Connection;

use super::running::{Daypass, send, to_text};
use crate::binary::{KNOWN_KID, KNOWN_PKCS8};

/// Gives the store a known signing key, which the next start seals.
fn set_known_key(daypass: &mut Daypass) {
    daypass.kill();
    daypass.execute(&format!(
        "UPDATE signing_key SET kid = '{KNOWN_KID}', private_key = X'{KNOWN_PKCS8}', master_key = NULL"
    ));
    daypass.restart();
}

/// Turns the store into one of the first version, with everything that such a store can hold.
fn downgrade(daypass: &Daypass) {
    let (new, old) = (Path::new(daypass.store()), daypass.folder.path().join("old.db"));
    let connection = Connection::open(&old).expect("a store");
    connection.execute_batch(include_str!("../../../migrations/0001_begin.sql")).expect("the first version");
    connection.execute("ATTACH ?1 AS new", [new.to_str()]).expect("the store");
    let copy = "
        INSERT INTO organization SELECT id, created_at FROM new.organization WHERE NOT is_operator;
        INSERT INTO signing_key SELECT kid, unsealed, created_at FROM new.signing_key;
        INSERT INTO token SELECT number, hash, organization, id, kind, name, grants, origins, last_chars, created_at,
            expires_at, revoked_at FROM new.token WHERE organization <> 'operator';
        INSERT INTO bundle SELECT token, parent, parameters FROM new.bundle;
        PRAGMA user_version = 1;
        DETACH new";
    let copy = copy.replace("unsealed", &format!("X'{KNOWN_PKCS8}'"));
    connection.execute_batch(&copy).expect("rows");
    for suffix in ["", "-wal", "-shm"] {
        // SQLite removes the WAL after a checkpoint.
        let _ = std::fs::remove_file(format!("{}{suffix}", new.display()));
    }
    std::fs::rename(old, new).expect("a file");
}

#[tokio::test]
async fn an_old_store_is_migrated_and_its_revocations_are_in_the_feed() {
    let mut daypass = Daypass::start();
    set_known_key(&mut daypass);
    let partner = daypass.create_partner().await;
    let reference = daypass.create_reference(&partner, &serde_json::json!({"file": "f"})).await;
    let (active, _) = daypass.create_secret().await;
    let (revoked, id) = daypass.create_secret().await;
    daypass.revoke(&id).await;
    let keys = send(daypass.get("/.well-known/jwks.json")).await;

    daypass.kill();
    downgrade(&daypass);
    daypass.restart();
    assert_eq!(send(daypass.get("/.well-known/jwks.json")).await, keys, "the keys stay");
    assert_eq!(send(daypass.get("/verify").header("x-api-token", &reference)).await.0, 200);
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&revoked)).await;
    assert_eq!(described["revoked"], true);
    let page = daypass.read_page(&daypass.admin, 0).await;
    assert_eq!(
        page.revocations.into_iter().map(|entry| entry.target).collect::<Vec<_>>(),
        [RevocationTarget::Token { serial: 6 }]
    );

    let temporary = daypass.create_temporary(&active).await;
    daypass.revoke_by_text(&active).await;
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&temporary)).await;
    assert_eq!(described["revoked"], true);
    let list = daypass.json(&["key", "list"]);
    assert_eq!((to_text(&list["keys"][0]["state"]), list["keys"].as_array().map(Vec::len)), ("active".into(), Some(1)));
}

#[tokio::test]
async fn an_older_stores_entries_of_jwts_are_served_as_level_jwt() {
    let mut daypass = Daypass::start_with(&["--issuer", "https://tokens.example"]);
    set_known_key(&mut daypass);
    let (secret, _) = daypass.create_secret().await;
    let temporary = daypass.create_temporary(&secret).await;
    daypass.revoke_by_text(&temporary).await;
    let entries = daypass.read_page(&daypass.admin, 0).await.revocations;
    assert!(matches!(&entries[..], [Revocation { target: RevocationTarget::Jwt { .. }, .. }]), "{entries:?}");

    daypass.kill();
    // The second version differs by the name of a level, by what organizations and tokens have, by indexes and by marks.
    let view = include_str!("../../../migrations/0002_revocation.sql").split_once("CREATE VIEW").expect("a view").1;
    let downgrade = "UPDATE revocation SET level = 'signed' WHERE level = 'jwt';
        DROP INDEX token_listed; DROP INDEX token_by_kind; DROP INDEX token_by_expiry;
        DROP TABLE usage; DROP TABLE write_probe;
        DROP TABLE token_use; DROP TABLE use_verifier;
        DROP TABLE catalog;
        DROP TABLE audit;
        DROP TABLE feed;
        DROP TABLE feed_mark; CREATE INDEX revocation_by_time ON revocation (at);
        DELETE FROM token WHERE organization = 'operator';
        DELETE FROM organization WHERE is_operator;
        DROP VIEW record;
        ALTER TABLE signing_key DROP COLUMN mark;
        ALTER TABLE signing_key DROP COLUMN master_key;
        ALTER TABLE signing_key RENAME COLUMN private_key TO pkcs8;
        UPDATE signing_key SET pkcs8 = unsealed;
        DROP INDEX token_by_owner; DROP INDEX token_by_owner_kind;
        ALTER TABLE token DROP COLUMN owner;
        DROP TABLE oauth_request; DROP TABLE oauth_refresh_token; DROP TABLE oauth_family; DROP TABLE oauth_code;
        DROP TABLE oauth_consent; DROP TABLE oauth_client;
        DROP TABLE invitation; DROP TABLE session; DROP TABLE sign_in_attempt;
        DROP TABLE principal; DROP TABLE account;
        DROP INDEX revocation_by_organization; DROP INDEX revocation_of_time; DROP INDEX token_by_number;
        ALTER TABLE organization DROP COLUMN revoked_up_to;
        ALTER TABLE organization DROP COLUMN revoked_up_to_at;
        ALTER TABLE organization DROP COLUMN suspended_at;
        ALTER TABLE organization DROP COLUMN limits;
        ALTER TABLE token DROP COLUMN version;
        ALTER TABLE token DROP COLUMN created_by;
        ALTER TABLE token DROP COLUMN last_used_at;
        ALTER TABLE bundle DROP COLUMN grants;
        ALTER TABLE bundle DROP COLUMN sealed;
        ALTER TABLE bundle DROP COLUMN redeemed_at;
        ALTER TABLE bundle DROP COLUMN redeemer;
        DROP INDEX bundle_by_mark; ALTER TABLE bundle DROP COLUMN mark;
        CREATE INDEX bundle_by_end ON token (expires_at) WHERE kind = 'bundle';
        ALTER TABLE organization DROP COLUMN name;
        ALTER TABLE organization DROP COLUMN is_operator;
        PRAGMA user_version = 2";
    let downgrade = downgrade.replace("unsealed", &format!("X'{KNOWN_PKCS8}'"));
    daypass.execute(&format!("{downgrade}; CREATE VIEW {view}"));
    daypass.restart();
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.revocations, entries);
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&temporary)).await;
    assert_eq!(described["revoked"], true);
    let (status, page) = send(daypass.get("/v2/revocation?after=0").bearer_auth(&daypass.admin)).await;
    assert_eq!((status, &page["revocations"][0]["level"]), (200, &"jwt".into()));
}
