//! Tokens that belong to a principal, and are revoked with it.

use daypass::api::RevocationTarget;
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, send, to_text};

/// Adds a principal to the first organization, and returns its id.
async fn add(daypass: &Daypass, kind: &str) -> String {
    let path = format!("/v2/organization/{}/principal", daypass.organization());
    let body = json!({"kind": kind, "name": "Name"});
    let (status, record) = send(daypass.post(&path).bearer_auth(&daypass.admin).json(&body)).await;
    assert_eq!(status, 201, "{}", record["message"]);
    to_text(&record["id"])
}

async fn remove(daypass: &Daypass, id: &str) {
    let path = format!("/v2/organization/{}/principal/{id}", daypass.organization());
    assert_eq!(send(daypass.delete(&path).bearer_auth(&daypass.admin)).await.0, 200);
}

async fn create(daypass: &Daypass, token: &str, body: Value) -> Value {
    let (status, created) = send(daypass.post("/v2/access-token").bearer_auth(token).json(&body)).await;
    assert_eq!(status, 201, "{}", created["message"]);
    created
}

async fn list(daypass: &Daypass, query: &str) -> Vec<String> {
    let request = daypass.get(&format!("/v2/access-token?{query}")).bearer_auth(&daypass.admin);
    let (status, page) = send(request).await;
    assert_eq!(status, 200, "{page}");
    page["tokens"].as_array().expect("a list").iter().map(|token| to_text(&token["id"])).collect()
}

#[tokio::test]
async fn a_token_belongs_to_the_named_owner_or_to_that_of_its_creator() {
    let daypass = Daypass::start();
    let [shop, other] = [add(&daypass, "serviceAccount").await, add(&daypass, "application").await];
    let scopes = ["token:create", "token:revoke", FLOOR_READ];
    let unowned = create(&daypass, &daypass.admin, json!({"kind": "secret", "name": "n", "scopes": scopes})).await;
    assert_eq!(unowned["owner"], Value::Null);
    let body = json!({"kind": "secret", "name": "n", "scopes": scopes, "owner": shop});
    let owned = create(&daypass, &to_text(&unowned["token"]), body).await;
    assert_eq!(owned["owner"], json!(shop));
    let shown = daypass.get(&format!("/v2/access-token/{}", to_text(&owned["id"]))).bearer_auth(&daypass.admin);
    assert_eq!(send(shown).await.1["owner"], json!(shop));

    let owned_token = to_text(&owned["token"]);
    let child = create(&daypass, &owned_token, json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ]})).await;
    assert_eq!((&child["owner"], &child["createdBy"]), (&json!(shop), &owned["id"]));
    let named = json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ], "owner": shop});
    assert_eq!(create(&daypass, &owned_token, named).await["owner"], json!(shop));
    let foreign = json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ], "owner": other});
    let request = daypass.post("/v2/access-token").bearer_auth(&owned_token).json(&foreign);
    let message = expect_error(request, 403, "insufficient_scope").await;
    assert!(message.contains("daypass:administer"), "{message}");
    let administers = ["token:create", "daypass:administer", FLOOR_READ];
    let body = json!({"kind": "secret", "name": "n", "scopes": administers, "owner": shop});
    let administrator = create(&daypass, &daypass.admin, body).await;
    assert_eq!(create(&daypass, &to_text(&administrator["token"]), foreign).await["owner"], json!(other));
    let nobody = json!({"kind": "secret", "name": "n", "owner": "svc_nobody"});
    expect_error(daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&nobody), 404, "not_found").await;
}

#[tokio::test]
async fn a_list_has_the_tokens_of_one_owner_in_pages() {
    let daypass = Daypass::start();
    let [shop, other] = [add(&daypass, "serviceAccount").await, add(&daypass, "application").await];
    let mut of_shop = vec![];
    for index in 0..6 {
        let owner = if index % 3 == 2 { &other } else { &shop };
        let kind = ["secret", "application"][index % 2];
        let body = json!({"kind": kind, "name": format!("n{index}"), "scopes": [FLOOR_READ], "owner": owner});
        let id = to_text(&create(&daypass, &daypass.admin, body).await["id"]);
        if owner == &shop {
            of_shop.insert(0, id);
        }
    }
    assert_eq!(list(&daypass, &format!("owner={shop}")).await, of_shop);
    assert_eq!(list(&daypass, &format!("owner={shop}&kind=secret")).await, [of_shop[0].clone(), of_shop[3].clone()]);
    assert_eq!(list(&daypass, &format!("owner={shop}&name=N4")).await, [of_shop[0].clone()]);
    assert_eq!(list(&daypass, &format!("owner={shop}&state=revoked")).await, [""; 0]);
    let (mut paged, mut cursor) = (vec![], String::new());
    loop {
        let request = daypass.get(&format!("/v2/access-token?limit=1&owner={shop}{cursor}"));
        let (_, page) = send(request.bearer_auth(&daypass.admin)).await;
        paged.extend(page["tokens"].as_array().expect("a list").iter().map(|token| to_text(&token["id"])));
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, of_shop);
    let nobody = daypass.get("/v2/access-token?owner=svc_nobody").bearer_auth(&daypass.admin);
    expect_error(nobody, 404, "not_found").await;
}

#[tokio::test]
async fn the_removal_of_a_principal_revokes_its_tokens_and_what_they_made() {
    let daypass = Daypass::start();
    let [shop, other] = [add(&daypass, "serviceAccount").await, add(&daypass, "serviceAccount").await];
    let scopes = ["bundle:create", "token:create", FLOOR_READ];
    let body = |owner: &str| json!({"kind": "secret", "name": "n", "scopes": scopes, "owner": owner});
    let owned = create(&daypass, &daypass.admin, body(&shop)).await;
    let kept = create(&daypass, &daypass.admin, body(&other)).await;
    let partner = json!({"kind": "application", "name": "n", "id": "partner", "scopes": scopes, "owner": shop});
    let partner = create(&daypass, &daypass.admin, partner).await;
    let owned_token = to_text(&owned["token"]);
    let temporary = daypass.create_temporary(&owned_token).await;
    let reference = daypass.create_reference(&to_text(&partner["token"]), &json!({"file": "f"})).await;
    let before = daypass.read_page(&daypass.admin, 0).await.revocations.len();

    remove(&daypass, &shop).await;
    let entries = daypass.read_page(&daypass.admin, 0).await.revocations.split_off(before);
    let serials = [&owned, &partner].map(|token| token["serial"].as_u64().expect("a number"));
    let expected = serials.map(|serial| RevocationTarget::Token { serial });
    assert_eq!(entries.into_iter().map(|entry| entry.target).collect::<Vec<_>>(), expected);
    let describe = |token: String| send(daypass.get("/v2/access-token/self").bearer_auth(token));
    for token in [&owned_token, &temporary, &to_text(&partner["token"])] {
        assert_eq!(describe(token.clone()).await.1["revoked"], true);
    }
    assert_eq!(describe(to_text(&kept["token"])).await.1["revoked"], false);
    let redemption = daypass.get("/verify").header("x-api-token", &reference);
    assert_eq!(send(redemption).await, (403, json!({"error": "wrong_token", "message": "Wrong token"})));
    let creation = daypass.post("/v2/access-token").bearer_auth(&owned_token);
    expect_error(creation.json(&json!({"kind": "secret", "name": "n"})), 401, "token_revoked").await;
    let creation = daypass.post("/v2/access-token").bearer_auth(&daypass.admin);
    let message = expect_error(creation.json(&body(&shop)), 400, "invalid_request").await;
    assert!(message.contains("was removed"), "{message}");

    // The id of the application token is free again.
    let again = json!({"kind": "application", "name": "n", "id": "partner", "scopes": [FLOOR_READ], "owner": other});
    let again = create(&daypass, &daypass.admin, again).await;
    assert_eq!((&again["id"], &again["owner"]), (&json!("partner"), &json!(other)));
    assert_eq!(describe(to_text(&again["token"])).await.1["revoked"], false);
    assert_eq!(list(&daypass, &format!("owner={shop}&state=revoked")).await, ["partner".to_owned(), to_text(&owned["id"])]);
}
