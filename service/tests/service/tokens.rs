use serde_json::{Value, json};

use crate::running::{Daypass, FLOOR_READ, answer, now, refused, text};

const PUBLISHABLE: [&str; 4] =
    ["customAttributeValues:readPublic", "customAttributes:read", "floor:queryPublic", "floor:readPublic"];

#[tokio::test]
async fn a_created_token_is_its_record_and_its_text_shown_this_once() {
    let daypass = Daypass::start();
    let organization = &daypass.line["organization"];
    let end = now() + 1000;
    let (status, mut created) = daypass
        .create(json!({"kind": "publishable", "name": "Site ☃ '; DROP TABLE token; --", "expiresAt": end,
            "origins": ["Example.com", "*.bücher.example", "https://localhost:8443"]}))
        .await;
    assert_eq!(status, 201, "{created}");
    let token = text(&created["token"]);
    assert!(token.starts_with("dp_pub_"), "{token}");
    let created_at = created["createdAt"].as_u64().expect("a time");
    assert!((now() - 5..=now()).contains(&created_at));

    created.as_object_mut().expect("an object").remove("token");
    let expected = json!({
        "id": created["id"], "kind": "publishable", "name": "Site ☃ '; DROP TABLE token; --",
        "organization": organization,
        "grants": [{"tenant": organization, "scopes": PUBLISHABLE}],
        "origins": ["example.com", "*.xn--bcher-kva.example", "https://localhost:8443"],
        "createdAt": created_at, "expiresAt": end, "revokedAt": null,
        "serial": 2,
        "lastChars": &token[token.len() - 4..],
    });
    assert_eq!(created, expected);

    let path = format!("/v2/access-token/{}", text(&created["id"]));
    assert_eq!(answer(daypass.get(&path).bearer_auth(&daypass.admin)).await, (200, expected.clone()));
    let (_, list) = answer(daypass.get("/v2/access-token").bearer_auth(&daypass.admin)).await;
    assert_eq!(list["tokens"][0], expected, "newest first");
    assert_eq!(list["tokens"][1]["name"], "Admin");
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
        let (status, created) = daypass.create(body.clone()).await;
        assert_eq!((status, &created["grants"][0]["scopes"]), (201, &expected), "{body}");
    }
}

#[tokio::test]
async fn what_may_not_be_created_is_refused_with_the_reason() {
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
        (secret(json!({"name": "a\r\nb"})), "invalid_request", "control characters"),
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
        (secret(json!({"tenant": "other"})), "invalid_body", "unknown field `tenant`"),
        // A limit that is misspelt must not be a token without it.
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
        (application(json!({"id": "x".repeat(129)})), "invalid_request", "The id"),
        (application(json!({"origins": ["a.example"]})), "invalid_request", "Only a publishable"),
        (json!({"kind": "temporary", "name": "n"}), "invalid_request", "kind temporary"),
        (json!({"kind": "bundle", "name": "n", "scopes": [FLOOR_READ]}), "invalid_request", "kind bundle"),
        (json!({"kind": "root", "name": "n"}), "invalid_body", "unknown variant `root`"),
        (json!({"name": "n"}), "invalid_body", "missing field `kind`"),
        (json!({"kind": "secret"}), "invalid_body", "missing field `name`"),
    ] {
        let request = daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body);
        let message = refused(request, 400, code).await;
        assert!(message.contains(says), "{body}: {message}");
    }
    let (_, list) = answer(daypass.get("/v2/access-token").bearer_auth(&daypass.admin)).await;
    assert_eq!(list["tokens"].as_array().map(Vec::len), Some(1), "nothing was made");
}

#[tokio::test]
async fn a_limit_is_kept_as_it_was_asked_for() {
    let daypass = Daypass::start();
    let limits = json!([{"type": "floor", "id": "f".repeat(128)}, {"type": "floor", "id": "A-z_0.9~"}, {"type": "extension", "id": "e"}]);
    let (status, created) = daypass.create(json!({"kind": "secret", "name": "n", "resources": limits})).await;
    assert_eq!((status, &created["grants"][0]["resources"]), (201, &limits));
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_hold() {
    let daypass = Daypass::start();
    let scopes = ["token:create", "floor:readPublic", "floor:export:f1"];
    let (narrow, _) = daypass.made(json!({"kind": "secret", "name": "n", "scopes": scopes})).await;
    let limit = json!([{"type": "floor", "id": "f1"}]);
    let scopes = ["token:create", "floor:export"];
    let (limited, _) = daypass.made(json!({"kind": "secret", "name": "n", "scopes": scopes, "resources": limit})).await;

    let create = |token: &str, body: Value| daypass.post("/v2/access-token").bearer_auth(token).json(&body);
    for (token, body) in [
        (&narrow, json!({"kind": "secret", "name": "n", "scopes": ["floor:export"]})),
        (&narrow, json!({"kind": "secret", "name": "n", "scopes": ["token:read"]})),
        (&narrow, json!({"kind": "secret", "name": "n", "scopes": ["floor:*"]})),
        (&narrow, json!({"kind": "publishable", "name": "n", "origins": ["a.example"], "scopes": [PUBLISHABLE[0]]})),
        (&limited, json!({"kind": "secret", "name": "n", "scopes": ["floor:export"]})),
        (&limited, json!({"kind": "publishable", "name": "n", "origins": ["a.example"], "resources": limit})),
    ] {
        refused(create(token, body), 400, "invalid_scope").await;
    }
    for (token, body, scopes) in [
        (&narrow, json!({"kind": "secret", "name": "n", "scopes": ["floor:export:f1"]}), json!(["floor:export:f1"])),
        (&narrow, json!({"kind": "publishable", "name": "n", "origins": ["a.example"]}), json!(["floor:readPublic"])),
        (&limited, json!({"kind": "secret", "name": "n", "resources": limit}), json!(["floor:export"])),
    ] {
        let (status, created) = answer(create(token, body.clone())).await;
        assert_eq!((status, &created["grants"][0]["scopes"]), (201, &scopes), "{body}");
    }
}

#[tokio::test]
async fn each_path_needs_a_secret_token_with_its_scope() {
    let daypass = Daypass::start();
    let (_, id) = daypass.secret().await;
    let path = format!("/v2/access-token/{id}");
    let body = json!({"kind": "secret", "name": "n"});
    let (temporary, partner) = (daypass.temporary(&daypass.admin).await, daypass.partner().await);
    let bundle = daypass.reference(&partner, &json!({})).await;
    let origins = ["a.example"];
    let (publishable, _) = daypass.made(json!({"kind": "publishable", "name": "n", "origins": origins})).await;
    let own = ["token:create", "token:read", "token:revoke", "token:introspect", "bundle:create"];
    for scope in own {
        let others: Vec<_> = own.into_iter().filter(|other| *other != scope).collect();
        let (without, _) = daypass.made(json!({"kind": "secret", "name": "n", "scopes": others})).await;
        let requests = || match scope {
            "token:create" => vec![daypass.post("/v2/access-token").json(&body)],
            "token:read" => vec![daypass.get("/v2/access-token"), daypass.get(&path)],
            "token:revoke" => vec![
                daypass.delete(&path),
                daypass.post("/revoke").form(&[("token", "x")]),
                daypass.post("/v2/revocation").json(&json!({"issuedBefore": 1})),
            ],
            "token:introspect" => {
                vec![daypass.post("/introspect").form(&[("token", "x")]), daypass.get("/v2/revocation")]
            }
            _ => vec![daypass.post("/v2/bundle/create").json(&json!({"parameters": {}}))],
        };
        for request in requests() {
            let message = refused(request.bearer_auth(&without), 403, "insufficient_scope").await;
            assert!(message.contains(scope), "{message}");
        }
        for token in [&temporary, &bundle, &partner] {
            for request in requests() {
                if scope != "bundle:create" || token != &partner {
                    refused(request.bearer_auth(token), 403, "kind_not_accepted").await;
                }
            }
        }
        for request in requests() {
            let request = request.bearer_auth(&publishable).header("origin", "https://a.example");
            refused(request, 403, "kind_not_accepted").await;
        }
        for request in requests() {
            refused(request, 401, "missing_token").await;
        }
    }
    let (_, record) = answer(daypass.get(&path).bearer_auth(&daypass.admin)).await;
    assert_eq!(record["revokedAt"], Value::Null);
}

#[tokio::test]
async fn a_list_can_be_of_one_kind() {
    let daypass = Daypass::start();
    let partner = daypass.partner().await;
    daypass.reference(&partner, &json!({})).await;
    for (query, kinds) in [
        ("", json!(["application", "secret"])),
        ("?kind=secret", json!(["secret"])),
        ("?kind=application", json!(["application"])),
        ("?kind=publishable", json!([])),
        ("?kind=bundle", json!(["bundle"])),
    ] {
        let (status, list) = answer(daypass.get(&format!("/v2/access-token{query}")).bearer_auth(&daypass.admin)).await;
        let seen: Vec<_> = list["tokens"].as_array().expect("a list").iter().map(|token| &token["kind"]).collect();
        assert_eq!((status, json!(seen)), (200, kinds), "{query}");
    }
    refused(daypass.get("/v2/access-token?kind=root").bearer_auth(&daypass.admin), 400, "invalid_request").await;
}

#[tokio::test]
async fn a_revocation_is_for_good_and_keeps_its_time() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.secret().await;
    let record = daypass.revoke(&id).await;
    assert!(record["revokedAt"].as_u64().is_some_and(|at| (now() - 5..=now()).contains(&at)));

    daypass.sql().execute("UPDATE token SET revoked_at = revoked_at - 100 WHERE id = ?1", [&id]).expect("a row");
    let again = daypass.revoke(&id).await;
    assert_eq!(again["revokedAt"].as_u64(), record["revokedAt"].as_u64().map(|at| at - 100));

    refused(daypass.get("/v2/access-token").bearer_auth(&secret), 401, "token_revoked").await;
    refused(daypass.delete("/v2/access-token/tok_unknown").bearer_auth(&daypass.admin), 404, "not_found").await;
    refused(daypass.get("/v2/access-token/%FF").bearer_auth(&daypass.admin), 404, "not_found").await;
}

#[tokio::test]
async fn an_application_id_is_free_again_once_its_token_is_dead() {
    let daypass = Daypass::start();
    let body = json!({"kind": "application", "name": "n", "id": "north~light.v1", "scopes": ["bundle:create"]});
    let create = || daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body);
    let (first, id) = daypass.made(body.clone()).await;
    assert_eq!(id, "north~light.v1");
    refused(create(), 409, "already_exists").await;
    let reference = daypass.reference(&first, &json!({"of": "first"})).await;

    daypass.revoke(&id).await;
    let (second, _) = daypass.made(body.clone()).await;
    refused(create(), 409, "already_exists").await;
    // What was made with the dead key does not come back with the new one.
    let (status, _) = answer(daypass.get("/verify").header("x-api-token", &reference)).await;
    assert_eq!(status, 403);

    daypass.sql().execute("UPDATE token SET expires_at = 1 WHERE id = ?1", [&id]).expect("rows");
    daypass.made(body.clone()).await;
    for dead in [first, second] {
        let (status, _) = answer(daypass.post("/generate").header("x-api-key", dead).json(&json!({}))).await;
        assert_eq!(status, 403);
    }
}

#[tokio::test]
async fn an_organization_sees_its_own_tokens_alone() {
    let daypass = Daypass::start();
    let (other, id) = daypass.secret().await;
    // There is no way yet to make a second organization but to write it.
    let move_away = "INSERT INTO organization (id, created_at) VALUES ('org_other', 1);
        UPDATE token SET organization = 'org_other',
            grants = '[{\"tenant\":\"org_other\",\"scopes\":[\"token:read\",\"token:introspect\"]}]'
        WHERE name = 'Backend'";
    daypass.sql().execute_batch(move_away).expect("rows");

    let path = format!("/v2/access-token/{id}");
    refused(daypass.get(&path).bearer_auth(&daypass.admin), 404, "not_found").await;
    refused(daypass.delete(&path).bearer_auth(&daypass.admin), 404, "not_found").await;
    let (_, introspected) =
        answer(daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", &other)])).await;
    assert_eq!(introspected, json!({"active": false}));
    let (status, list) = answer(daypass.get("/v2/access-token").bearer_auth(&other)).await;
    assert_eq!((status, list["tokens"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(answer(daypass.get(&path).bearer_auth(&other)).await.0, 200);
}

fn merged(mut body: Value, more: Value) -> Value {
    let fields = more.as_object().cloned().expect("an object");
    body.as_object_mut().expect("an object").extend(fields);
    body
}
