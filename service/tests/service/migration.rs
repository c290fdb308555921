use daypass::api::RevocationTarget;
use rusqlite::Connection;

use crate::running::{Daypass, answer, text};

/// Makes the store one of the first version, with all that such a one can hold.
fn made_old(daypass: &Daypass) {
    let (new, old) = (daypass.database(), daypass.folder.path().join("old.db"));
    let connection = Connection::open(&old).expect("a store");
    connection.execute_batch(include_str!("../../migrations/0001_begin.sql")).expect("the first version");
    connection.execute("ATTACH ?1 AS new", [new.to_str()]).expect("the store");
    let copy = "
        INSERT INTO organization SELECT id, created_at FROM new.organization;
        INSERT INTO signing_key SELECT kid, pkcs8, created_at FROM new.signing_key;
        INSERT INTO token SELECT * FROM new.token;
        INSERT INTO bundle SELECT * FROM new.bundle;
        PRAGMA user_version = 1;
        DETACH new";
    connection.execute_batch(copy).expect("rows");
    for suffix in ["", "-wal", "-shm"] {
        // The WAL is gone where it was taken in.
        let _ = std::fs::remove_file(format!("{}{suffix}", new.display()));
    }
    std::fs::rename(old, new).expect("a file");
}

#[tokio::test]
async fn an_old_store_goes_on_and_what_it_had_revoked_is_in_the_feed() {
    let mut daypass = Daypass::start();
    let partner = daypass.partner().await;
    let reference = daypass.reference(&partner, &serde_json::json!({"file": "f"})).await;
    let (living, _) = daypass.secret().await;
    let (dead, id) = daypass.secret().await;
    daypass.revoke(&id).await;
    let keys = answer(daypass.get("/.well-known/jwks.json")).await;

    daypass.kill();
    made_old(&daypass);
    daypass.restart();
    assert_eq!(answer(daypass.get("/.well-known/jwks.json")).await, keys, "the key signs on");
    assert_eq!(answer(daypass.get("/verify").header("x-api-token", &reference)).await.0, 200);
    let (_, described) = answer(daypass.get("/v2/access-token/self").bearer_auth(&dead)).await;
    assert_eq!(described["revoked"], true);
    let page = daypass.page(&daypass.admin, 0).await;
    assert_eq!(
        page.revocations.into_iter().map(|entry| entry.target).collect::<Vec<_>>(),
        [RevocationTarget::Token { serial: 5 }]
    );

    let temporary = daypass.temporary(&living).await;
    daypass.revoke_presented(&living).await;
    let (_, described) = answer(daypass.get("/v2/access-token/self").bearer_auth(&temporary)).await;
    assert_eq!(described["revoked"], true);
    let list = daypass.json(&["key", "list"]);
    assert_eq!((text(&list["keys"][0]["state"]), list["keys"].as_array().map(Vec::len)), ("signing".into(), Some(1)));
}
