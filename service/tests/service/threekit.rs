//! Threekit: public and private tokens at its paths, as its documentation tells them.

use daypass::api::TokenRecord;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::people::join;
use super::running::{Daypass, expect_error, send, to_text};

pub(crate) const PATH: &str = "/api/accesstokens";
pub(crate) const SITE: &str = "https://shop.example";
const PUBLIC_SCOPES: [&str; 3] = ["analytics:create", "configuration:create", "configurator:read"];

/// Starts a service for clients of every system.
pub(crate) fn start() -> Daypass {
    Daypass::start_with(&["--protocols=space-api,kudo,crafter,speckle,threekit"])
}

/// Adds a service account, and returns its id.
pub(crate) fn add_service_account(daypass: &Daypass) -> String {
    to_text(&daypass.json(&["service-account", "add", "--name", "Configurator"])["id"])
}

pub(crate) fn public(organization: &str, service_account: &str) -> Value {
    json!({"name": "Web shop", "permissions": "public", "domains": ["shop.example"], "orgId": organization,
        "serviceAccountId": service_account})
}

pub(crate) fn private(organization: &str) -> Value {
    json!({"name": "Scripts", "permissions": "private", "domains": [], "orgId": organization})
}

/// Creates a token as its caller may, and returns the record, whose `id` is the token.
pub(crate) async fn create(request: RequestBuilder, body: &Value) -> Value {
    let (status, created) = send(request.json(body)).await;
    assert_eq!(status, 201, "{}", created["message"]);
    created
}

/// Creates a public token as the owner, and returns its text.
pub(crate) async fn create_public(daypass: &Daypass, domains: &[&str]) -> String {
    let mut body = public(&daypass.organization(), &add_service_account(daypass));
    body["domains"] = json!(domains);
    to_text(&create(daypass.post(PATH).bearer_auth(&daypass.admin), &body).await["id"])
}

/// Finds a token as the native API shows it.
pub(crate) async fn native(daypass: &Daypass, token: &str) -> TokenRecord {
    let request = daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", token), ("record", "true")]);
    serde_json::from_value(send(request).await.1["record"].take()).expect("a record")
}

fn scopes_of(record: &TokenRecord) -> Vec<String> {
    record.grants.iter().flat_map(|grant| grant.scopes.iter().map(ToString::to_string)).collect()
}

fn with_id(created: &Value, id: &str) -> Value {
    let mut listed = created.clone();
    listed["id"] = json!(id);
    listed
}

#[tokio::test]
async fn a_public_token_is_created_read_listed_and_deleted_as_in_threekit() {
    let daypass = start();
    let (organization, account) = (daypass.organization(), add_service_account(&daypass));
    let (_, healthy) = send(daypass.get(&format!("{PATH}/healthcheck"))).await;
    assert_eq!(healthy, json!(true));

    let body = public(&organization, &account);
    let created = create(daypass.post(PATH).bearer_auth(&daypass.admin), &body).await;
    let token = to_text(&created["id"]);
    assert!(token.starts_with("dp_pub_"), "the credential, this once");
    for field in ["name", "permissions", "domains", "orgId", "serviceAccountId"] {
        assert_eq!(created[field], body[field], "{field}");
    }
    let time = to_text(&created["createdAt"]);
    assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    assert_eq!((&created["updatedAt"], &created["deletedAt"], &created["expiresAt"]), (&json!(null), &json!(null), &json!(null)));

    // Afterwards the id is one that anyone may know.
    let list = format!("{PATH}?orgId={organization}");
    let (status, page) = send(daypass.get(&list).bearer_auth(&daypass.admin)).await;
    assert_eq!((status, &page["page"], &page["perPage"], &page["sort"]), (200, &json!(1), &json!(100), &json!("-createdAt")));
    let listed = page["accesstokens"][0].clone();
    let id = to_text(&listed["id"]);
    assert!(id.starts_with("tok_") && listed == with_id(&created, &id));
    for named in [&id, &token] {
        let show = format!("{PATH}/{named}?orgId={organization}");
        assert_eq!(send(daypass.get(&show).bearer_auth(&daypass.admin)).await, (200, listed.clone()));
    }
    let of_account = format!("{list}&serviceAccountId={account}");
    assert_eq!(send(daypass.get(&of_account).bearer_auth(&daypass.admin)).await.1["accesstokens"], json!([listed]));
    let of_nobody = format!("{list}&serviceAccountId=svc_other");
    assert_eq!(send(daypass.get(&of_nobody).bearer_auth(&daypass.admin)).await.1["accesstokens"], json!([]));

    // As its own client in a page asks, which may not know who made it and when it was used last.
    let own = format!("{PATH}/{token}?orgId={organization}&cacheMaxAge=60&bearer_token={token}");
    let response = daypass.get(&own).header("origin", SITE).send().await.expect("a response");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let seen: Value = response.json().await.expect("JSON");
    assert_eq!((&seen["domains"], &seen["deletedAt"]), (&json!(["shop.example"]), &json!(null)));
    assert!(seen.get("createdBy").is_none() && seen.get("lastUsedOn").is_none(), "{seen}");

    // A text in another system's format is the token too.
    let user = ["user", "add", "--name", "Ana", "--email", "ana@example.com", "--role", "developer"];
    let user = to_text(&daypass.json(&user)["id"]);
    let scopes = ["tokens:write", "token:create", "profile:read"];
    let manager = json!({"kind": "secret", "name": "m", "owner": user, "scopes": scopes});
    let (manager, _) = daypass.create_token(manager).await;
    let mutation = r#"mutation { data: apiTokenCreate(token: {name: "n", scopes: ["profile:read"]}) }"#;
    let created = daypass.post("/graphql").bearer_auth(&manager).json(&json!({"query": mutation}));
    let personal = to_text(&send(created).await.1["data"]["data"]);
    let named = format!("{PATH}/{personal}");
    let (status, shown) = send(daypass.get(&named).bearer_auth(&daypass.admin)).await;
    assert_eq!((status, shown["id"].as_str()), (200, personal.get(..10)));
    let (status, shown) = send(daypass.delete(&named).bearer_auth(&daypass.admin)).await;
    assert!(status == 200 && shown["deletedAt"].is_string(), "{status}");

    // Deleting is soft, and at once.
    let delete = daypass.delete(&format!("{PATH}/{token}")).bearer_auth(&daypass.admin);
    let (status, deleted) = send(delete).await;
    assert!(status == 200 && deleted["id"] == json!(id) && deleted["deletedAt"].is_string(), "{deleted}");
    expect_error(daypass.get(&own).header("origin", SITE), 401, "token_revoked").await;
    let (_, shown) = send(daypass.get(&format!("{PATH}/{id}")).bearer_auth(&daypass.admin)).await;
    assert_eq!(shown["deletedAt"], deleted["deletedAt"]);
    let (_, page) = send(daypass.get(&list).bearer_auth(&daypass.admin)).await;
    assert!(!page["accesstokens"].as_array().expect("a list").iter().any(|entry| entry["id"] == json!(id)));
    let again = daypass.delete(&format!("{PATH}/{id}")).bearer_auth(&daypass.admin);
    assert_eq!(send(again).await.1["deletedAt"], deleted["deletedAt"], "the first deletion counts");
    assert!(!daypass.log().contains(&token), "the log has no token");
}

#[tokio::test]
async fn a_public_token_belongs_to_a_service_account_and_needs_domains() {
    let daypass = start();
    let (organization, account) = (daypass.organization(), add_service_account(&daypass));
    let user = to_text(&daypass.json(&["user", "add", "--name", "Ada", "--email", "ada@example.com", "--role", "owner"])["id"]);
    let removed = add_service_account(&daypass);
    assert!(daypass.command(&["service-account", "remove", &removed, "--yes"]).status.success());
    let with = |field: &str, value: Value| {
        let mut body = public(&organization, &account);
        body[field] = value;
        body
    };
    for (body, code, says) in [
        (with("serviceAccountId", json!(null)), "invalid_request", "needs a `serviceAccountId`"),
        (with("serviceAccountId", json!(user)), "invalid_request", "names no service account"),
        (with("serviceAccountId", json!("svc_other")), "invalid_request", "names no service account"),
        (with("serviceAccountId", json!(removed)), "invalid_request", "was removed"),
        (with("domains", json!([])), "invalid_request", "the sites that may use it"),
        (with("domains", json!(null)), "invalid_request", "the sites that may use it"),
        (with("domains", json!(["*.com"])), "invalid_request", "many owners"),
        (with("domains", json!(["*"])), "invalid_request", "*"),
        (with("domains", json!(["null"])), "invalid_request", "browsers send `null`"),
        (with("domains", json!(["*--a.netlify.app"])), "invalid_request", "acceptSharedSuffix"),
        (with("domains", json!(["shop.example/path"])), "invalid_request", "shop.example/path"),
        (with("domains", json!("shop.example")), "invalid_body", "domains"),
        (with("name", json!("")), "invalid_request", "name"),
        (with("permissions", json!("both")), "invalid_body", "permissions"),
        (with("expiresAt", json!(1)), "invalid_body", "expiresAt"),
        (json!([]), "invalid_body", "list"),
        (json!({"permissions": "public"}), "invalid_body", "name"),
    ] {
        let message = expect_error(daypass.post(PATH).bearer_auth(&daypass.admin).json(&body), 400, code).await;
        assert!(message.contains(says), "{body}: {message}");
    }
    let elsewhere = daypass.post(PATH).bearer_auth(&daypass.admin).json(&public("chairs", &account));
    expect_error(elsewhere, 404, "not_found").await;
    for query in ["orgId=chairs", "page=0", "perPage=x", "page=101", "page=1&page=2"] {
        let list = daypass.get(&format!("{PATH}?{query}")).bearer_auth(&daypass.admin);
        let (status, error) = send(list).await;
        assert!((400..500).contains(&status) && error["message"].is_string(), "{query}: {status}");
    }
    expect_error(daypass.get(&format!("{PATH}/%ff")).bearer_auth(&daypass.admin), 404, "not_found").await;
    expect_error(daypass.request(Method::PUT, PATH).bearer_auth(&daypass.admin), 405, "method_not_allowed").await;
    assert!(daypass.command(&["service-account", "remove", &account, "--yes"]).status.success());
}

#[tokio::test]
async fn a_public_token_is_for_its_domains_alone() {
    let daypass = start();
    let domains = ["*.threekit.com", "localhost", "Shop.Example", "bücher.example", "https://exact.example:8443"];
    let token = create_public(&daypass, &domains).await;
    for (origin, may) in [
        ("https://preview.threekit.com", true),
        ("https://a.b.threekit.com", true),
        ("https://threekit.com", false),
        ("https://evilthreekit.com", false),
        ("https://preview.threekit.com.evil.example", false),
        ("http://localhost:3000", true),
        ("http://localhost", true),
        ("https://localhost.evil.example", false),
        ("https://shop.example", true),
        ("https://www.shop.example", false),
        ("https://shop.example.evil.example", false),
        ("https://op.ex", false),
        ("https://xn--bcher-kva.example", true),
        ("https://exact.example:8443", true),
        ("https://exact.example", false),
        ("null", false),
    ] {
        let own = daypass.get(&format!("{PATH}/{token}?bearer_token={token}")).header("origin", origin);
        if may {
            assert_eq!(send(own).await.0, 200, "{origin}");
        } else {
            expect_error(own, 403, "origin_not_allowed").await;
        }
    }
    expect_error(daypass.get(&format!("{PATH}/{token}?bearer_token={token}")), 403, "origin_required").await;
}

#[tokio::test]
async fn a_private_token_has_its_creators_rights_and_loses_them_with_the_role_and_the_user() {
    let daypass = start();
    let organization = daypass.organization();
    let (_, viewer) = join(&daypass, "viewer@example.com", "viewer").await;
    expect_error(viewer.post(PATH, &private(&organization)), 403, "insufficient_role").await;
    for (role, lower, kind, holds, lacks) in [
        ("developer", "viewer", "personal", &["floor:export", "configurator:read"][..], &["token:read", "token:create"][..]),
        ("admin", "developer", "secret", &["floor:export", "token:read", "token:create", "token:revoke"], &["daypass:administer"]),
        ("owner", "admin", "secret", &["floor:export", "token:introspect", "daypass:administer"], &["*"]),
    ] {
        for way in ["role", "removal"] {
            let (user, browser) = join(&daypass, &format!("{role}-{way}@example.com"), role).await;
            let created = create(browser.request(Method::POST, PATH), &private(&organization)).await;
            let token = to_text(&created["id"]);
            assert_eq!((&created["createdBy"], &created["serviceAccountId"]), (&json!(user), &json!(null)), "{role}");
            let record = native(&daypass, &token).await;
            assert_eq!((record.kind.as_str(), record.owner.as_deref()), (kind, Some(&*user)), "{role}");
            assert!(record.grants.len() == 1 && record.grants[0].tenant == organization, "{role}");
            let scopes = scopes_of(&record);
            assert!(holds.iter().all(|scope| scopes.iter().any(|held| held == scope)), "{role}: {scopes:?}");
            assert!(!lacks.iter().any(|scope| scopes.iter().any(|held| held == scope)), "{role}: {scopes:?}");

            let own = daypass.get(&format!("{PATH}/{token}")).bearer_auth(&token);
            assert_eq!(send(own).await.1["permissions"], "private", "{role}");
            let list = daypass.get(PATH).bearer_auth(&token);
            let another = daypass.post(PATH).bearer_auth(&token).json(&private(&organization));
            if kind == "personal" {
                expect_error(list, 403, "kind_not_accepted").await;
                expect_error(another, 403, "kind_not_accepted").await;
            } else {
                assert_eq!(send(list).await.0, 200, "{role}");
                let (status, another) = send(another).await;
                assert_eq!((status, &another["createdBy"]), (201, &json!(record.id)), "{role}");
                let another = native(&daypass, &to_text(&another["id"])).await;
                assert_eq!((&another.owner, scopes_of(&another)), (&record.owner, scopes), "{role}");
            }
            // A token for a service account outlives the creator: only one that may administer the organization makes it.
            let body = public(&organization, &add_service_account(&daypass));
            let (status, error) = send(daypass.post(PATH).bearer_auth(&token).json(&body)).await;
            let expected = match role {
                "developer" => (403, json!("kind_not_accepted")),
                "admin" => (403, json!("insufficient_scope")),
                _ => (201, json!(null)),
            };
            assert_eq!((status, error["error"].clone()), expected, "{role}");
            if kind == "secret" {
                let by_person = browser.request(Method::POST, PATH).json(&body);
                assert_eq!(send(by_person).await.0, 201, "{role}");
            }
            match way {
                "role" => drop(daypass.json(&["user", "edit", &user, "--role", lower, "--yes"])),
                _ => assert!(daypass.command(&["user", "remove", &user, "--yes"]).status.success()),
            }
            let own = daypass.get(&format!("{PATH}/{token}")).bearer_auth(&token);
            expect_error(own, 401, "token_revoked").await;
        }
    }
}

#[tokio::test]
async fn a_private_token_of_a_secret_token_has_no_more_than_that() {
    let daypass = start();
    let scopes = json!(["token:create", "floor:export"]);
    let (narrow, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": scopes})).await;
    let organization = daypass.organization();
    let created = create(daypass.post(PATH).bearer_auth(&narrow), &private(&organization)).await;
    assert_eq!((&created["kind"], &created["scopes"]), (&json!("secret"), &json!(["floor:export", "token:create"])));
    let account = add_service_account(&daypass);
    let lacking = daypass.post(PATH).bearer_auth(&narrow).json(&public(&organization, &account));
    expect_error(lacking, 400, "invalid_scope").await;
    let limited = json!({"kind": "secret", "name": "n", "scopes": ["token:create", "floor:export"],
        "resources": [{"type": "floor", "id": "f1"}]});
    let (limited, _) = daypass.create_token(limited).await;
    let refused = daypass.post(PATH).bearer_auth(&limited).json(&private(&organization));
    let (status, error) = send(refused).await;
    assert!(status == 400 || status == 403, "a limit is not lost: {}", error["message"]);
    for (field, value, says) in [("domains", json!(["a.example"]), "domains"), ("serviceAccountId", json!(account), "creator")] {
        let mut body = private(&organization);
        body[field] = value;
        let refused = daypass.post(PATH).bearer_auth(&daypass.admin).json(&body);
        assert!(expect_error(refused, 400, "invalid_request").await.contains(says), "{field}");
    }
}

#[tokio::test]
async fn what_threekit_cannot_express_is_shown_and_every_token_is_one_of_the_native_api() {
    let daypass = start();
    let token = create_public(&daypass, &["shop.example"]).await;
    let record = native(&daypass, &token).await;
    assert_eq!((record.kind.as_str(), scopes_of(&record)), ("publishable", PUBLIC_SCOPES.map(str::to_owned).to_vec()));
    let shown = daypass.json(&["token", "show", &record.id]);
    assert_eq!((&shown["kind"], &shown["origins"]), (&json!("publishable"), &json!(["shop.example"])));
    assert_eq!(shown["owner"], json!(record.owner));

    let (_, id) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["floor:export"],
        "expiresAt": 4_102_444_800_u64})).await;
    let (_, shown) = send(daypass.get(&format!("{PATH}/{id}")).bearer_auth(&daypass.admin)).await;
    let expected = json!({"permissions": "private", "kind": "secret", "scopes": ["floor:export"], "domains": [],
        "expiresAt": "2100-01-01T00:00:00Z"});
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&shown[field], value, "{field}");
    }
    // A parameter bundle is no access token of Threekit.
    let partner = daypass.create_partner().await;
    let bundle = daypass.create_reference(&partner, &json!({})).await;
    expect_error(daypass.get(&format!("{PATH}/{bundle}")).bearer_auth(&daypass.admin), 404, "not_found").await;
    expect_error(daypass.delete(&format!("{PATH}/{bundle}")).bearer_auth(&daypass.admin), 404, "not_found").await;
}

#[tokio::test]
async fn pages_of_the_list_have_each_token_once() {
    let daypass = start();
    for _ in 0..5 {
        create(daypass.post(PATH).bearer_auth(&daypass.admin), &private(&daypass.organization())).await;
    }
    let mut ids = vec![];
    for page in 1..=4 {
        let list = daypass.get(&format!("{PATH}?page={page}&perPage=2")).bearer_auth(&daypass.admin);
        let (_, list) = send(list).await;
        assert_eq!((&list["page"], &list["perPage"]), (&json!(page), &json!(2)));
        ids.extend(list["accesstokens"].as_array().expect("a list").iter().map(|entry| to_text(&entry["id"])));
    }
    let (_, all) = send(daypass.get(PATH).bearer_auth(&daypass.admin)).await;
    let all: Vec<_> = all["accesstokens"].as_array().expect("a list").iter().map(|entry| to_text(&entry["id"])).collect();
    assert_eq!(ids, all);
    assert_eq!(all.len(), 6, "five and the first token");
}

#[tokio::test]
async fn an_organization_without_limits_has_as_many_tokens_as_it_likes() {
    let daypass = start();
    let (organization, account) = (daypass.organization(), add_service_account(&daypass));
    let create_one = || daypass.post(PATH).bearer_auth(&daypass.admin).json(&public(&organization, &account));
    daypass.json(&["organization", "limits", &organization, "--publishable", "1"]);
    assert_eq!(send(create_one()).await.0, 201);
    expect_error(create_one(), 409, "limit_reached").await;
    daypass.json(&["organization", "limits", &organization, "--publishable", "unlimited"]);
    assert_eq!(send(create_one()).await.0, 201);
}
