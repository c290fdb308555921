//! Organizations over HTTP and on the command line: tenants that never meet.

use std::time::Duration;

use daypass::Error;
use daypass::verify::{Credentials, RemoteKeys, Revocations, TokenLocation, Verifier};
use reqwest::Method;
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, send, to_text};

fn operator(daypass: &Daypass) -> String {
    to_text(&daypass.line["operatorToken"])
}

/// Creates an organization, and returns its id and its owner token.
async fn create(daypass: &Daypass, name: &str) -> (String, String) {
    let request = daypass.post("/v2/organization").bearer_auth(operator(daypass));
    let (status, created) = send(request.json(&json!({"name": name}))).await;
    assert_eq!(status, 201, "{}", created["message"]);
    (to_text(&created["id"]), to_text(&created["ownerToken"]["token"]))
}

#[tokio::test]
async fn an_operator_creates_lists_renames_and_revokes_organizations() {
    let mut daypass = Daypass::start();
    let operator = operator(&daypass);
    assert!(operator.starts_with("dp_sec_"));
    let request = daypass.post("/v2/organization").bearer_auth(&operator);
    let (status, created) = send(request.json(&json!({"name": "Northlight", "id": "northlight"}))).await;
    assert_eq!(status, 201, "{}", created["message"]);
    let record = json!({
        "id": "northlight", "name": "Northlight", "state": "active", "isOperator": false,
        "createdAt": created["createdAt"], "issuedBefore": null, "suspendedAt": null, "revokedAt": null,
        "limits": {
            "publishable": 100, "secret": 100, "application": 10_000, "personal": 10_000, "principals": 10_000,
            "bundles": 1_000_000, "bundleBytes": 1_073_741_824,
        },
    });
    let owner = &created["ownerToken"];
    assert_eq!((&owner["organization"], &owner["name"]), (&json!("northlight"), &json!("Owner")));
    assert_eq!(owner["grants"][0]["tenant"], "northlight");
    let path = "/v2/organization/northlight";
    assert_eq!(send(daypass.get(path).bearer_auth(&operator)).await, (200, record.clone()));

    let rename = daypass.request(Method::PATCH, path).bearer_auth(&operator);
    let (status, renamed) = send(rename.json(&json!({"name": "North Light"}))).await;
    assert_eq!((status, &renamed["name"], &renamed["id"]), (200, &json!("North Light"), &json!("northlight")));

    let list = |query: &str| send(daypass.get(&format!("/v2/organization{query}")).bearer_auth(&operator));
    let (status, whole) = list("").await;
    let ids: Vec<_> =
        whole["organizations"].as_array().expect("a list").iter().map(|one| to_text(&one["id"])).collect();
    assert_eq!((status, whole["nextCursor"].clone(), ids.len()), (200, Value::Null, 3));
    let mut paged = vec![];
    let mut query = "?limit=1".to_owned();
    loop {
        let (_, page) = list(&query).await;
        paged.push(to_text(&page["organizations"][0]["id"]));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=1&cursor={cursor}");
    }
    assert_eq!(paged, ids, "the pages are the list");

    let (status, revoked) = send(daypass.delete(path).bearer_auth(&operator)).await;
    assert_eq!((status, &revoked["state"]), (200, &json!("revoked")));
    assert_eq!(send(daypass.delete(path).bearer_auth(&operator)).await, (200, revoked), "the first revocation stands");
    expect_error(daypass.get(path).bearer_auth(to_text(&owner["token"])), 401, "token_revoked").await;
    daypass.restart();
    assert_eq!(daypass.line["operatorToken"], Value::Null, "it is shown once");
}

#[tokio::test]
async fn an_invalid_organization_request_is_refused_with_the_reason() {
    let daypass = Daypass::start();
    let operator = operator(&daypass);
    create(&daypass, "Chairs").await;
    for (body, status, code, says) in [
        (json!({}), 400, "invalid_body", "missing field `name`"),
        (json!({"name": ""}), 400, "invalid_request", "The `name` must be 1 to 512 characters"),
        (json!({"name": "n", "id": "a b"}), 400, "invalid_request", "The `id` must be 1 to 128"),
        (json!({"name": "n", "id": "*"}), 400, "invalid_request", "The `id` must be 1 to 128"),
        (json!({"name": "n", "id": "operator"}), 409, "already_exists", ""),
        (json!({"name": "n", "owner": "o"}), 400, "invalid_body", "unknown field `owner`"),
    ] {
        let request = daypass.post("/v2/organization").bearer_auth(&operator).json(&body);
        let message = expect_error(request, status, code).await;
        assert!(message.contains(says), "{body}: {message}");
    }
    for (query, says) in [
        ("?limit=0", "limit: expected a whole number from 1 to 1000, not `0`"),
        ("?limit=1001", "from 1 to 1000, not `1001`"),
        ("?after=1", "unknown field"),
        ("?limit=many", "limit"),
        ("?cursor=nothing", "The `cursor` is not one of this list."),
    ] {
        let request = daypass.get(&format!("/v2/organization{query}")).bearer_auth(&operator);
        let message = expect_error(request, 400, "invalid_request").await;
        assert!(message.contains(says), "{query}: {message}");
    }
    for path in ["/v2/organization/nothing", "/v2/organization/a%00b"] {
        expect_error(daypass.get(path).bearer_auth(&operator), 404, "not_found").await;
        expect_error(daypass.delete(path).bearer_auth(&operator), 404, "not_found").await;
        let rename = daypass.request(Method::PATCH, path).bearer_auth(&operator);
        expect_error(rename.json(&json!({"name": "n"})), 404, "not_found").await;
    }
    let last = daypass.delete("/v2/organization/operator").bearer_auth(&operator);
    let message = expect_error(last, 400, "invalid_request").await;
    assert!(message.contains("the last organization whose tokens may administer the service"), "{message}");
    let output = daypass.command(&["organization", "revoke", "operator", "--yes"]);
    assert!(!output.status.success());
}

#[tokio::test]
async fn an_owner_administers_its_organization_and_sees_no_other() {
    let daypass = Daypass::start();
    let (chairs, owner) = create(&daypass, "Chairs").await;
    let (tables, other) = create(&daypass, "Tables").await;

    let (status, record) = send(daypass.get(&format!("/v2/organization/{chairs}")).bearer_auth(&owner)).await;
    assert_eq!((status, &record["name"]), (200, &json!("Chairs")));
    let rename = daypass.request(Method::PATCH, &format!("/v2/organization/{chairs}")).bearer_auth(&owner);
    assert_eq!(send(rename.json(&json!({"name": "Our chairs"}))).await.1["name"], "Our chairs");
    for (method, path) in [
        (Method::GET, format!("/v2/organization/{tables}")),
        (Method::PATCH, format!("/v2/organization/{tables}")),
        (Method::GET, "/v2/organization/operator".into()),
    ] {
        let request = daypass.request(method, &path).bearer_auth(&owner).json(&json!({"name": "mine"}));
        expect_error(request, 404, "not_found").await;
    }
    for (method, path) in [
        (Method::GET, "/v2/organization".to_owned()),
        (Method::POST, "/v2/organization".to_owned()),
        (Method::DELETE, format!("/v2/organization/{chairs}")),
        (Method::DELETE, format!("/v2/organization/{tables}")),
    ] {
        let request = daypass.request(method, &path).bearer_auth(&owner).json(&json!({"name": "mine"}));
        expect_error(request, 403, "insufficient_scope").await;
    }

    // Tokens of the two never meet, though their ids are the same.
    let partner = json!({"kind": "application", "name": "Partner", "id": "partner", "scopes": [FLOOR_READ]});
    let mut tokens = vec![];
    for owner in [&owner, &other] {
        let (status, created) = send(daypass.post("/v2/access-token").bearer_auth(owner).json(&partner)).await;
        assert_eq!(status, 201, "{}", created["message"]);
        let (_, list) = send(daypass.get("/v2/access-token").bearer_auth(owner)).await;
        let names: Vec<_> = list["tokens"].as_array().expect("a list").iter().map(|token| &token["name"]).collect();
        assert_eq!(names, ["Partner", "Owner"]);
        tokens.push(to_text(&created["token"]));
    }
    let (_, revoked) = send(daypass.delete("/v2/access-token/partner").bearer_auth(&owner)).await;
    assert!(revoked["revokedAt"].is_u64());
    let describe = |token: &str| send(daypass.get("/v2/access-token/self").bearer_auth(token));
    assert_eq!(describe(&tokens[0]).await.1["revoked"], true);
    assert_eq!(describe(&tokens[1]).await.1["revoked"], false);
    daypass.revoke_by_text(&tokens[1]).await;
    assert_eq!(describe(&tokens[1]).await.1["revoked"], false, "another organization's owner cannot revoke it");
    let ways_in = json!({"kind": "secret", "name": "n", "tenant": tables, "scopes": ["token:read"]});
    let request = daypass.post("/v2/access-token").bearer_auth(&owner).json(&ways_in);
    expect_error(request, 400, "invalid_scope").await;
}

#[tokio::test]
async fn an_operator_token_administers_the_service_alone() {
    let daypass = Daypass::start();
    let operator = operator(&daypass);
    for path in ["/v2/access-token", "/v2/revocation"] {
        expect_error(daypass.get(path).bearer_auth(&operator), 403, "insufficient_scope").await;
    }
    let (secret, _) = daypass.create_secret().await;
    expect_error(daypass.get("/v2/organization").bearer_auth(&secret), 403, "insufficient_scope").await;
    let (publishable, _) =
        daypass.create_token(json!({"kind": "publishable", "name": "n", "origins": ["a.example"]})).await;
    let request =
        daypass.get(&format!("/v2/organization?pubtoken={publishable}")).header("origin", "https://a.example");
    expect_error(request, 403, "kind_not_accepted").await;
}

#[tokio::test]
async fn an_api_of_all_organizations_introspects_their_tokens_and_follows_their_revocations() {
    let daypass = Daypass::start();
    let (chairs, owner) = create(&daypass, "Chairs").await;
    let create = ["token", "create", "--kind", "secret", "--name", "API", "--scope", "token:introspect"];
    let api = |more: &[&str]| to_text(&daypass.json(&[&create[..], more].concat())["token"]);
    let of_all = api(&["--organization", "operator", "--tenant", "*"]);
    let of_first = api(&["--organization", &daypass.organization()]);
    let is_active = async |api: &str, token: &str| {
        let request = daypass.post("/introspect").bearer_auth(api).form(&[("token", token)]);
        send(request).await.1["active"] == true
    };
    assert!(is_active(&of_all, &owner).await && is_active(&of_all, &daypass.admin).await);
    assert!(!is_active(&of_first, &owner).await && is_active(&of_first, &daypass.admin).await);
    send(daypass.delete(&format!("/v2/organization/{chairs}")).bearer_auth(self::operator(&daypass))).await;
    expect_error(daypass.get("/v2/access-token").bearer_auth(&owner), 401, "token_revoked").await;
    assert_eq!(daypass.read_page(&of_all, 0).await.revocations.len(), 1);
    assert_eq!(daypass.read_page(&of_first, 0).await.revocations.len(), 0);
}

#[tokio::test]
async fn commands_name_the_organization_where_there_are_several() {
    let daypass = Daypass::start();
    let created = daypass.json(&["organization", "create", "--name", "Chairs", "--id", "chairs"]);
    assert_eq!((&created["id"], &created["ownerToken"]["organization"]), (&json!("chairs"), &json!("chairs")));
    let (_, list) = send(daypass.get("/v2/access-token").bearer_auth(to_text(&created["ownerToken"]["token"]))).await;
    assert_eq!(list["tokens"].as_array().map(Vec::len), Some(1));

    let output = daypass.command(&["token", "list"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && error.contains("several organizations: name one with --organization"),
        "{error}"
    );
    let names = |organization: &str| {
        let list = daypass.json(&["token", "list", "--organization", organization]);
        let tokens = list["tokens"].as_array().expect("a list").iter();
        tokens.map(|token| to_text(&token["name"])).collect::<Vec<_>>()
    };
    assert_eq!((names("chairs"), names("operator")), (vec!["Owner".to_owned()], vec!["Operator".to_owned()]));
    let output = daypass.command(&["token", "list", "--organization", "tables"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no organization with id tables"));

    let renamed = daypass.json(&["organization", "rename", "chairs", "Our chairs"]);
    assert_eq!(
        (&renamed["name"], daypass.json(&["organization", "show", "chairs"])),
        (&json!("Our chairs"), renamed.clone())
    );
    let again = daypass.command(&["organization", "create", "--name", "Chairs", "--id", "chairs"]);
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(error.contains("has an organization with id chairs, active or revoked: choose another --id"), "{error}");
}

#[tokio::test]
async fn a_verifier_accepts_the_jwts_of_those_organizations_alone_of_whose_revocations_it_hears() {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example", "--audience", "product"]);
    let (_, owner) = create(&daypass, "Northlight").await;
    let (own, foreign) = (daypass.create_temporary(&daypass.admin).await, daypass.create_temporary(&owner).await);
    let create = ["token", "create", "--organization", "operator", "--kind", "secret", "--name", "API"];
    let for_all = daypass.json(&[&create[..], &["--scope", "token:introspect", "--tenant", "*"]].concat());
    let of_all = to_text(&for_all["token"]);
    for (api, organization, verdict) in
        [(&daypass.admin, Some(daypass.organization()), Err(Error::InvalidToken)), (&of_all, None, Ok(()))]
    {
        assert_eq!(daypass.read_page(api, 0).await.organization, organization);
        let feed = Revocations::new().follow(&daypass.url, api.parse().expect("a token"));
        assert!(feed.ready(Duration::from_secs(5)).await);
        let keys = RemoteKeys::new(&daypass.url);
        let verifier = Verifier::new("https://tokens.example", "product").keys(keys).revocations(feed);
        let verify = async |text| verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(drop);
        assert_eq!((verify(&own).await, verify(&foreign).await), (Ok(()), verdict));
    }
}
