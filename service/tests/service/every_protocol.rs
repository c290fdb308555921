//! `daypass serve` without `--protocols`: every system's clients are answered by one service.

use daypass::Catalog;
use serde_json::json;

use super::crafter::{bootstrap, call};
use super::locations::create_speckle;
use super::oauth_clients::add_developer;
use super::running::{DEFAULT_PROTOCOLS, Daypass, FLOOR_READ, send, send_undescribed, to_text};

#[tokio::test]
async fn a_service_speaks_every_protocol_unless_it_is_told_which() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    let (secret, _) = daypass.create_secret().await;

    // The Space API.
    let create = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret);
    let (status, temporary) = send(create.json(&json!({"scopes": [FLOOR_READ], "durationSeconds": 3600}))).await;
    assert!(status == 200 && to_text(&temporary["authorization"]).starts_with("Bearer "), "the Space API");

    // Kudo.
    let partner = daypass.create_partner().await;
    let session = daypass.create_reference(&partner, &json!({"file": "a.dwg"})).await;
    let verified = send(daypass.get("/verify").header("x-api-token", session)).await;
    assert_eq!(verified, (200, json!({"file": "a.dwg", "auth": "northlight"})), "Kudo");

    // Crafter Profile.
    let [admin, ..] = bootstrap(&daypass);
    let token = json!({"id": "b4d44030-d0af-11e3-9c1a-0800200c9a66", "application": "site manager", "master": false,
        "tenantPermissions": [{"tenant": "site1", "allowedActions": ["READ_TENANT"]}], "expiresOn": null});
    let create = daypass.post("/api/1/access_token/create").query(&[("accessTokenId", &admin)]);
    assert_eq!(call(create.json(&token)).await, (200, token), "Crafter");

    // Speckle.
    let user = add_developer(&daypass, "ada").await;
    let personal = create_speckle(&daypass, &user, &json!({"name": "n", "scopes": ["profile:read"]})).await;
    let who = daypass.post("/graphql").bearer_auth(&personal).json(&json!({"query": "{ activeUser { id } }"}));
    assert_eq!(send(who).await, (200, json!({"data": {"activeUser": {"id": user}}})), "Speckle");

    // Threekit.
    let account = to_text(&daypass.json(&["service-account", "add", "--name", "Configurator"])["id"]);
    let body = json!({"name": "Web shop", "permissions": "public", "domains": ["shop.example"],
        "orgId": daypass.organization(), "serviceAccountId": account});
    let (status, public) = send(daypass.post("/api/accesstokens").bearer_auth(&daypass.admin).json(&body)).await;
    assert_eq!((status, &public["permissions"]), (201, &json!("public")), "Threekit");
    let public = to_text(&public["id"]);
    let own = daypass.get(&format!("/api/accesstokens/{public}?bearer_token={public}"));
    assert_eq!(send(own.header("origin", "https://shop.example")).await.0, 200, "Threekit, from a page");

    // The first catalogue has the scopes of all of them.
    let catalog = daypass.json(&["catalog", "show"]).to_string();
    let systems = [Catalog::space_api(), Catalog::crafter(), Catalog::speckle(), Catalog::threekit()];
    for scope in systems.into_iter().flat_map(|system| system.scopes) {
        assert!(catalog.contains(&format!("\"{}\"", scope.scope)), "{}", scope.scope);
    }
}

#[tokio::test]
async fn a_service_speaks_no_other_protocol_than_it_is_told() {
    let daypass = Daypass::start_with(&["--protocols=threekit"]);
    for path in ["/v2/temporary-access-token/create", "/generate", "/api/1/access_token/create", "/graphql"] {
        let post = daypass.post(path).bearer_auth(&daypass.admin).json(&json!({}));
        assert_eq!(send_undescribed(post).await, 404, "{path}");
    }
    assert_eq!(send_undescribed(daypass.get("/verify")).await, 404);
    assert_eq!(send(daypass.get("/api/accesstokens").bearer_auth(&daypass.admin)).await.0, 200);
}
