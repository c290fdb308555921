//! What becomes of a revoked token once its entry is no longer kept.

use std::time::{Duration, Instant};

use daypass::Error;
use daypass::verify::{Credentials, TokenLocation, Verifier};

use super::running::{Daypass, send};

/// Makes this number the oldest mark's, and deletes the entries up to it, as a service does that has run
/// for 26 hours.
fn delete_up_to(daypass: &Daypass, seq: u64) {
    let sql = format!(
        "BEGIN; DELETE FROM feed_mark; INSERT INTO feed_mark VALUES (9, {seq});
         DELETE FROM revocation WHERE seq <= {seq} AND level IN ('token', 'jwt'); COMMIT"
    );
    daypass.execute(&sql);
}

async fn is_revoked(daypass: &Daypass, token: &str) -> bool {
    let (status, described) = send(daypass.get("/v2/access-token/self").bearer_auth(token)).await;
    assert_eq!(status, 200, "{described}");
    described["revoked"] == true
}

async fn verify(verifier: &Verifier, token: &str) -> Result<(), Error> {
    verifier.verify(&Credentials::new(token, TokenLocation::Bearer), None).await.map(drop)
}

/// The clocks may say what they like: these tokens have hours left by every clock here, as they would if
/// the clock had stood days behind when they were revoked.
#[tokio::test]
async fn a_revoked_jwt_is_refused_after_its_entry_is_gone_and_a_later_one_is_accepted() {
    let mut daypass = Daypass::start_with(&["--issuer", "https://tokens.example", "--audience", "product"]);
    let api = daypass.admin.clone();
    let connect = async |daypass: &Daypass| {
        let keys = daypass::verify::RemoteKeys::new(&daypass.url);
        let revocations = daypass::verify::Revocations::new().follow(&daypass.url, api.parse().expect("a token"));
        assert!(revocations.ready(Duration::from_secs(5)).await);
        Verifier::new("https://tokens.example", "product").keys(keys).revocations(revocations)
    };
    let (parent, id) = daypass.create_secret().await;
    let (alone, child) = (daypass.create_temporary(&daypass.admin).await, daypass.create_temporary(&parent).await);
    let follower = connect(&daypass).await;
    assert_eq!((verify(&follower, &alone).await, verify(&follower, &child).await), (Ok(()), Ok(())));
    daypass.revoke_by_text(&alone).await;
    daypass.revoke(&id).await;
    let page = daypass.read_page(&daypass.admin, 0).await;
    assert_eq!((page.revocations.len(), page.latest, page.deleted_up_to), (2, 2, 0));

    delete_up_to(&daypass, 2);
    let page = daypass.read_page(&daypass.admin, 0).await;
    assert_eq!((page.revocations.len(), page.latest, page.deleted_up_to), (0, 2, 2));
    // Both are refused by the verifier that was told, by one that starts now, and by the service.
    let began = Instant::now();
    while verify(&follower, &alone).await != Err(Error::TokenExpired) {
        assert!(began.elapsed() < Duration::from_secs(3), "the heartbeat says nothing of deleted entries");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for verifier in [follower, connect(&daypass).await] {
        for token in [&alone, &child] {
            assert_eq!(verify(&verifier, token).await, Err(Error::TokenExpired));
        }
    }
    assert!(is_revoked(&daypass, &alone).await && is_revoked(&daypass, &child).await);
    assert!(is_revoked(&daypass, &parent).await, "a stored token's own mark stays");
    // It is refused already: the revocation needs no entry.
    daypass.revoke_by_text(&alone).await;
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.latest, 2);

    daypass.restart();
    let after = daypass.create_temporary(&daypass.admin).await;
    assert_eq!(verify(&connect(&daypass).await, &after).await, Ok(()));
    assert!(!is_revoked(&daypass, &after).await && is_revoked(&daypass, &alone).await);
}

/// By the clock, the first key has been replaced for days.
const LONG_RETIRED: &str = "UPDATE signing_key SET signs_from = 1 WHERE signs_from < unixepoch() + 60;
    UPDATE signing_key SET signs_from = unixepoch() - 300000 WHERE signs_from > 1";
/// So many marks follow one another in a day that no JWT is older.
const DAY_OF_MARKS: &str = "INSERT INTO feed_mark (number, seq) VALUES (27, 0)";

/// Waits until nothing is accepted that the token's key signed.
async fn wait_until_expired(daypass: &Daypass, token: &str) {
    let deadline = Instant::now() + Duration::from_secs(3);
    while send(daypass.get("/v2/access-token/self").bearer_auth(token)).await.0 != 401 {
        assert!(Instant::now() < deadline, "the key has not expired");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn no_key_expires_early_by_a_clock_that_was_behind_at_its_rotation_or_is_ahead() {
    let daypass = Daypass::start();
    let token = daypass.create_temporary(&daypass.admin).await;
    daypass.json(&["key", "rotate"]);
    daypass.execute(LONG_RETIRED);
    let listed = daypass.json(&["key", "list"]);
    assert_eq!([&listed["keys"][0]["state"], &listed["keys"][1]["state"]], ["retired", "active"]);
    // Longer than a poll.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let after = daypass.create_temporary(&daypass.admin).await;
    for accepted in [&token, &after] {
        assert_eq!(verify(&daypass.create_verifier().await, accepted).await, Ok(()));
        assert!(!is_revoked(&daypass, accepted).await);
    }
    daypass.execute(DAY_OF_MARKS);
    wait_until_expired(&daypass, &token).await;
    assert_eq!(daypass.json(&["key", "list"])["keys"][0]["state"], "expired");
    assert!(!is_revoked(&daypass, &after).await);
}

#[tokio::test]
async fn a_jwt_is_revoked_although_the_clock_says_that_it_has_expired_and_its_key_too() {
    let daypass = Daypass::start();
    let token = daypass.create_temporary(&daypass.admin).await;
    daypass.json(&["key", "rotate"]);
    // As if the clock were days ahead, and the first key were long retired by it and by the marks.
    daypass.execute(LONG_RETIRED);
    let key_times = "SELECT count(*) FROM signing_key WHERE signs_from < unixepoch() - 86460";
    assert_eq!(daypass.session().number(key_times), 2);
    daypass.execute(DAY_OF_MARKS);
    wait_until_expired(&daypass, &token).await;
    daypass.revoke_by_text(&token).await;
    // The clock is right again.
    let back = "UPDATE signing_key SET signs_from = unixepoch() + 300 WHERE signs_from > 1;
        DELETE FROM feed_mark WHERE number = 27";
    daypass.execute(back);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(is_revoked(&daypass, &token).await);
}
