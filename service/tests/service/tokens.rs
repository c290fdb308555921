use reqwest::Method;
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, now, send, to_text};

const PUBLISHABLE: [&str; 4] =
    ["customAttributeValues:readPublic", "customAttributes:read", "floor:queryPublic", "floor:readPublic"];

#[tokio::test]
async fn a_created_token_is_returned_once_with_its_record() {
    let daypass = Daypass::start();
    let organization = &daypass.line["organization"];
    let end = now() + 1000;
    let (status, mut created) = daypass
        .post_token(json!({"kind": "publishable", "name": "Site ☃ '; DROP TABLE token; --", "expiresAt": end,
            "origins": ["Example.com", "*.bücher.example", "https://localhost:8443"]}))
        .await;
    assert_eq!(status, 201, "{}", created["message"]);
    let token = to_text(&created["token"]);
    assert!(token.starts_with("dp_pub_"), "{token}");
    let created_at = created["createdAt"].as_u64().expect("a time");
    assert!((now() - 5..=now()).contains(&created_at));

    let owner = daypass.json(&["token", "list", "--name", "owner"])["tokens"][0].clone();
    created.as_object_mut().expect("an object").remove("token");
    let expected = json!({
        "id": created["id"], "kind": "publishable", "name": "Site ☃ '; DROP TABLE token; --",
        "organization": organization,
        "grants": [{"tenant": organization, "scopes": PUBLISHABLE}],
        "origins": ["example.com", "*.xn--bcher-kva.example", "https://localhost:8443"],
        "createdAt": created_at, "createdBy": owner["id"], "owner": null, "expiresAt": end, "revokedAt": null,
        "lastUsedAt": null, "serial": 3, "version": 1,
        "lastChars": &token[token.len() - 4..],
    });
    assert_eq!(created, expected);

    let path = format!("/v2/access-token/{}", to_text(&created["id"]));
    assert_eq!(send(daypass.get(&path).bearer_auth(&daypass.admin)).await, (200, expected.clone()));
    let (_, list) = send(daypass.get("/v2/access-token").bearer_auth(&daypass.admin)).await;
    assert_eq!(list["tokens"][0], expected, "newest first");
    assert_eq!(list["tokens"][1]["name"], "Owner");
}

#[tokio::test]
async fn each_kind_has_its_scopes() {
    let daypass = Daypass::start();
    let every: Vec<String> = daypass::Catalog::space_api().all().iter().map(ToString::to_string).collect();
    for (body, expected) in [
        (json!({"kind": "publishable", "name": "n", "origins": ["a.example"]}), json!(PUBLISHABLE)),
        (
            json!({"kind": "publishable", "name": "n", "origins": ["a.example"], "scopes": ["floor:readPublic:f1"]}),
            json!(["floor:readPublic:f1"]),
        ),
        (json!({"kind": "secret", "name": "n"}), json!(every)),
        (
            json!({"kind": "secret", "name": "n", "scopes": ["floor:read", {"resource": "floor", "action": "write"}]}),
            json!(["floor:readPrivate", "floor:readPublic", "floor:update"]),
        ),
        (json!({"kind": "application", "name": "n", "scopes": ["bundle:create"]}), json!(["bundle:create"])),
    ] {
        let (status, created) = daypass.post_token(body.clone()).await;
        assert_eq!((status, &created["grants"][0]["scopes"]), (201, &expected), "{body}");
    }
}

#[tokio::test]
async fn an_invalid_token_request_is_refused_with_the_reason() {
    let daypass = Daypass::start();
    let (long, long_id) = ("n".repeat(513), "f".repeat(129));
    let milliseconds = now() * 1000;
    let secret = |more: Value| merged(json!({"kind": "secret", "name": "n"}), more);
    let publishable = |more: Value| merged(json!({"kind": "publishable", "name": "n", "origins": ["a.example"]}), more);
    let application =
        |more: Value| merged(json!({"kind": "application", "name": "n", "scopes": ["bundle:create"]}), more);
    for (body, code, says) in [
        (secret(json!({"name": ""})), "invalid_request", "1 to 512"),
        (secret(json!({"name": long})), "invalid_request", "1 to 512"),
        (secret(json!({"name": "a\r\nb"})), "invalid_request", "U+000D at position 2"),
        (secret(json!({"name": 1})), "invalid_body", "expected a string"),
        (secret(json!({"scopes": []})), "invalid_scope", "No scope"),
        (secret(json!({"scopes": ["floor:fly"]})), "invalid_scope", "floor:fly"),
        (secret(json!({"scopes": ["floor"]})), "invalid_body", "`floor` is not a scope"),
        (secret(json!({"scopes": ["*"]})), "invalid_scope", "`*`"),
        (secret(json!({"scopes": "floor:export"})), "invalid_body", "expected a sequence"),
        (secret(json!({"origins": ["a.example"]})), "invalid_request", "Only a publishable"),
        (secret(json!({"id": "mine"})), "invalid_request", "Only an application"),
        (secret(json!({"expiresAt": now()})), "invalid_request", "future"),
        (secret(json!({"expiresAt": 0})), "invalid_request", "future"),
        (secret(json!({"expiresAt": -1})), "invalid_body", "-1"),
        (secret(json!({"expiresAt": milliseconds})), "invalid_request", "in seconds"),
        (secret(json!({"expiresAt": u64::MAX})), "invalid_request", "in seconds"),
        (secret(json!({"tenant": "other"})), "invalid_scope", "Your token holds none of the scopes"),
        (secret(json!({"tenant": "*", "scopes": ["token:read"]})), "invalid_scope", "Your token lacks `token:read`"),
        (secret(json!({"tenant": ""})), "invalid_request", "The `tenant` must be 1 to 512 characters"),
        // A misspelt limit must not give a token without it.
        (
            secret(json!({"resources": [{"type": "floors", "id": "f1"}]})),
            "invalid_request",
            "`extension`, `floor`, `token`",
        ),
        (secret(json!({"resources": [{"type": "Floor", "id": "f1"}]})), "invalid_request", "The `type` of a resource"),
        (secret(json!({"resources": [{"type": "*", "id": "f1"}]})), "invalid_request", "The `type` of a resource"),
        (secret(json!({"resources": [{"type": "", "id": "f1"}]})), "invalid_request", "The `type` of a resource"),
        (secret(json!({"resources": [{"type": "\u{0}", "id": "f1"}]})), "invalid_request", "The `type` of a resource"),
        (publishable(json!({"resources": [{"type": "floors", "id": "f1"}]})), "invalid_request", "The `type`"),
        (application(json!({"resources": [{"type": "bundles", "id": "b"}]})), "invalid_request", "The `type`"),
        (
            secret(json!({"resources": [{"type": "floor", "id": "f1"}, {"type": "site", "id": "s1"}]})),
            "invalid_request",
            "The `type` of a resource",
        ),
        (secret(json!({"resources": [{"type": "floor", "id": ""}]})), "invalid_request", "The `id` of a resource"),
        (secret(json!({"resources": [{"type": "floor", "id": "*"}]})), "invalid_request", "The `id` of a resource"),
        (secret(json!({"resources": [{"type": "floor", "id": "a:b"}]})), "invalid_request", "The `id` of a resource"),
        (
            secret(json!({"resources": [{"type": "floor", "id": "f\u{0}"}]})),
            "invalid_request",
            "The `id` of a resource",
        ),
        (secret(json!({"resources": [{"type": "floor", "id": long_id}]})), "invalid_request", "The `id` of a resource"),
        (secret(json!({"resources": [{"type": "floor"}]})), "invalid_body", "missing field `id`"),
        (secret(json!({"resources": [{"kind": "floor", "id": "f1"}]})), "invalid_body", "unknown field `kind`"),
        (secret(json!({"resource": [{"type": "floor", "id": "f1"}]})), "invalid_body", "unknown field `resource`"),
        (publishable(json!({"origins": []})), "invalid_request", "needs `origins`"),
        (publishable(json!({"origins": ["*.com"]})), "invalid_request", "many owners"),
        (publishable(json!({"origins": ["a.example/path"]})), "invalid_request", "is not an origin"),
        (publishable(json!({"origins": ["*"]})), "invalid_request", "is not an origin"),
        (publishable(json!({"scopes": [FLOOR_READ]})), "invalid_scope", FLOOR_READ),
        (publishable(json!({"scopes": ["floor:*"]})), "invalid_scope", "floor:*"),
        (publishable(json!({"scopes": ["bundle:create"]})), "invalid_scope", "bundle:create"),
        (publishable(json!({"scopes": ["floor:read"]})), "invalid_scope", FLOOR_READ),
        (application(json!({"scopes": null})), "invalid_scope", "must name"),
        (application(json!({"id": ""})), "invalid_request", "The id"),
        (application(json!({"id": "a/b"})), "invalid_request", "The id"),
        (application(json!({"id": ".."})), "invalid_request", "The id"),
        (application(json!({"id": "self"})), "invalid_request", "The id"),
        (application(json!({"id": "new"})), "invalid_request", "The id"),
        (application(json!({"id": "x".repeat(129)})), "invalid_request", "The id"),
        (application(json!({"origins": ["a.example"]})), "invalid_request", "Only a publishable"),
        (json!({"kind": "temporary", "name": "n"}), "invalid_request", "kind temporary"),
        (json!({"kind": "bundle", "name": "n", "scopes": [FLOOR_READ]}), "invalid_request", "kind bundle"),
        (json!({"kind": "root", "name": "n"}), "invalid_body", "unknown variant `root`"),
        (json!({"name": "n"}), "invalid_body", "missing field `kind`"),
        (json!({"kind": "secret"}), "invalid_body", "missing field `name`"),
    ] {
        let request = daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body);
        let message = expect_error(request, 400, code).await;
        assert!(message.contains(says), "{body}: {message}");
    }
    let (_, list) = send(daypass.get("/v2/access-token").bearer_auth(&daypass.admin)).await;
    assert_eq!(list["tokens"].as_array().map(Vec::len), Some(1), "no token was created");
}

#[tokio::test]
async fn a_limit_is_stored_as_requested() {
    let daypass = Daypass::start();
    let limits = json!([
        {"type": "floor", "id": "f".repeat(128)},
        {"type": "floor", "id": "A-z_0.9~"},
        {"type": "extension", "id": "e"},
    ]);
    let (status, created) = daypass.post_token(json!({"kind": "secret", "name": "n", "resources": limits})).await;
    assert_eq!((status, &created["grants"][0]["resources"]), (201, &limits));
}

#[tokio::test]
async fn a_token_cannot_grant_a_scope_that_it_lacks() {
    let daypass = Daypass::start();
    let scopes = ["token:create", "floor:readPublic", "floor:export:f1"];
    let (narrow, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": scopes})).await;
    let limit = json!([{"type": "floor", "id": "f1"}]);
    let scopes = ["token:create", "floor:export"];
    let (limited, _) =
        daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": scopes, "resources": limit})).await;

    let create = |token: &str, body: Value| daypass.post("/v2/access-token").bearer_auth(token).json(&body);
    for (token, body) in [
        (&narrow, json!({"kind": "secret", "name": "n", "scopes": ["floor:export"]})),
        (&narrow, json!({"kind": "secret", "name": "n", "scopes": ["token:read"]})),
        (&narrow, json!({"kind": "secret", "name": "n", "scopes": ["floor:*"]})),
        (&narrow, json!({"kind": "publishable", "name": "n", "origins": ["a.example"], "scopes": [PUBLISHABLE[0]]})),
        (&limited, json!({"kind": "secret", "name": "n", "scopes": ["floor:export"]})),
        (&limited, json!({"kind": "publishable", "name": "n", "origins": ["a.example"], "resources": limit})),
    ] {
        expect_error(create(token, body), 400, "invalid_scope").await;
    }
    for (token, body, scopes) in [
        (&narrow, json!({"kind": "secret", "name": "n", "scopes": ["floor:export:f1"]}), json!(["floor:export:f1"])),
        (&narrow, json!({"kind": "publishable", "name": "n", "origins": ["a.example"]}), json!(["floor:readPublic"])),
        (&limited, json!({"kind": "secret", "name": "n", "resources": limit}), json!(["floor:export"])),
    ] {
        let (status, created) = send(create(token, body.clone())).await;
        assert_eq!((status, &created["grants"][0]["scopes"]), (201, &scopes), "{body}");
    }
}

#[tokio::test]
async fn each_path_needs_a_secret_token_with_its_scope() {
    let daypass = Daypass::start();
    let (_, id) = daypass.create_secret().await;
    let path = format!("/v2/access-token/{id}");
    let body = json!({"kind": "secret", "name": "n"});
    let (temporary, partner) = (daypass.create_temporary(&daypass.admin).await, daypass.create_partner().await);
    let bundle = daypass.create_reference(&partner, &json!({})).await;
    let origins = ["a.example"];
    let (publishable, _) = daypass.create_token(json!({"kind": "publishable", "name": "n", "origins": origins})).await;
    let own_organization = format!("/v2/organization/{}", daypass.organization());
    let own = ["token:create", "token:read", "token:revoke", "token:introspect", "daypass:administer", "bundle:create"];
    for scope in own {
        let others: Vec<_> = own.into_iter().filter(|other| *other != scope).collect();
        let (without, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": others})).await;
        let requests = || match scope {
            "token:create" => vec![
                daypass.post("/v2/access-token").json(&body),
                daypass.request(Method::PATCH, &path).json(&json!({"name": "n"})),
            ],
            "token:read" => vec![daypass.get("/v2/access-token"), daypass.get(&path)],
            "token:revoke" => vec![
                daypass.delete(&path),
                daypass.post("/revoke").form(&[("token", "x")]),
                daypass.post("/v2/revocation").json(&json!({"issuedBefore": 1})),
            ],
            "token:introspect" => {
                vec![daypass.post("/introspect").form(&[("token", "x")]), daypass.get("/v2/revocation")]
            }
            "daypass:administer" => vec![daypass.get(&own_organization)],
            _ => vec![daypass.post("/v2/bundle/create").json(&json!({"parameters": {}}))],
        };
        for request in requests() {
            let message = expect_error(request.bearer_auth(&without), 403, "insufficient_scope").await;
            assert!(message.contains(scope), "{message}");
        }
        for token in [&temporary, &bundle, &partner] {
            for request in requests() {
                if scope != "bundle:create" || token != &partner {
                    expect_error(request.bearer_auth(token), 403, "kind_not_accepted").await;
                }
            }
        }
        for request in requests() {
            let request = request.bearer_auth(&publishable).header("origin", "https://a.example");
            expect_error(request, 403, "kind_not_accepted").await;
        }
        for request in requests() {
            expect_error(request, 401, "missing_token").await;
        }
    }
    let (_, record) = send(daypass.get(&path).bearer_auth(&daypass.admin)).await;
    assert_eq!(record["revokedAt"], Value::Null);
}

#[tokio::test]
async fn a_list_can_be_limited_to_one_kind() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    daypass.create_reference(&partner, &json!({})).await;
    for (query, kinds) in [
        ("", json!(["application", "secret"])),
        ("?kind=secret", json!(["secret"])),
        ("?kind=application", json!(["application"])),
        ("?kind=publishable", json!([])),
        ("?kind=bundle", json!(["bundle"])),
    ] {
        let (status, list) = send(daypass.get(&format!("/v2/access-token{query}")).bearer_auth(&daypass.admin)).await;
        let seen: Vec<_> = list["tokens"].as_array().expect("a list").iter().map(|token| &token["kind"]).collect();
        assert_eq!((status, json!(seen)), (200, kinds), "{query}");
    }
    expect_error(daypass.get("/v2/access-token?kind=root").bearer_auth(&daypass.admin), 400, "invalid_request").await;
}

#[tokio::test]
async fn a_revocation_is_permanent_and_keeps_its_time() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let record = daypass.revoke(&id).await;
    assert!(record["revokedAt"].as_u64().is_some_and(|at| (now() - 5..=now()).contains(&at)));

    daypass.execute(&format!("UPDATE token SET revoked_at = revoked_at - 100 WHERE id = '{id}'"));
    let again = daypass.revoke(&id).await;
    assert_eq!(again["revokedAt"].as_u64(), record["revokedAt"].as_u64().map(|at| at - 100));

    expect_error(daypass.get("/v2/access-token").bearer_auth(&secret), 401, "token_revoked").await;
    expect_error(daypass.delete("/v2/access-token/tok_unknown").bearer_auth(&daypass.admin), 404, "not_found").await;
    expect_error(daypass.get("/v2/access-token/%FF").bearer_auth(&daypass.admin), 404, "not_found").await;
    expect_error(daypass.get("/v2/access-token/a%00b").bearer_auth(&daypass.admin), 404, "not_found").await;
    let of_nobody = json!({"kind": "secret", "name": "n", "owner": "\u{0}"});
    expect_error(daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&of_nobody), 404, "not_found").await;
    expect_error(daypass.delete("/v2/access-token/a%00b").bearer_auth(&daypass.admin), 404, "not_found").await;
}

#[tokio::test]
async fn an_application_id_is_free_again_once_its_token_is_revoked_or_expired() {
    let daypass = Daypass::start();
    let body = json!({"kind": "application", "name": "n", "id": "north~light.v1", "scopes": ["bundle:create"]});
    let create = || daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body);
    let (first, id) = daypass.create_token(body.clone()).await;
    assert_eq!(id, "north~light.v1");
    expect_error(create(), 409, "already_exists").await;
    let reference = daypass.create_reference(&first, &json!({"of": "first"})).await;

    daypass.revoke(&id).await;
    let (second, _) = daypass.create_token(body.clone()).await;
    expect_error(create(), 409, "already_exists").await;
    // A reference created with the revoked key does not work again with the new one.
    let (status, _) = send(daypass.get("/verify").header("x-api-token", &reference)).await;
    assert_eq!(status, 403);

    daypass.execute(&format!("UPDATE token SET expires_at = 1 WHERE id = '{id}'"));
    daypass.create_token(body.clone()).await;
    for inactive in [first, second] {
        let (status, _) = send(daypass.post("/generate").header("x-api-key", inactive).json(&json!({}))).await;
        assert_eq!(status, 403);
    }
}

#[tokio::test]
async fn an_organization_sees_only_its_own_tokens() {
    let daypass = Daypass::start();
    let (other, id) = daypass.create_secret().await;
    // Nothing creates a second organization yet, so the test writes it.
    let move_away = "INSERT INTO organization (id, created_at) VALUES ('org_other', 1);
        UPDATE token SET organization = 'org_other',
            grants = '[{\"tenant\":\"org_other\",\"scopes\":[\"token:read\",\"token:introspect\"]}]'
        WHERE name = 'Backend'";
    daypass.execute(move_away);

    let path = format!("/v2/access-token/{id}");
    expect_error(daypass.get(&path).bearer_auth(&daypass.admin), 404, "not_found").await;
    expect_error(daypass.delete(&path).bearer_auth(&daypass.admin), 404, "not_found").await;
    let (_, introspected) =
        send(daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &other)])).await;
    assert_eq!(introspected, json!({"active": false}));
    let (status, list) = send(daypass.get("/v2/access-token").bearer_auth(&other)).await;
    assert_eq!((status, list["tokens"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(send(daypass.get(&path).bearer_auth(&other)).await.0, 200);
}

fn merged(mut body: Value, more: Value) -> Value {
    let fields = more.as_object().cloned().expect("an object");
    body.as_object_mut().expect("an object").extend(fields);
    body
}
