//! The audit trail: every change, sign-in and refusal of an administrative request.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::crafter;
use super::oauth_clients::{OAuthClient, add_developer};
use super::people::{Browser, PASSWORD, add_user, invite, join};
use super::running::{Daypass, FLOOR_READ, expect_error, send, to_text, wait_until_ready};
use super::threekit;

/// Returns the operator's token.
fn operator(daypass: &Daypass) -> String {
    to_text(&daypass.line["operatorToken"])
}

/// Returns a page of the trail, as the operator sees it.
async fn page(daypass: &Daypass, query: &str) -> Value {
    let (status, page) = send(daypass.get(&format!("/v2/audit?{query}")).bearer_auth(operator(daypass))).await;
    assert_eq!(status, 200, "{}", page["message"]);
    page
}

async fn entries(daypass: &Daypass, query: &str) -> Vec<Value> {
    page(daypass, query).await["entries"].as_array().expect("entries").clone()
}

/// Returns the entries that a request or command added, the oldest first.
struct Trail<'a> {
    daypass: &'a Daypass,
    last: u64,
}

impl<'a> Trail<'a> {
    async fn begin(daypass: &'a Daypass) -> Trail<'a> {
        let mut trail = Trail { daypass, last: 0 };
        trail.added().await;
        trail
    }

    async fn added(&mut self) -> Vec<Value> {
        let newest = entries(self.daypass, "limit=200").await;
        let mut added: Vec<_> = newest.into_iter().filter(|entry| entry["id"].as_u64() > Some(self.last)).collect();
        added.reverse();
        self.last = added.last().and_then(|entry| entry["id"].as_u64()).unwrap_or(self.last);
        added
    }

    /// Expects entries with these actions, and returns them.
    async fn expect(&mut self, actions: &[&str]) -> Vec<Value> {
        let added = self.added().await;
        let found: Vec<_> = added.iter().map(|entry| to_text(&entry["action"])).collect();
        assert_eq!(found, actions);
        added
    }

    /// Sends a request that must succeed, and expects its entries.
    async fn send(&mut self, request: RequestBuilder, actions: &[&str]) -> (Value, Vec<Value>) {
        let response = request.send().await.expect("a response");
        let (status, text) = (response.status().as_u16(), response.text().await.expect("a body"));
        assert!(status < 400, "{actions:?} {status}");
        let added = self.expect(actions).await;
        assert!(added.iter().all(|entry| entry["outcome"] == "ok" && entry["address"] == "127.0.0.1"), "{actions:?}");
        (serde_json::from_str(&text).unwrap_or_default(), added)
    }

    /// Runs a command that must succeed, and expects its entries.
    async fn command(&mut self, arguments: &[&str], actions: &[&str]) -> Value {
        let output = self.daypass.json(arguments);
        for entry in self.expect(actions).await {
            assert_eq!((&entry["actor"]["kind"], &entry["address"]), (&json!("commandLine"), &Value::Null));
            assert!(!to_text(&entry["actor"]["name"]).is_empty());
        }
        output
    }
}

/// Waits until the trail has an entry that a query finds, and returns it.
async fn wait_for(daypass: &Daypass, query: &str) -> Value {
    for _ in 0..300 {
        if let Some(entry) = entries(daypass, query).await.first() {
            return entry.clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no entry for {query}");
}

#[tokio::test]
async fn every_change_over_the_native_api_is_an_entry() {
    let daypass = Daypass::start();
    let operator = operator(&daypass);
    let mut trail = Trail::begin(&daypass).await;
    let own = daypass.organization();
    let start = entries(&daypass, "limit=200").await;
    assert!(start.iter().all(|entry| entry["actor"]["kind"] == "service"), "{start:#?}");

    // Tokens.
    let create = json!({"kind": "publishable", "name": "Shop", "origins": ["shop.example", "*--shop.netlify.app"],
        "acceptSharedSuffix": true});
    let request = daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&create);
    let (token, added) = trail.send(request, &["token.create"]).await;
    let id = to_text(&token["id"]);
    assert_eq!(added[0]["target"], json!({"kind": "token", "id": id}));
    assert_eq!((&added[0]["organization"], &added[0]["actor"]["kind"]), (&json!(own), &json!("token")));
    assert_eq!(added[0]["actor"]["name"], "Owner");
    assert_eq!(added[0]["facts"]["acceptedSharedSuffixes"], json!(["*--shop.netlify.app"]));
    assert_eq!(added[0]["facts"]["kind"], "publishable");
    let path = format!("/v2/access-token/{id}");
    let edit = daypass.request(Method::PATCH, &path).bearer_auth(&daypass.admin).json(&json!({"name": "Web shop"}));
    let (_, added) = trail.send(edit, &["token.edit"]).await;
    assert_eq!(added[0]["facts"], json!({"name": {"from": "Shop", "to": "Web shop"}, "version": 2}));
    // Nothing changes, so that there is no entry.
    let edit = daypass.request(Method::PATCH, &path).bearer_auth(&daypass.admin).json(&json!({"name": "Web shop"}));
    trail.send(edit, &[]).await;
    trail.send(daypass.delete(&path).bearer_auth(&daypass.admin), &["token.revoke"]).await;
    trail.send(daypass.delete(&path).bearer_auth(&daypass.admin), &[]).await;
    let (secret, _) = daypass.create_secret().await;
    trail.expect(&["token.create"]).await;
    let temporary = daypass.create_temporary(&secret).await;
    trail.expect(&[]).await;
    for (text, kind) in [(&temporary, "jwt"), (&secret, "token")] {
        let request = daypass.post("/revoke").bearer_auth(&daypass.admin).form(&[("token", text)]);
        let (_, added) = trail.send(request, &["token.revoke"]).await;
        assert_eq!(added[0]["target"]["kind"], kind);
    }

    // Organizations, by the operator.
    let request = daypass.post("/v2/organization").bearer_auth(&operator).json(&json!({"name": "Other", "id": "other"}));
    trail.send(request, &["organization.create", "token.create"]).await;
    let request = |method, path: &str| daypass.request(method, &format!("/v2/organization/other{path}")).bearer_auth(&operator);
    let (_, added) =
        trail.send(request(Method::PATCH, "").json(&json!({"name": "New"})), &["organization.rename"]).await;
    assert_eq!(added[0]["facts"]["name"], json!({"from": "Other", "to": "New"}));
    assert_eq!(added[0]["organization"], "other");
    let limits = json!({"publishable": 5});
    let (_, added) = trail.send(request(Method::PATCH, "/limits").json(&limits), &["organization.limit"]).await;
    assert_eq!(added[0]["facts"], json!({"publishable": {"from": 100, "to": 5}}));
    trail.send(request(Method::POST, "/suspend"), &["organization.suspend"]).await;
    trail.send(request(Method::POST, "/suspend"), &[]).await;
    trail.send(request(Method::POST, "/resume"), &["organization.resume"]).await;
    trail.send(request(Method::DELETE, ""), &["organization.revoke"]).await;
    let before = json!({"issuedBefore": 1});
    let request = daypass.post("/v2/revocation").bearer_auth(&daypass.admin).json(&before);
    trail.send(request, &["organization.revoke_issued_before"]).await;

    // The catalogue.
    let (_, mut catalog) = send(daypass.get("/v2/catalog").bearer_auth(&operator)).await;
    catalog.as_object_mut().expect("an object").retain(|name, _| name != "version");
    let scopes = catalog["scopes"].as_array_mut().expect("scopes");
    scopes.push(json!({"scope": "door:open", "description": "Opens doors", "publishable": false}));
    let request = daypass.request(Method::PUT, "/v2/catalog").bearer_auth(&operator).json(&catalog);
    let (_, added) = trail.send(request, &["catalog.set"]).await;
    assert_eq!(added[0]["facts"]["scopesAdded"], json!(["door:open"]));
    assert_eq!(added[0]["organization"], Value::Null);
}

#[tokio::test]
async fn what_people_and_their_clients_do_are_entries() {
    let daypass = Daypass::start();
    let own = daypass.organization();
    let mut trail = Trail::begin(&daypass).await;
    let user = add_user(&daypass, &daypass.admin, &own, "ada@example.com", "owner").await;
    let added = trail.expect(&["principal.add"]).await;
    assert_eq!(added[0]["target"], json!({"kind": "user", "id": user}));
    let invitation = invite(&daypass, &daypass.admin, &own, &user).await;
    trail.expect(&["invitation.create"]).await;
    let mut browser = Browser::new(&daypass);
    let request = browser.post("/v2/invitation/accept", &json!({"invitation": invitation, "password": PASSWORD}));
    assert_eq!(browser.send(request).await.0, 200);
    let added = trail.expect(&["invitation.accept", "session.sign_in"]).await;
    for entry in added {
        assert_eq!((&entry["actor"]["kind"], &entry["actor"]["id"]), (&json!("user"), &json!(user)), "{entry}");
        assert_eq!((&entry["actor"]["name"], &entry["organization"]), (&json!("ada@example.com"), &json!(own)));
    }
    let path = format!("/v2/organization/{own}/principal/{user}");
    let rename = browser.request(Method::PATCH, &path).json(&json!({"name": "Ada L."}));
    let (_, added) = trail.send(rename, &["principal.edit"]).await;
    assert_eq!(added[0]["actor"]["id"], user.as_str());
    let new = "another horse battery";
    let body = json!({"oldPassword": PASSWORD, "newPassword": new});
    trail.send(browser.request(Method::PUT, "/v2/session/password").json(&body), &["session.change_password"]).await;
    let (_, added) =
        trail.send(browser.request(Method::DELETE, "/v2/session"), &["session.sign_out"]).await;
    assert_eq!(added[0]["actor"]["id"], user.as_str());
    trail.send(browser.request(Method::DELETE, "/v2/session"), &[]).await;

    // A developer lets a client have scopes, and withdraws that.
    let (ben, browser) = join(&daypass, "ben@example.com", "developer").await;
    trail.added().await;
    let client = OAuthClient::add_with(&daypass, false, &["authorization_code", "refresh_token"]).await;
    trail.expect(&["principal.add"]).await;
    let tokens = client.begin(&daypass, &ben).await;
    let added = trail.expect(&["token.create"]).await;
    assert_eq!((&added[0]["actor"]["kind"], &added[0]["actor"]["id"]), (&json!("application"), &json!(client.id)));
    assert_eq!(added[0]["facts"]["kind"], "oauthRefresh");
    let next = super::oauth_clients::Tokens::of(client.refresh(&daypass.url, &tokens.refresh)).await;
    trail.expect(&[]).await;
    let settings = json!({"confidential": false, "redirectUris": ["https://app.example/back"], "scopes": [FLOOR_READ],
        "grantTypes": ["authorization_code", "refresh_token"]});
    let path = format!("/v2/organization/{own}/principal/{}/oauth-client", client.id);
    let set = daypass.request(Method::PUT, &path).bearer_auth(&daypass.admin).json(&settings);
    let (_, added) = trail.send(set, &["client.set"]).await;
    assert_eq!(added[0]["facts"]["scopesRemoved"], json!(["floor:readPublic"]));
    // A second use of a refresh token ends its family.
    assert_eq!(send(client.refresh(&daypass.url, &tokens.refresh)).await.0, 400);
    trail.expect(&["token.revoke"]).await;
    drop(next);
    let withdraw = browser.request(Method::DELETE, &format!("/v2/consent/{}", client.id));
    let (_, added) = trail.send(withdraw, &["consent.withdraw"]).await;
    assert_eq!(added[0]["actor"]["id"], ben.as_str());
    let removal = daypass.delete(&path).bearer_auth(&daypass.admin).send().await.expect("a response");
    assert_eq!(removal.status(), 204);
    let added = trail.expect(&["client.remove"]).await;
    assert_eq!((&added[0]["target"]["id"], &added[0]["facts"]["consents"]), (&json!(client.id), &json!(0)));

    // The removal of a user ends tokens.
    let scripts = json!({"kind": "personal", "name": "Scripts", "scopes": [FLOOR_READ]});
    trail.send(browser.post("/v2/access-token", &scripts), &["token.create"]).await;
    let path = format!("/v2/organization/{own}/principal/{ben}");
    let remove = daypass.delete(&path).bearer_auth(&daypass.admin);
    trail.send(remove, &["principal.remove", "token.revoke"]).await;
    add_developer(&daypass, "cy").await;
}

#[tokio::test]
async fn every_change_by_a_command_is_an_entry() {
    let daypass = Daypass::start();
    let mut trail = Trail::begin(&daypass).await;
    let create = ["token", "create", "--kind", "secret", "--name", "n"];
    let id = to_text(&trail.command(&create, &["token.create"]).await["id"]);
    trail.command(&["token", "edit", &id, "--name", "m"], &["token.edit"]).await;
    trail.command(&["token", "revoke", &id], &["token.revoke"]).await;
    let add = ["user", "add", "--name", "Ada", "--email", "a@example.com", "--role", "viewer"];
    let user = to_text(&trail.command(&add, &["principal.add"]).await["id"]);
    trail.command(&["user", "edit", &user, "--role", "admin"], &["principal.edit"]).await;
    trail.command(&["user", "remove", &user, "--yes"], &["principal.remove"]).await;
    let app = to_text(&trail.command(&["application", "add", "--name", "App"], &["principal.add"]).await["id"]);
    trail.command(&["application", "remove", &app, "--yes"], &["principal.remove"]).await;
    let create = ["organization", "create", "--name", "n", "--id", "second"];
    trail.command(&create, &["organization.create", "token.create"]).await;
    trail.command(&["organization", "rename", "second", "m"], &["organization.rename"]).await;
    trail.command(&["organization", "limits", "second", "--secret", "5"], &["organization.limit"]).await;
    trail.command(&["organization", "limits", "second"], &[]).await;
    trail.command(&["organization", "suspend", "second"], &["organization.suspend"]).await;
    trail.command(&["organization", "resume", "second"], &["organization.resume"]).await;
    let before = ["organization", "revoke-issued-before", "second", "1", "--yes"];
    trail.command(&before, &["organization.revoke_issued_before"]).await;
    trail.command(&["organization", "revoke", "second", "--yes"], &["organization.revoke"]).await;
    trail.command(&["key", "rotate"], &["key.rotate"]).await;
    let keys = daypass.json(&["key", "list"]);
    trail.command(&["key", "revoke", &to_text(&keys["keys"][1]["kid"]), "--yes"], &["key.revoke"]).await;
    let catalog = daypass.folder.path().join("catalog.json");
    std::fs::write(&catalog, r#"{"name":"Doors","scopes":[{"scope":"door:open","description":"d","publishable":false}]}"#).expect("a file");
    trail.command(&["catalog", "set", catalog.to_str().expect("a path"), "--yes"], &["catalog.set"]).await;
    let export = daypass.command(&["audit", "export"]);
    assert!(export.status.success());
    trail.expect(&["audit.export"]).await;
    let list = daypass.json(&["audit", "list", "--action", "key", "--limit", "1"]);
    assert_eq!(list["entries"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["entries"][0]["action"], "key.revoke");
    assert!(list["oldestAt"].is_u64());
}

#[tokio::test]
async fn each_protocol_has_its_entries_and_traffic_has_none() {
    let daypass = threekit::start();
    let own = daypass.organization();
    let account = threekit::add_service_account(&daypass);
    let mut trail = Trail::begin(&daypass).await;
    let create = daypass.post(threekit::PATH).bearer_auth(&daypass.admin).json(&threekit::public(&own, &account));
    let (created, _) = trail.send(create, &["token.create"]).await;
    let delete = daypass.delete(&format!("{}/{}", threekit::PATH, to_text(&created["id"]))).bearer_auth(&daypass.admin);
    trail.send(delete, &["token.revoke"]).await;

    let [admin, ..] = crafter::bootstrap(&daypass);
    trail.added().await;
    let token = json!({"application": "a", "master": true, "expiresOn": null});
    let (status, created) = send(crafter::create(&daypass, &admin, &token)).await;
    let added = trail.added().await;
    assert_eq!((status < 300, added.len()), (true, 1), "{created}");
    assert_eq!((&added[0]["action"], &added[0]["actor"]["id"]), (&json!("token.create"), &json!("profile-admin")));

    let (secret, _) = daypass.create_secret().await;
    let partner = daypass.create_partner().await;
    trail.added().await;
    daypass.create_temporary(&secret).await;
    let reference = daypass.create_reference(&partner, &json!({"file": "f"})).await;
    assert_eq!(send(daypass.get("/verify").header("x-api-token", &reference)).await.0, 200);
    let introspect = daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &secret)]);
    assert_eq!(send(introspect).await.0, 200);
    trail.expect(&[]).await;

    // GraphQL tells a refusal with status 200.
    let mutation = json!({"query": "mutation { apiTokenRevoke(token: \"0123456789\") }"});
    assert_eq!(send(daypass.post("/graphql").json(&mutation)).await.0, 200);
    let refused = wait_for(&daypass, "outcome=refused&action=token.revoke").await;
    assert_eq!((&refused["actor"]["kind"], &refused["code"]), (&json!("anonymous"), &json!("insufficient_scope")));
}

#[tokio::test]
async fn an_entry_stands_if_and_only_if_the_change_does() {
    let daypass = Daypass::start();
    let body = json!({"kind": "secret", "name": "canary of the change"});
    let create = || daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body);
    daypass.execute("ALTER TABLE audit RENAME TO lost");
    expect_error(create(), 503, "unavailable").await;
    daypass.execute("ALTER TABLE lost RENAME TO audit");
    wait_until_ready(&daypass.url, Duration::from_secs(30)).await;
    let list = daypass.get("/v2/access-token?name=canary").bearer_auth(&daypass.admin);
    assert_eq!(send(list).await.1["tokens"], json!([]), "no change without its entry");
    assert_eq!(send(create()).await.0, 201);
    let before = entries(&daypass, "action=token.create").await.len();
    // A change that the rule refuses has no entry.
    let taken = json!({"kind": "application", "name": "n", "id": "partner", "scopes": [FLOOR_READ]});
    assert_eq!(daypass.post_token(taken.clone()).await.0, 201);
    assert_eq!(daypass.post_token(taken).await.0, 409);
    assert_eq!(entries(&daypass, "action=token.create").await.len(), before + 1);
}

#[tokio::test]
async fn refusals_are_entries_and_a_flood_of_them_is_counted() {
    let daypass = Daypass::start();
    let (_, viewer) = join(&daypass, "vi@example.com", "viewer").await;
    let own = daypass.organization();
    let (partner, operator) = (daypass.create_partner().await, operator(&daypass));
    expect_error(daypass.get("/v2/access-token"), 401, "missing_token").await;
    expect_error(daypass.get("/v2/organization").bearer_auth(&daypass.admin), 403, "insufficient_scope").await;
    expect_error(daypass.post("/v2/access-token").bearer_auth(&partner), 403, "kind_not_accepted").await;
    expect_error(viewer.request(Method::PUT, "/v2/catalog").json(&json!({})), 401, "missing_token").await;
    let add = viewer.post(&format!("/v2/organization/{own}/principal"), &json!({}));
    expect_error(add, 403, "insufficient_role").await;
    expect_error(daypass.get("/v2/organization/operator").bearer_auth(&daypass.admin), 404, "not_found").await;
    for (action, kind, code, organization) in [
        ("token.read", "anonymous", "missing_token", None),
        ("organization.read", "token", "insufficient_scope", Some(&own)),
        ("token.create", "token", "kind_not_accepted", Some(&own)),
        ("principal.add", "user", "insufficient_role", Some(&own)),
    ] {
        let entry = wait_for(&daypass, &format!("outcome=refused&action={action}&until=9999999999")).await;
        let found = entries(&daypass, &format!("outcome=refused&action={action}")).await;
        let entry = found.iter().find(|entry| entry["code"] == code).unwrap_or(&entry);
        assert_eq!((&entry["code"], &entry["actor"]["kind"]), (&json!(code), &json!(kind)), "{entry}");
        assert_eq!((&entry["organization"], &entry["address"]), (&json!(organization), &json!("127.0.0.1")));
    }

    // Failed sign-ins: one network has ten entries a minute.
    let attempt = |email: &str| {
        viewer.post("/v2/session", &json!({"email": email, "password": "wrong horse battery"}))
    };
    assert_eq!(send(attempt("vi@example.com")).await.0, 401);
    let entry = wait_for(&daypass, "outcome=refused&action=session.sign_in").await;
    assert_eq!((&entry["code"], &entry["target"]["kind"]), (&json!("sign_in_failed"), &json!("account")));
    // The provider's response leads to a page, also if it is refused.
    daypass.get("/v2/session/openid-connect/callback?state=a&code=b").send().await.expect("a response");
    for _ in 0..60 {
        assert!(daypass.get("/v2/access-token").send().await.expect("a response").status() == 401);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let sign_ins = entries(&daypass, "outcome=refused&action=session.sign_in").await;
    assert_eq!((sign_ins.len(), &sign_ins[0]["code"]), (2, &json!("sign_in_failed")));
    let count = entries(&daypass, "outcome=refused&limit=1000").await.len();
    assert!((8..=25).contains(&count), "{count} entries");
    drop(operator);
}

#[tokio::test]
async fn an_organization_sees_its_own_entries_and_the_operator_all() {
    let daypass = Daypass::start();
    let other = daypass.json(&["organization", "create", "--name", "Other", "--id", "other"]);
    let other_owner = to_text(&other["ownerToken"]["token"]);
    let (_, admin) = join(&daypass, "ad@example.com", "admin").await;
    let (_, developer) = join(&daypass, "de@example.com", "developer").await;
    let own = daypass.organization();
    let (_, id) = daypass.create_secret().await;
    let organizations = |page: &Value| {
        let entries = page["entries"].as_array().expect("entries").clone();
        let mut found: Vec<_> = entries.into_iter().map(|entry| entry["organization"].clone()).collect();
        found.dedup();
        found.sort_by_key(Value::to_string);
        found.dedup();
        found
    };
    for request in [daypass.get("/v2/audit").bearer_auth(&daypass.admin), admin.get("/v2/audit")] {
        let (status, page) = send(request).await;
        assert_eq!((status, organizations(&page)), (200, vec![json!(own)]));
        assert!(page["oldestAt"].is_u64());
    }
    let (_, page) = send(daypass.get("/v2/audit").bearer_auth(&other_owner)).await;
    assert_eq!(organizations(&page), [json!("other")]);
    assert_eq!(organizations(&self::page(&daypass, "limit=1000").await).len(), 4, "three, and the service");
    expect_error(developer.get("/v2/audit"), 403, "insufficient_role").await;
    for request in [
        daypass.get("/v2/audit?organization=other").bearer_auth(&daypass.admin),
        admin.get("/v2/audit?organization=other"),
    ] {
        expect_error(request, 404, "not_found").await;
    }
    for (query, expected) in [
        (format!("target={id}"), vec!["token.create"]),
        (format!("target={id}&outcome=refused"), vec![]),
        (format!("target={id}&action=token&since=2026-01-01T00:00:00Z"), vec!["token.create"]),
        (format!("target={id}&until=2026-01-01T00:00:00Z"), vec![]),
        (format!("target={id}&since=9999999999"), vec![]),
        ("organization=other&action=token".to_owned(), vec!["token.create"]),
    ] {
        let found: Vec<_> = entries(&daypass, &query).await.iter().map(|entry| to_text(&entry["action"])).collect();
        assert_eq!(found, expected, "{query}");
    }
    for query in ["action=nothing", "since=soon", "limit=0", "cursor=x", "actr=x", "outcome=no", "format=xml"] {
        let request = daypass.get(&format!("/v2/audit?{query}")).bearer_auth(&daypass.admin);
        expect_error(request, 400, "invalid_request").await;
    }

    // All pages together have every entry once, newest first.
    let all = entries(&daypass, "limit=1000&until=9999999999").await;
    let (mut cursor, mut paged) = (String::new(), vec![]);
    loop {
        let page = self::page(&daypass, &format!("limit=3{cursor}")).await;
        paged.extend(page["entries"].as_array().expect("entries").clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn an_export_has_every_entry_and_no_formula() {
    let daypass = Daypass::start();
    let formula = json!({"kind": "secret", "name": "=cmd|' /C calc'!A0", "scopes": [FLOOR_READ, "token:create"]});
    let (creator, _) = daypass.create_token(formula).await;
    for name in ["some", "other"] {
        let body = json!({"kind": "secret", "name": name, "scopes": [FLOOR_READ]});
        assert_eq!(send(daypass.post("/v2/access-token").bearer_auth(&creator).json(&body)).await.0, 201);
    }
    let export = async |request: RequestBuilder, media_type: &str| {
        let response = request.bearer_auth(&daypass.admin).send().await.expect("a response");
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert!(headers["content-type"].to_str().expect("text").starts_with(media_type));
        assert!(headers["cache-control"] == "no-store" && headers["x-content-type-options"] == "nosniff");
        response.text().await.expect("a body")
    };
    let csv = export(daypass.get("/v2/audit?format=csv&action=token"), "text/csv").await;
    assert!(csv.starts_with("id,at,time,organization,actorKind,"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 4, "{csv}");
    assert!(csv.contains(",'=cmd|") && !csv.contains(",=cmd"), "{csv}");
    let lines = export(daypass.get("/v2/audit").header("accept", "application/x-ndjson"), "application/x-ndjson").await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(lines[0]["action"], "audit.export", "the export itself");
    assert_eq!(lines[1]["action"], "audit.export", "the one before");
    assert!(lines.iter().any(|entry| entry["actor"]["name"] == "=cmd|' /C calc'!A0"));
    let other = daypass.get("/v2/audit?format=csv&limit=5").bearer_auth(&daypass.admin);
    expect_error(other, 400, "invalid_request").await;

    // The command line does the same.
    let output = daypass.command(&["audit", "export", "--json", "--organization", &daypass.organization()]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(text.lines().count(), lines.len() + 1, "with its own entry");
    let text = String::from_utf8(daypass.command(&["audit", "list"]).stdout).expect("UTF-8");
    assert!(text.contains("token.create"), "{text}");
}

#[tokio::test]
async fn old_entries_are_deleted_and_the_oldest_is_told() {
    // 30 days in which the service ran have 720 marks.
    let mut daypass = Daypass::start_with(&["--audit-days", "30"]);
    daypass.create_secret().await;
    daypass.kill();
    let days = |count: u32| format!("unixepoch() - {count} * 86400");
    daypass.execute(&format!("UPDATE audit SET at = {}, mark = -720 WHERE action = 'token.create'", days(40)));
    daypass.execute(&format!("UPDATE audit SET at = {}, mark = -720 WHERE action = 'organization.create'", days(29)));
    // The clock was behind then, or is ahead now: no mark has followed the entry.
    daypass.execute(&format!("UPDATE audit SET at = {} WHERE action = 'key.rotate'", days(500)));
    // More of them than a step deletes, which are no reason to keep the others.
    daypass.execute(&format!(
        "INSERT INTO audit (mark, at, actor_kind, action, outcome, facts)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
        SELECT (SELECT max(number) FROM feed_mark), {}, 'service', 'key.seal', 'ok', '{{}}' FROM n",
        days(400)
    ));
    daypass.restart();
    let list = |arguments: &[&str]| {
        let list = daypass.json(&[&["audit", "list"], arguments].concat());
        (list["entries"].as_array().expect("entries").clone(), list["oldestAt"].clone())
    };
    let mut deleted = vec![];
    for _ in 0..300 {
        deleted = list(&["--action", "audit.delete"]).0;
        if !deleted.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((&deleted[0]["actor"]["kind"], &deleted[0]["facts"]["entries"]), (&json!("service"), &json!(3)));
    assert!(list(&["--action", "token.create"]).0.is_empty());
    assert_eq!(list(&["--action", "organization"]).0.len(), 2);
    let (kept, oldest_at) = list(&["--action", "key.rotate"]);
    assert_eq!((kept.len(), &oldest_at), (1, &kept[0]["at"]), "no clock deletes an entry");
}
