//! What Crafter's access tokens may do, and how they and the tokens of others are shown.

use serde_json::{Value, json};

use super::crafter::{bootstrap, call, create, start};
use super::running::{Daypass, send, to_text};

async fn all(daypass: &Daypass, caller: &str) -> Vec<Value> {
    let (status, all) = call(daypass.get("/api/1/access_token/all").query(&[("accessTokenId", caller)])).await;
    assert_eq!(status, 200, "{}", all["message"]);
    all.as_array().expect("a list").clone()
}

async fn shown(daypass: &Daypass, caller: &str, id: &str) -> Value {
    let path = format!("/api/1/access_token/{id}");
    let (status, token) = call(daypass.get(&path).query(&[("accessTokenId", caller)])).await;
    assert_eq!(status, 200, "{}", token["message"]);
    token
}

fn permission(tenant: &str, actions: &[&str]) -> Value {
    json!({"tenant": tenant, "allowedActions": actions})
}

#[tokio::test]
async fn the_first_tokens_are_made_once_with_random_ids_and_no_end() {
    let daypass = start();
    let first = bootstrap(&daypass);
    assert_eq!(first.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    let [admin, engine, social] = &first;
    let reads = [permission("*", &["READ_TENANT", "MANAGE_PROFILES", "MANAGE_TICKETS"])];
    for (credential, application, master, permissions) in [
        (admin, "profile-admin", true, json!([permission("*", &["*"])])),
        (engine, "engine", false, json!(reads)),
        (social, "social", false, json!(reads)),
    ] {
        let expected = json!({"id": application, "application": application, "master": master,
            "tenantPermissions": permissions, "expiresOn": null});
        assert_eq!(shown(&daypass, admin, application).await, expected);
        assert_eq!(shown(&daypass, admin, credential).await["application"], application);
    }
    // Another run makes what is missing.
    let none = json!({"tokens": []});
    assert_eq!(daypass.json(&["crafter", "bootstrap"]), none);
    daypass.json(&["token", "revoke", "engine"]);
    let again = daypass.json(&["crafter", "bootstrap"]);
    assert_eq!(again["tokens"].as_array().map(Vec::len), Some(1), "{}", again["tokens"][0]["id"]);
    assert!(to_text(&again["tokens"][0]["token"]) != *engine, "another token");
    let text = daypass.command(&["crafter", "bootstrap"]);
    let nothing = "The organization has these three tokens: nothing was created.\n";
    assert_eq!(String::from_utf8_lossy(&text.stdout), nothing);
    // Where several organizations share the product, `*` would reach the tenants of another.
    daypass.json(&["organization", "create", "--name", "Other", "--id", "other"]);
    let refused = daypass.command(&["crafter", "bootstrap", "--organization", "other"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("name the tenants of other with --tenant"));
    let other = daypass.json(&["crafter", "bootstrap", "--organization", "other", "--tenant", "site3"]);
    let other = to_text(&other["tokens"][0]["token"]);
    assert_eq!(shown(&daypass, &other, "social").await["tenantPermissions"][0]["tenant"], "site3");
}

#[test]
fn the_first_tokens_need_the_scopes_of_crafter() {
    let daypass = Daypass::start_with(&["--protocols=space-api"]);
    let output = daypass.command(&["crafter", "bootstrap"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("The catalogue needs the scopes of Crafter Profile"), "{error}");
}

#[tokio::test]
async fn no_token_gets_more_than_its_creator_holds() {
    let daypass = start();
    let [admin, ..] = bootstrap(&daypass);
    let site1 = json!({"application": "site1's master", "master": true, "tenantPermissions": [
        permission("site1", &["READ_TENANT", "UPDATE_TENANT"]), permission("site2", &["READ_TENANT"]),
    ]});
    let master = to_text(&call(create(&daypass, &admin, &site1)).await.1["id"]);
    for (permissions, expected) in [
        (json!([permission("site1", &["READ_TENANT", "UPDATE_TENANT"])]), 200),
        (json!([permission("site1", &["UPDATE_TENANT"]), permission("site2", &["READ_TENANT"])]), 200),
        (json!([permission("site2", &["UPDATE_TENANT"])]), 403),
        (json!([permission("site1", &["*"])]), 403),
        (json!([permission("*", &["READ_TENANT"])]), 403),
        (json!([permission("site3", &["READ_TENANT"])]), 403),
        (json!([permission("site3", &[])]), 200),
        (json!([]), 200),
        (Value::Null, 200),
    ] {
        for is_master in [true, false] {
            let token = json!({"application": "a", "master": is_master, "tenantPermissions": permissions});
            let (status, answer) = call(create(&daypass, &master, &token)).await;
            assert_eq!(status, expected, "{permissions}: {}", answer["message"]);
            if status == 403 {
                assert_eq!(answer["errorCode"], "ACTION_DENIED", "{permissions}");
            }
        }
    }
}

#[tokio::test]
async fn a_master_token_manages_its_own_organization_alone() {
    let daypass = start();
    let [admin, ..] = bootstrap(&daypass);
    daypass.json(&["organization", "create", "--name", "Other", "--id", "other"]);
    let other = daypass.json(&["crafter", "bootstrap", "--organization", "other", "--tenant", "*"]);
    let other = to_text(&other["tokens"][0]["token"]);
    let chosen = json!({"id": "a-chosen-id-of-the-first", "application": "a", "tenantPermissions": []});
    assert_eq!(call(create(&daypass, &admin, &chosen)).await.0, 200);
    let listed = all(&daypass, &admin).await;
    assert_eq!((listed.len(), all(&daypass, &other).await.len()), (4, 3));
    // The other organization does not get the id either, whatever becomes of the token that has it.
    let steal = async || {
        let (status, error) = call(create(&daypass, &other, &chosen)).await;
        assert_eq!((status, &error["errorCode"]), (409, &json!("ACCESS_TOKEN_EXISTS")));
    };
    steal().await;
    let deletion = daypass.post("/api/1/access_token/a-chosen-id-of-the-first/delete");
    assert_eq!(call(deletion.form(&[("accessTokenId", &admin)])).await.0, 200);
    steal().await;
    assert_eq!(call(create(&daypass, &admin, &chosen)).await.0, 200, "its own organization gets it again");
    for id in ["a-chosen-id-of-the-first", &to_text(&listed[0]["id"]), &admin] {
        for request in [
            daypass.get(&format!("/api/1/access_token/{id}")).query(&[("accessTokenId", &other)]),
            daypass.post(&format!("/api/1/access_token/{id}/delete")).form(&[("accessTokenId", &other)]),
        ] {
            let (status, error) = call(request).await;
            assert_eq!((status, &error["errorCode"]), (404, &json!("NO_SUCH_ACCESS_TOKEN_ID")));
        }
    }
    // A tenant with the name of another organization is the product's tenant: it opens nothing of Daypass's.
    let organization = daypass.organization();
    let permissions = [permission(&organization, &["*"]), permission("*", &["*"])];
    let token = json!({"application": "a", "master": true, "tenantPermissions": permissions});
    let token = to_text(&call(create(&daypass, &other, &token)).await.1["id"]);
    assert_eq!(all(&daypass, &token).await.len(), 4, "those of its own organization");
    // Nor does it manage tokens by the native paths, which are for secret tokens.
    for path in ["/v2/access-token", "/v2/organization", "/v2/organization/other", "/v2/revocation"] {
        let (status, error) = send(daypass.get(path).bearer_auth(&token)).await;
        assert_eq!((status, &error["error"]), (403, &json!("kind_not_accepted")), "{path}");
    }
}

#[tokio::test]
async fn its_tokens_are_shown_natively_with_their_kind_and_grants() {
    let daypass = start();
    let [admin, ..] = bootstrap(&daypass);
    let token = json!({"id": "an-id-that-is-chosen", "application": "site manager", "master": true,
        "expiresOn": 4_102_444_800_000_u64, "tenantPermissions": [
            permission("site1", &["READ_TENANT", "MANAGE_PROFILES"]), permission("*", &["READ_TENANT"]),
        ]});
    assert_eq!(call(create(&daypass, &admin, &token)).await.0, 200);
    let id = to_text(&all(&daypass, &admin).await[0]["id"]);
    let (status, record) = send(daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin)).await;
    assert_eq!(status, 200, "{record}");
    let grants = json!([
        {"tenant": "site1", "scopes": ["profile:manage", "tenant:read"]},
        {"tenant": "*", "scopes": ["tenant:read"]},
        {"tenant": daypass.organization(), "scopes": ["token:create", "token:read", "token:revoke"]},
    ]);
    assert_eq!((&record["kind"], &record["name"]), (&json!("application"), &json!("site manager")));
    assert_eq!(record["grants"], grants);
    assert_eq!((&record["createdBy"], &record["expiresAt"]), (&json!("profile-admin"), &json!(4_102_444_800_u64)));
    assert_eq!(daypass.json(&["token", "show", &id])["grants"], grants);
    let listed = daypass.command(&["token", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout);
    assert!(listed.contains(&id) && !listed.contains("an-id-that-is-chosen"), "{listed}");
    for (_, content) in daypass.contents() {
        let is_there = |text: &str| content.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!is_there("an-id-that-is-chosen") && !is_there(&admin), "only hashes are stored");
    }
    // Revoked natively, it is gone; edited it cannot be.
    let edit = daypass.request(reqwest::Method::PATCH, &format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin);
    assert_eq!(send(edit.json(&json!({"name": "other"}))).await.1["error"], "token_immutable");
    daypass.revoke(&id).await;
    let (status, error) = call(create(&daypass, "an-id-that-is-chosen", &json!({"application": "a"}))).await;
    assert_eq!((status, &error["errorCode"]), (403, &json!("ACCESS_DENIED")));
}

#[tokio::test]
async fn what_crafter_cannot_say_is_shown_by_its_own_text_and_never_as_more() {
    let daypass = start();
    let [admin, ..] = bootstrap(&daypass);
    let organization = daypass.organization();
    let create = |id: &str, options: &[&str]| {
        let base = ["token", "create", "--kind", "application", "--name", id, "--id", id];
        daypass.json(&[&base, options].concat());
    };
    let limits = ["--resource", "tenant:t1", "--resource", "profile:p1"];
    create("limited", &[&["--tenant", "site1", "--scope", "tenant:read"], &limits[..]].concat());
    create("one", &["--grant", "site1=tenant:read:t1,profile:manage"]);
    create("wildcard", &["--grant", "site1=tenant:*", "--grant", "site2=*"]);
    create("partner", &["--grant", &format!("{organization}=bundle:create,token:read")]);
    create("every", &["--grant", "*=token:create,token:read,token:revoke,tenant:read"]);
    let service = daypass.json(&["service-account", "add", "--name", "Build"]);
    create("owned", &["--grant", "site1=tenant:read", "--owner", &to_text(&service["id"])]);
    for (id, master, permissions) in [
        ("limited", false, json!([permission("site1", &["tenant:read only tenant:t1 profile:p1"])])),
        ("one", false, json!([permission("site1", &["MANAGE_PROFILES", "tenant:read:t1"])])),
        ("wildcard", false, json!([permission("site1", &["tenant:*"]), permission("site2", &["*"])])),
        ("partner", false, json!([permission(&organization, &["bundle:create", "token:read"])])),
        ("every", true, json!([permission("*", &["READ_TENANT", "token:create", "token:read", "token:revoke"])])),
        ("owned", false, json!([permission("site1", &["READ_TENANT"])])),
    ] {
        let token = shown(&daypass, &admin, id).await;
        assert_eq!((&token["master"], &token["tenantPermissions"]), (&json!(master), &permissions), "{id}");
    }
    // A token of another kind is not shown at all, and not deleted here.
    let (_, id) = daypass.create_secret().await;
    assert!(all(&daypass, &admin).await.iter().all(|token| token["id"] != id));
    let delete = daypass.post(&format!("/api/1/access_token/{id}/delete")).form(&[("accessTokenId", &admin)]);
    assert_eq!(call(delete).await.0, 404);
}
