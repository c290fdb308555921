use std::time::{Duration, Instant};

use serde_json::json;

use super::backend::{FIND_TABLES, LOCK, LOSE_TABLES};
use super::running::{Daypass, expect_error, send, wait_until_ready};

#[tokio::test]
async fn while_the_store_is_locked_writes_fail() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let mut other = daypass.session();
    other.execute(LOCK);
    let body = json!({"scopes": ["floor:readPublic"]});
    let mint = || daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret).json(&body);
    expect_error(mint(), 503, "unavailable").await;
    expect_error(daypass.delete(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin), 503, "unavailable")
        .await;
    other.execute("ROLLBACK");
    let deadline = Instant::now() + Duration::from_secs(20);
    while send(mint()).await.0 != 200 {
        assert!(Instant::now() < deadline, "it is not noticed that the store can be written");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn without_its_tables_the_service_refuses_everything() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let reference = daypass.create_reference(&partner, &json!({})).await;
    daypass.execute(LOSE_TABLES);
    for request in [
        daypass.get("/v2/access-token").bearer_auth(&daypass.admin),
        daypass.get("/v2/access-token/self").bearer_auth(&daypass.admin),
        daypass.get("/verify").header("x-api-token", &reference),
        daypass.post("/generate").header("x-api-key", &partner).json(&json!({})),
        daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &reference)]),
        daypass.post("/revoke").bearer_auth(&daypass.admin).form(&[("token", &reference)]),
        daypass.get("/v2/revocation").bearer_auth(&daypass.admin),
    ] {
        expect_error(request, 503, "unavailable").await;
    }
    assert_eq!(send(daypass.get("/ready")).await.0, 503);
    daypass.execute(FIND_TABLES);
    wait_until_ready(&daypass.url, Duration::from_secs(30)).await;
    assert_eq!(send(daypass.get("/verify").header("x-api-token", &reference)).await.0, 200);
}
