//! The access tokens of Crafter Profile, over its own paths.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::running::{Daypass, expect_error, send, to_text};

/// An id as the caller of a test chooses it.
const CHOSEN: &str = "b4d44030-d0af-11e3-9c1a-0800200c9a66";

/// A service that speaks Crafter's protocol.
pub(crate) fn start() -> Daypass {
    Daypass::start_with(&["--protocols=crafter"])
}

/// The three first tokens: the credentials of `profile-admin`, `engine` and `social`.
pub(crate) fn bootstrap(daypass: &Daypass) -> [String; 3] {
    let document = daypass.json(&["crafter", "bootstrap"]);
    let tokens = document["tokens"].as_array().expect("tokens");
    let ids: Vec<_> = tokens.iter().map(|token| to_text(&token["id"])).collect();
    assert_eq!(ids, ["profile-admin", "engine", "social"]);
    [0, 1, 2].map(|index| to_text(&tokens[index]["token"]))
}

/// Sends a request, and returns the status with the JSON body, or null without a body.
pub(crate) async fn call(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("a response");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") })
}

/// Posts a token as the holder of another.
pub(crate) fn create(daypass: &Daypass, caller: &str, token: &Value) -> RequestBuilder {
    daypass.post("/api/1/access_token/create").query(&[("accessTokenId", caller)]).json(token)
}

fn show(daypass: &Daypass, caller: &str, id: &str) -> RequestBuilder {
    daypass.get(&format!("/api/1/access_token/{id}")).query(&[("accessTokenId", caller)])
}

fn delete(daypass: &Daypass, caller: &str, id: &str) -> RequestBuilder {
    daypass.post(&format!("/api/1/access_token/{id}/delete")).form(&[("accessTokenId", caller)])
}

fn expect(answer: &(u16, Value), status: u16, code: &str, what: &str) {
    assert_eq!((answer.0, &answer.1["errorCode"]), (status, &json!(code)), "{what}: {}", answer.1["message"]);
    let fields: Vec<_> = answer.1.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["errorCode", "message"], "{what}");
}

fn example() -> Value {
    json!({
        "application": "site manager", "master": false, "expiresOn": null,
        "tenantPermissions": [
            {"tenant": "site1", "allowedActions": ["READ_TENANT", "MANAGE_PROFILES"]},
            {"tenant": "site2", "allowedActions": ["READ_TENANT", "UPDATE_TENANT", "MANAGE_PROFILES"]},
        ],
    })
}

fn with(mut token: Value, field: &str, value: Value) -> Value {
    token[field] = value;
    token
}

#[tokio::test]
async fn the_requests_of_its_client_are_answered() {
    let daypass = start();
    let [admin, ..] = bootstrap(&daypass);
    // Written from the client's public sources, not recorded: the file says so.
    let requests: Value = serde_json::from_str(include_str!("crafter_client.json")).expect("JSON");
    for exchange in requests["exchanges"].as_array().expect("a list") {
        let fill = |text: &Value| to_text(text).replace("MASTER", &admin);
        let (method, target) = (to_text(&exchange["method"]), fill(&exchange["target"]));
        let mut request = daypass.request(method.parse().expect("a method"), &target);
        if let Some(json) = exchange.get("json") {
            request = request.json(json);
        }
        if let Some(form) = exchange.get("form") {
            let media_type = "application/x-www-form-urlencoded;charset=UTF-8";
            request = request.header("content-type", media_type).body(fill(form));
        }
        let (status, body) = call(request.header("accept", "application/json, application/*+json")).await;
        let expected = &exchange["response"];
        assert_eq!(status, expected["status"], "{method} {}: {}", exchange["target"], body["message"]);
        if let Some(code) = expected.get("errorCode") {
            assert_eq!(&body["errorCode"], code, "{}", exchange["target"]);
        } else if exchange["target"].as_str().is_some_and(|target| target.contains("/all")) {
            assert_eq!(body.as_array().map(Vec::len).expect("a list"), expected["tokens"]);
        } else {
            assert_eq!(&body, &expected["json"], "{}", exchange["target"]);
        }
    }
}

#[tokio::test]
async fn who_may_do_what_at_which_path_by_which_kind_and_location() {
    let daypass = start();
    let [admin, engine, _] = bootstrap(&daypass);
    let organization = daypass.organization();
    let token = async |kind: &str, scopes: &[&str]| {
        let grant = format!("{organization}={}", scopes.join(","));
        let created = daypass.json(&["token", "create", "--kind", kind, "--name", "n", "--grant", &grant]);
        to_text(&created["token"])
    };
    let every = ["token:create", "token:read", "token:revoke"];
    let secret = token("secret", &every).await;
    let reader = token("application", &["token:read"]).await;
    let creator = token("application", &["token:create"]).await;
    let revoker = token("application", &["token:revoke"]).await;
    let elsewhere = daypass.json(&["token", "create", "--kind", "application", "--name", "n",
        "--grant", "site1=token:create,token:read,token:revoke"]);
    let elsewhere = to_text(&elsewhere["token"]);
    let (_, publishable) = send(daypass.post("/v2/access-token").bearer_auth(&daypass.admin)
        .json(&json!({"kind": "publishable", "name": "n", "origins": ["a.example"], "scopes": ["tenant:read"]}))).await;
    assert_eq!(publishable["error"], "invalid_scope", "no scope of Crafter is publishable");

    let (denied, action) = ((403, "ACCESS_DENIED"), (403, "ACTION_DENIED"));
    let (ok, two) = ((200, ""), (400, "OTHER"));
    type Send<'a> = &'a dyn Fn(RequestBuilder, &str) -> RequestBuilder;
    let query: Send = &|request, token| request.query(&[("accessTokenId", token)]);
    let other_query: Send = &|request, token| request.query(&[("access_token", token)]);
    let bearer: Send = &|request, token| request.bearer_auth(token);
    let key: Send = &|request, token| request.header("x-api-key", token);
    let page: Send = &|request, token| request.query(&[("accessTokenId", token)]).header("origin", "https://a.example");
    let twice: Send = &|request, token| request.query(&[("accessTokenId", token), ("accessTokenId", token)]);
    let and_another: Send = &|request, token| request.query(&[("accessTokenId", token), ("accessTokenId", &engine)]);
    let nowhere: Send = &|request, _| request;
    // The outcomes of create, get, all and delete.
    for (what, token, put, outcomes) in [
        ("master in the query", &admin, query, [ok, ok, ok, ok]),
        ("master as Bearer", &admin, bearer, [ok, ok, ok, ok]),
        ("master as a partner's key", &admin, key, [ok, ok, ok, ok]),
        ("master in another parameter", &admin, other_query, [denied, denied, denied, denied]),
        ("master from a page", &admin, page, [denied, denied, denied, denied]),
        ("master twice", &admin, twice, [ok, ok, ok, ok]),
        ("master and another", &admin, and_another, [two, two, two, two]),
        ("no token", &admin, nowhere, [denied, denied, denied, denied]),
        ("no master", &engine, query, [action, action, action, action]),
        ("reads tokens only", &reader, query, [action, ok, ok, action]),
        ("creates tokens only", &creator, query, [ok, action, action, action]),
        ("revokes tokens only", &revoker, query, [action, action, action, ok]),
        ("a master of a tenant that is no organization", &elsewhere, query, [action, action, action, action]),
        ("a secret token in the query", &secret, query, [denied, denied, denied, denied]),
        ("a secret token as Bearer", &secret, bearer, [denied, denied, denied, denied]),
        ("unknown", &"unknown-credential".to_owned(), query, [denied, denied, denied, denied]),
        ("empty", &String::new(), query, [denied, denied, denied, denied]),
    ] {
        let application = json!({"application": "nothing", "tenantPermissions": []});
        let (_, victim) = call(create(&daypass, &admin, &application)).await;
        let victim = to_text(&victim["id"]);
        let requests = [
            daypass.post("/api/1/access_token/create").json(&application),
            daypass.get(&format!("/api/1/access_token/{victim}")),
            daypass.get("/api/1/access_token/all"),
            daypass.post(&format!("/api/1/access_token/{victim}/delete")),
        ];
        for (index, (request, (status, code))) in requests.into_iter().zip(outcomes).enumerate() {
            let answer = call(put(request, token)).await;
            if status == 200 {
                assert_eq!(answer.0, 200, "{what}, request {index}: {}", answer.1["message"]);
            } else {
                expect(&answer, status, code, &format!("{what}, request {index}"));
            }
        }
    }
    // The form of a deletion is read too, and another token in each place is one too many.
    let (_, victim) = call(create(&daypass, &admin, &example())).await;
    let path = format!("/api/1/access_token/{}/delete", to_text(&victim["id"]));
    let both = daypass.post(&path).query(&[("accessTokenId", &engine)]).form(&[("accessTokenId", &admin)]);
    expect(&call(both).await, 400, "OTHER", "both");
    expect(&call(daypass.post(&path).form(&[("accessTokenId", "")])).await, 403, "ACCESS_DENIED", "empty");
    expect(&call(daypass.post(&path).form(&[("accessTokenId", &engine)])).await, 403, "ACTION_DENIED", "engine");
    assert_eq!(call(daypass.post(&path).form(&[("accessTokenId", &admin)])).await, (200, Value::Null));
}

#[tokio::test]
async fn the_chosen_id_is_the_credential_and_can_be_used_again_after_deletion() {
    let daypass = start();
    let [admin, ..] = bootstrap(&daypass);
    let token = with(example(), "id", json!(CHOSEN));
    let (status, created) = call(create(&daypass, &admin, &token)).await;
    assert_eq!((status, &created), (200, &token), "the token as it was posted");
    expect(&call(create(&daypass, &admin, &token)).await, 409, "ACCESS_TOKEN_EXISTS", "twice");
    // It is no master token; but it is a token.
    expect(&call(show(&daypass, CHOSEN, CHOSEN)).await, 403, "ACTION_DENIED", "by itself");
    assert_eq!(call(show(&daypass, &admin, CHOSEN)).await, (200, token.clone()));
    assert_eq!(call(show(&daypass, &admin, &format!("{CHOSEN}.json"))).await, (200, token.clone()));

    // Lists have another id, by which it can be named too.
    let (_, all) = call(show(&daypass, &admin, "all")).await;
    let listed = all.as_array().expect("a list").iter().find(|one| one["application"] == "site manager").expect("it");
    let id = to_text(&listed["id"]);
    assert!(id.starts_with("acc_") && id.len() == 26, "{id}");
    assert!(!all.to_string().contains(CHOSEN));
    assert_eq!(call(show(&daypass, &admin, &id)).await, (200, with(token.clone(), "id", json!(id))));
    expect(&call(show(&daypass, &id, &id)).await, 403, "ACCESS_DENIED", "the listed id is no credential");

    let mut id = id;
    for is_by_id in [false, true] {
        let name = if is_by_id { id.clone() } else { CHOSEN.to_owned() };
        let name = &*name;
        assert_eq!(call(delete(&daypass, &admin, name)).await, (200, Value::Null));
        let (_, all) = call(show(&daypass, &admin, "all")).await;
        assert!(!all.to_string().contains(&id), "a deleted one is not listed");
        expect(&call(show(&daypass, CHOSEN, CHOSEN)).await, 403, "ACCESS_DENIED", "deleted");
        expect(&call(show(&daypass, &admin, CHOSEN)).await, 404, "NO_SUCH_ACCESS_TOKEN_ID", "deleted");
        expect(&call(show(&daypass, &admin, &id)).await, 404, "NO_SUCH_ACCESS_TOKEN_ID", "deleted");
        assert_eq!(call(delete(&daypass, &admin, name)).await, (200, Value::Null), "a second time");
        let other = with(token.clone(), "tenantPermissions", json!([{"tenant": "*", "allowedActions": ["*"]}]));
        assert_eq!(call(create(&daypass, &admin, &other)).await, (200, other.clone()));
        // A list tells nothing of the credential, not even that it is the same.
        expect(&call(show(&daypass, &admin, &id)).await, 404, "NO_SUCH_ACCESS_TOKEN_ID", "deleted");
        let (_, all) = call(show(&daypass, &admin, "all")).await;
        let listed = all.as_array().expect("a list").iter().find(|one| one["application"] == "site manager");
        id = to_text(&listed.expect("it")["id"]);
        assert_eq!(call(show(&daypass, &admin, &id)).await, (200, with(other, "id", json!(id))));
    }
    assert_eq!(call(delete(&daypass, &admin, CHOSEN)).await.0, 200);
    expect(&call(delete(&daypass, &admin, "never-created")).await, 404, "NO_SUCH_ACCESS_TOKEN_ID", "unknown");
}

#[tokio::test]
async fn chosen_ids_are_visible_text_and_short_ones_are_warned_of() {
    let daypass = start();
    let [admin, ..] = bootstrap(&daypass);
    let of = |id: &str| json!({"id": id, "application": "a", "tenantPermissions": []});
    for id in ["q", "a.b_c-D9", "...", CHOSEN, &"n".repeat(256)] {
        let (status, created) = call(create(&daypass, &admin, &of(id))).await;
        assert_eq!((status, &created["id"]), (200, &json!(id)), "{}", created["message"]);
        // As its own caller, it is authentic.
        expect(&call(show(&daypass, id, "x")).await, 403, "ACTION_DENIED", id);
        let warning = "the chosen id of an access token has fewer than 16 characters";
        assert!(daypass.log().contains(warning), "{id}");
        assert!(id.len() < 3 || !daypass.log().contains(id), "{id}");
        assert!(!daypass.log().contains(&admin));
    }
    let sealed = to_text(&call(create(&daypass, &admin, &json!({"application": "a"}))).await.1["id"]);
    assert!(sealed.starts_with("dp_app_"));
    let reserved = ["eyJhbGciOi", "dp_app_abc", &sealed];
    // A path with each of these would be another's.
    let (_, all) = call(show(&daypass, &admin, "all")).await;
    let listed = to_text(&all[0]["id"]);
    for id in [".", "..", "all", "create", "a.json", ".json", "profile-admin", "engine", &listed] {
        expect(&call(create(&daypass, &admin, &of(id))).await, 400, "OTHER", id);
    }
    for id in ["a b", "a\n", "\u{0}", " a", "ä", "a+b", "a~b", "a%41", "a/b", &"n".repeat(257)].into_iter().chain(reserved) {
        expect(&call(create(&daypass, &admin, &of(id))).await, 400, "OTHER", id);
    }
    // At home an empty id makes a token that nobody can use.
    let (_, created) = call(create(&daypass, &admin, &of(""))).await;
    assert!(to_text(&created["id"]).starts_with("dp_app_"));
}

#[tokio::test]
async fn a_bad_body_is_refused_as_crafter_refuses_it() {
    let daypass = start();
    let [admin, ..] = bootstrap(&daypass);
    let permission = |permission: Value| with(example(), "tenantPermissions", json!([permission]));
    for (what, token) in [
        ("unknown field", with(example(), "tenantPermission", json!([]))),
        ("unknown field of a permission", permission(json!({"tenant": "a", "allowedActions": [], "deny": true}))),
        ("unknown action", permission(json!({"tenant": "a", "allowedActions": ["READ_TENANT", "READ"]}))),
        ("action in lower case", permission(json!({"tenant": "a", "allowedActions": ["read_tenant"]}))),
        ("no tenant", permission(json!({"allowedActions": ["READ_TENANT"]}))),
        ("empty tenant", permission(json!({"tenant": "", "allowedActions": ["READ_TENANT"]}))),
        ("no application", json!({"tenantPermissions": []})),
        ("empty application", json!({"application": "", "tenantPermissions": []})),
        ("master as text", with(example(), "master", json!("yes"))),
        ("expired", with(example(), "expiresOn", json!(1_388_534_400_000_u64))),
        ("before 1970", with(example(), "expiresOn", json!(-1))),
        ("no time", with(example(), "expiresOn", json!("soon"))),
        ("after the year 9999", with(example(), "expiresOn", json!(u64::MAX))),
        ("a list", json!([example()])),
    ] {
        expect(&call(create(&daypass, &admin, &token)).await, 400, "OTHER", what);
    }
    let path = format!("/api/1/access_token/create?accessTokenId={admin}");
    for (what, kind, body, status) in [
        ("no JSON", "application/json", "{".to_owned(), 400),
        ("a form", "application/x-www-form-urlencoded", "application=a".to_owned(), 400),
        ("too large", "application/json", format!("{{\"application\":\"{}\"}}", "a".repeat(70_000)), 413),
        ("too deep", "application/json", "[".repeat(10_000), 400),
    ] {
        expect(&call(daypass.post(&path).header("content-type", kind).body(body)).await, status, "OTHER", what);
    }
    for (method, path) in [("GET", "/api/1/access_token/create"), ("POST", "/api/1/access_token/all")] {
        let request = daypass.request(method.parse().expect("a method"), path).query(&[("accessTokenId", &admin)]);
        expect(&call(request).await, 405, "OTHER", path);
    }
    // Milliseconds are kept to the second, and never prolonged.
    for posted in [json!(4_102_444_800_999_u64), json!("2100-01-01T00:00:00.999Z")] {
        let (_, created) = call(create(&daypass, &admin, &with(example(), "expiresOn", posted))).await;
        assert_eq!(created["expiresOn"], 4_102_444_800_000_u64);
    }
    expect_error(daypass.get("/api/2/access_token"), 404, "not_found").await;
}

#[tokio::test]
async fn no_path_but_crafters_takes_a_secret_in_its_parameter() {
    let daypass = Daypass::start_with(&["--protocols=space-api,kudo,crafter,speckle,threekit"]);
    let [master, ..] = bootstrap(&daypass);
    let token = with(example(), "id", json!(CHOSEN));
    assert_eq!(call(create(&daypass, &master, &token)).await.0, 200);
    let admin = daypass.admin.clone();
    let partner = daypass.create_partner().await;
    for (method, path) in [
        ("GET", "/v2/access-token"),
        ("GET", "/v2/access-token/self"),
        ("POST", "/introspect"),
        ("POST", "/revoke"),
        ("POST", "/v2/bundle/create"),
        ("POST", "/generate"),
        ("GET", "/api/accesstokens"),
    ] {
        for (text, expected) in [
            (&admin, "secret_in_query"),
            (&master, "secret_in_query"),
            (&partner, "secret_in_query"),
            (&CHOSEN.to_owned(), "missing_token"),
        ] {
            let request = daypass.request(method.parse().expect("a method"), path).query(&[("accessTokenId", text)]);
            let answer = request.form(&[("token", "x")]).send().await.expect("a response");
            let (status, body) = (answer.status().as_u16(), answer.text().await.expect("a body"));
            assert!(status >= 400 && (body.contains(expected) || path == "/generate"), "{path} {expected}: {status}");
        }
    }
    // Crafter's own take an application token alone.
    expect(&call(show(&daypass, &admin, "all")).await, 403, "ACCESS_DENIED", "a secret token");
    assert_eq!(call(show(&daypass, &master, "all")).await.0, 200);
}
