//! Principals of an organization, over HTTP and on the command line.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::running::{Daypass, expect_error, send, to_text};

fn path(daypass: &Daypass, rest: &str) -> String {
    format!("/v2/organization/{}/principal{rest}", daypass.organization())
}

async fn add(daypass: &Daypass, body: Value) -> Value {
    let request = daypass.post(&path(daypass, "")).bearer_auth(&daypass.admin);
    let (status, record) = send(request.json(&body)).await;
    assert_eq!(status, 201, "{}", record["message"]);
    record
}

fn edit(daypass: &Daypass, id: &Value, body: &Value) -> RequestBuilder {
    let path = path(daypass, &format!("/{}", to_text(id)));
    daypass.request(Method::PATCH, &path).bearer_auth(&daypass.admin).json(body)
}

/// Reads a list in pages, and returns the ids of each page.
async fn pages(daypass: &Daypass, query: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (vec![], String::new());
    loop {
        let path = path(daypass, &format!("?{query}{cursor}"));
        let (status, page) = send(daypass.get(&path).bearer_auth(&daypass.admin)).await;
        assert_eq!((status, page.as_object().map(serde_json::Map::len)), (200, Some(2)), "{page}");
        let ids = page["principals"].as_array().expect("a list").iter().map(|one| to_text(&one["id"]));
        pages.push(ids.collect());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn an_owner_token_adds_lists_edits_and_removes_principals() {
    let daypass = Daypass::start();
    let user = json!({"kind": "user", "name": "Ada", "email": " Ada@Example.com ", "role": "developer"});
    let ada = add(&daypass, user.clone()).await;
    let (_, tokens) = send(daypass.get("/v2/access-token").bearer_auth(&daypass.admin)).await;
    let record = json!({
        "id": ada["id"], "organization": daypass.organization(), "kind": "user", "name": "Ada",
        "email": "ada@example.com", "role": "developer", "createdAt": ada["createdAt"],
        "createdBy": tokens["tokens"][0]["id"], "removedAt": null, "version": 1,
    });
    assert_eq!(ada, record);
    assert!(to_text(&ada["id"]).starts_with("usr_") && ada["createdAt"].is_u64());
    let shop = add(&daypass, json!({"kind": "serviceAccount", "name": "Shop"})).await;
    let partner = add(&daypass, json!({"kind": "application", "name": "Partner"})).await;
    assert!(to_text(&shop["id"]).starts_with("svc_") && to_text(&partner["id"]).starts_with("app_"));
    assert_eq!((&shop["email"], &shop["role"]), (&Value::Null, &Value::Null));

    let shown = daypass.get(&path(&daypass, &format!("/{}", to_text(&ada["id"])))).bearer_auth(&daypass.admin);
    let response = shown.try_clone().expect("a request").send().await.expect("a response");
    assert_eq!(response.headers()["etag"], "\"1\"");
    assert_eq!(response.json::<Value>().await.expect("JSON"), record);
    let ids = [&ada, &shop, &partner].map(|principal| to_text(&principal["id"]));
    assert_eq!(pages(&daypass, "").await, [ids.to_vec()]);
    assert_eq!(pages(&daypass, "limit=2").await, [&ids[..2], &ids[2..]]);
    assert_eq!(pages(&daypass, "limit=1").await.concat(), ids);
    assert_eq!(pages(&daypass, "kind=serviceAccount").await, [[ids[1].clone()]]);

    let request = edit(&daypass, &ada["id"], &json!({"name": "Ada L."})).header("if-match", "\"1\"");
    let (status, edited) = send(request.try_clone().expect("a request")).await;
    assert_eq!((status, &edited["name"], &edited["version"]), (200, &json!("Ada L."), &json!(2)));
    let message = expect_error(request, 409, "version_conflict").await;
    assert!(message.contains("its version is 2"), "{message}");
    let (_, promoted) = send(edit(&daypass, &ada["id"], &json!({"role": "owner"}))).await;
    assert_eq!((&promoted["role"], &promoted["version"]), (&json!("owner"), &json!(3)));
    let (_, same) = send(edit(&daypass, &ada["id"], &json!({"role": "owner"}))).await;
    assert_eq!(same["version"], 3, "nothing changed");
    expect_error(edit(&daypass, &shop["id"], &json!({"role": "owner"})), 400, "invalid_request").await;

    let removal = || daypass.delete(&path(&daypass, &format!("/{}", ids[0]))).bearer_auth(&daypass.admin);
    let (status, removed) = send(removal()).await;
    assert_eq!((status, removed["removedAt"].is_u64()), (200, true), "the last owner can be removed by a token");
    assert_eq!(send(removal()).await, (200, removed.clone()), "the first removal stands");
    assert_eq!(send(shown).await, (200, removed));
    assert_eq!(pages(&daypass, "").await, [ids[1..].to_vec()]);
    assert_eq!(pages(&daypass, &format!("cursor={}", ids[0])).await, [ids[1..].to_vec()], "its place is still known");
    expect_error(edit(&daypass, &ada["id"], &json!({"name": "n"})), 400, "invalid_request").await;
    assert_ne!(add(&daypass, user).await["id"], ids[0], "the person can be added again");
}

#[tokio::test]
async fn an_invalid_principal_request_is_refused_with_the_reason() {
    let daypass = Daypass::start();
    add(&daypass, json!({"kind": "user", "name": "n", "email": "ada@example.com", "role": "viewer"})).await;
    for (body, status, code, says) in [
        (json!({"name": "n"}), 400, "invalid_body", "missing field `kind`"),
        (json!({"kind": "robot", "name": "n"}), 400, "invalid_body", "kind: unknown variant `robot`"),
        (json!({"kind": "application", "name": ""}), 400, "invalid_request", "The `name` must be 1 to 512 characters"),
        (json!({"kind": "application", "name": "n", "id": "a"}), 400, "invalid_body", "unknown field `id`"),
        (json!({"kind": "application", "name": "n", "role": "owner"}), 400, "invalid_request", "Only a user"),
        (json!({"kind": "user", "name": "n", "role": "owner"}), 400, "invalid_request", "A user needs an `email`"),
        (json!({"kind": "user", "name": "n", "email": "a@b.c"}), 400, "invalid_request", "A user needs a `role`"),
        (
            json!({"kind": "user", "name": "n", "email": "a@b.c", "role": "boss"}),
            400,
            "invalid_body",
            "role: unknown variant `boss`",
        ),
        (
            json!({"kind": "user", "name": "n", "email": "a b@c.d", "role": "owner"}),
            400,
            "invalid_request",
            "The `email` must be an address",
        ),
        (
            json!({"kind": "user", "name": "n", "email": "ADA@example.com", "role": "owner"}),
            409,
            "already_exists",
            "",
        ),
    ] {
        let request = daypass.post(&path(&daypass, "")).bearer_auth(&daypass.admin).json(&body);
        let message = expect_error(request, status, code).await;
        assert!(message.contains(says), "{body}: {message}");
    }
    for (query, says) in [
        ("?kind=robot", "unknown variant `robot`"),
        ("?limit=0", "from 1 to 1000, not `0`"),
        ("?cursor=usr_nobody", "The `cursor` is not one of this list."),
        ("?name=n", "unknown field `name`"),
    ] {
        let request = daypass.get(&path(&daypass, query)).bearer_auth(&daypass.admin);
        let message = expect_error(request, 400, "invalid_request").await;
        assert!(message.contains(says), "{query}: {message}");
    }
    for id in ["nobody", "a%00b", "usr_%FF"] {
        let one = path(&daypass, &format!("/{id}"));
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let request = daypass.request(method, &one).bearer_auth(&daypass.admin).json(&json!({"name": "n"}));
            expect_error(request, 404, "not_found").await;
        }
    }
    let (secret, _) = daypass.create_secret().await;
    expect_error(daypass.get(&path(&daypass, "")).bearer_auth(secret), 403, "insufficient_scope").await;
    expect_error(daypass.get(&path(&daypass, "")), 401, "missing_token").await;
}

#[tokio::test]
async fn principals_of_another_organization_are_not_found() {
    let daypass = Daypass::start();
    let operator = to_text(&daypass.line["operatorToken"]);
    let request = daypass.post("/v2/organization").bearer_auth(&operator).json(&json!({"name": "Other"}));
    let (_, other) = send(request).await;
    let (other_id, other_owner) = (to_text(&other["id"]), to_text(&other["ownerToken"]["token"]));
    let shop = add(&daypass, json!({"kind": "serviceAccount", "name": "Shop"})).await;
    let shop = to_text(&shop["id"]);

    let (own, foreign) = (path(&daypass, ""), format!("/v2/organization/{other_id}/principal"));
    let body = json!({"kind": "application", "name": "n"});
    for (token, list) in [(&other_owner, &own), (&daypass.admin, &foreign)] {
        expect_error(daypass.get(list).bearer_auth(token), 404, "not_found").await;
        expect_error(daypass.post(list).bearer_auth(token).json(&body), 404, "not_found").await;
    }
    for (token, one) in [(&other_owner, format!("{own}/{shop}")), (&other_owner, format!("{foreign}/{shop}"))] {
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let request = daypass.request(method, &one).bearer_auth(token).json(&json!({"name": "n"}));
            expect_error(request, 404, "not_found").await;
        }
    }
    let cursor = daypass.get(&format!("{foreign}?cursor={shop}")).bearer_auth(&other_owner);
    expect_error(cursor, 400, "invalid_request").await;
    let tokens = daypass.get(&format!("/v2/access-token?owner={shop}")).bearer_auth(&other_owner);
    expect_error(tokens, 404, "not_found").await;
    let token = json!({"kind": "secret", "name": "n", "owner": shop});
    expect_error(daypass.post("/v2/access-token").bearer_auth(&other_owner).json(&token), 404, "not_found").await;

    // The operator administers them all.
    let (status, added) = send(daypass.post(&foreign).bearer_auth(&operator).json(&body)).await;
    assert_eq!((status, &added["organization"]), (201, &json!(other_id)));
    assert_eq!(send(daypass.get(&format!("{own}/{shop}")).bearer_auth(&operator)).await.0, 200);
    let missing = "/v2/organization/nothing/principal";
    expect_error(daypass.get(missing).bearer_auth(&operator), 404, "not_found").await;
    expect_error(daypass.post(missing).bearer_auth(&operator).json(&body), 404, "not_found").await;
}

#[tokio::test]
async fn the_command_line_manages_each_kind_of_principal() {
    let daypass = Daypass::start();
    let ada = daypass.json(&["user", "add", "--name", "Ada", "--email", "Ada@example.com", "--role", "developer"]);
    let shop = daypass.json(&["service-account", "add", "--name", "Shop"]);
    let partner = daypass.json(&["application", "add", "--name", "Partner"]);
    assert_eq!((&ada["kind"], &ada["email"]), (&json!("user"), &json!("ada@example.com")));
    assert_eq!((&shop["kind"], &partner["kind"]), (&json!("serviceAccount"), &json!("application")));
    assert_eq!(ada["createdBy"], Value::Null);
    for (word, principal) in [("user", &ada), ("service-account", &shop), ("application", &partner)] {
        let id = to_text(&principal["id"]);
        assert_eq!(daypass.json(&[word, "list"])["principals"], json!([principal]));
        let output = daypass.command(&[word, "list", "--organization", &daypass.organization()]);
        let line = String::from_utf8_lossy(&output.stdout);
        assert!(line.starts_with(&id) && line.contains(&*to_text(&principal["name"])), "{line}");
        let edited = daypass.json(&[word, "edit", &id, "--name", "New name", "--if-version", "1"]);
        assert_eq!((&edited["name"], &edited["version"]), (&json!("New name"), &json!(2)));
    }
    let [ada, shop] = [&ada, &shop].map(|principal| to_text(&principal["id"]));
    for (arguments, says) in [
        (&["user", "edit", &ada][..], "nothing to change: give the user a --name or a --role"),
        (&["application", "edit", &ada], "nothing to change: give the application a --name"),
        (&["user", "edit", &ada, "--name", "n", "--if-version", "1"], "was edited meanwhile, its version is 2"),
        (&["user", "edit", &shop, "--name", "n"], &format!("no user with id {shop} in")),
        (&["user", "remove", "usr_nobody", "--yes"], "no user with id usr_nobody in"),
        (&["user", "remove", "usr_nobody", "--yes"], "user list"),
        (&["user", "add", "--name", "n", "--email", "ada@example.com", "--role", "owner"], "has a user with the email"),
        (&["user", "add", "--name", "n", "--email", "ada", "--role", "owner"], "must be an address such as"),
        (&["user", "add", "--name", "n", "--email", "a@b.c", "--role", "boss"], "[possible values: viewer, developer"),
        (&["token", "create", "--kind", "secret", "--name", "n", "--owner", "svc_x"], "with id svc_x"),
        (&["token", "list", "--owner", "svc_x"], "with id svc_x"),
    ] {
        let output = daypass.command(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn a_removal_on_the_command_line_tells_how_many_tokens_end() {
    let daypass = Daypass::start();
    let shop = to_text(&daypass.json(&["service-account", "add", "--name", "Shop"])["id"]);
    let owner = ["--owner", &*shop];
    for name in ["a", "b"] {
        let token = daypass.json(&[&["token", "create", "--kind", "secret", "--name", name][..], &owner].concat());
        assert_eq!(token["owner"], json!(shop));
    }
    let site = ["token", "create", "--kind", "publishable", "--name", "Site", "--origin", "a.example"];
    let site = daypass.json(&[&site[..], &owner].concat());
    let output = daypass.token_command(&["show", &to_text(&site["id"])]);
    assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("owner    {shop}\n")));
    assert_eq!(daypass.json(&["token", "list", "--owner", &shop])["tokens"].as_array().map(Vec::len), Some(3));

    let output = daypass.command(&["service-account", "remove", &shop]);
    let error = String::from_utf8_lossy(&output.stderr);
    for says in [
        &*format!("This removes the service account {shop} (Shop) from the organization"),
        "active tokens: 1 publishable, 2 secret",
        "cannot be undone",
        "with --yes",
    ] {
        assert!(error.contains(says), "{says}: {error}");
    }
    assert!(!output.status.success());
    let removed = daypass.json(&["service-account", "remove", &shop, "--yes"]);
    assert!(removed["removedAt"].is_u64());
    let list = daypass.json(&["token", "list", "--owner", &shop, "--state", "revoked"]);
    assert_eq!(list["tokens"].as_array().map(Vec::len), Some(3));
}
