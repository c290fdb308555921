//! What a person may do with a session: by the role, in the organizations that the person is a user of.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::people::{Browser, PASSWORD, add_user, invite, join, join_in};
use super::running::{Daypass, FLOOR_READ, expect_error, send, to_text};

const TOKENS: &str = "/v2/access-token";

/// Creates another organization, and returns its id and owner token.
async fn create_organization(daypass: &Daypass) -> (String, String) {
    let request = daypass.post("/v2/organization").bearer_auth(to_text(&daypass.line["operatorToken"]));
    let (_, created) = send(request.json(&json!({"name": "Chairs", "id": "chairs"}))).await;
    (to_text(&created["id"]), to_text(&created["ownerToken"]["token"]))
}

#[tokio::test]
async fn each_role_does_with_tokens_what_it_may() {
    let daypass = Daypass::start();
    let (_, owner_token) = daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
    for (role, create, manage, administer) in [
        ("viewer", false, false, false),
        ("developer", true, false, false),
        ("admin", true, true, false),
        ("owner", true, true, true),
    ] {
        let (user, browser) = join(&daypass, &format!("{role}@example.com"), role).await;
        assert_eq!(send(browser.get(TOKENS)).await.0, 200, "{role}");
        assert_eq!(send(browser.get(&format!("{TOKENS}/{owner_token}"))).await.0, 200, "{role}");
        assert_eq!(send(browser.get(&format!("/v2/organization/{}", daypass.organization()))).await.0, 200, "{role}");
        let new = |scope: &str| json!({"kind": "secret", "name": "n", "scopes": [scope]});
        let refused = browser.post(TOKENS, &new("daypass:administer"));
        match (create, administer) {
            (false, _) => drop(expect_error(refused, 403, "insufficient_role").await),
            (true, false) => drop(expect_error(refused, 400, "invalid_scope").await),
            (true, true) => assert_eq!(send(refused).await.0, 201),
        }
        let rename = browser.request(Method::PATCH, &format!("/v2/organization/{}", daypass.organization()));
        let rename = rename.json(&json!({"name": "First organization"}));
        if manage {
            assert_eq!(send(rename).await.0, 200);
        } else {
            expect_error(rename, 403, "insufficient_role").await;
        }
        if !create {
            expect_error(browser.post(TOKENS, &new(FLOOR_READ)), 403, "insufficient_role").await;
            let edit = browser.request(Method::PATCH, &format!("{TOKENS}/{owner_token}")).json(&json!({"name": "m"}));
            expect_error(edit, 403, "insufficient_role").await;
            let revoke = browser.request(Method::DELETE, &format!("{TOKENS}/{owner_token}"));
            expect_error(revoke, 403, "insufficient_role").await;
            continue;
        }
        let (status, token) = send(browser.post(TOKENS, &new(FLOOR_READ))).await;
        assert_eq!(status, 201, "{role}: {}", token["message"]);
        assert_eq!((&token["createdBy"], &token["owner"]), (&json!(user), &json!(user)));
        let path = format!("{TOKENS}/{}", to_text(&token["id"]));
        let (status, edited) = send(browser.request(Method::PATCH, &path).json(&json!({"name": "m"}))).await;
        assert_eq!((status, &edited["name"]), (200, &json!("m")));
        let (status, revoked) = send(browser.request(Method::DELETE, &path)).await;
        assert!(status == 200 && revoked["revokedAt"].is_u64());

        // Of another's tokens with scopes of Daypass a developer edits and revokes none.
        let (_, other) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["token:introspect"]})).await;
        let path = format!("{TOKENS}/{other}");
        let edit = browser.request(Method::PATCH, &path).json(&json!({"name": "m"}));
        if administer {
            assert_eq!(send(edit).await.0, 200);
        } else {
            expect_error(edit, 403, "insufficient_scope").await;
        }
        let revoke = browser.request(Method::DELETE, &path);
        if manage {
            assert_eq!(send(revoke).await.0, 200);
        } else {
            expect_error(revoke, 403, "insufficient_role").await;
        }
    }
}

#[tokio::test]
async fn a_session_mints_introspects_and_follows_nothing() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, "ada@example.com", "owner").await;
    let body = json!({"scopes": [FLOOR_READ]});
    for request in [
        browser.post("/v2/temporary-access-token/create", &body),
        browser.post("/v2/bundle/create", &json!({"parameters": {}})),
        browser.post("/v2/revocation", &json!({"issuedBefore": 1})),
        browser.request(Method::POST, "/introspect").form(&[("token", "t")]),
        browser.request(Method::POST, "/revoke").form(&[("token", "t")]),
        browser.get("/v2/revocation"),
        browser.get("/v2/access-token/self"),
        browser.get("/v2/organization"),
        browser.post("/v2/organization", &json!({"name": "n"})),
        browser.post("/v2/organization/chairs/suspend", &json!({})),
        browser.request(Method::DELETE, &format!("/v2/organization/{}", daypass.organization())),
    ] {
        expect_error(request, 401, "missing_token").await;
    }
}

#[tokio::test]
async fn a_person_of_several_organizations_names_one() {
    let daypass = Daypass::start();
    let (chairs, owner) = create_organization(&daypass).await;
    let (_, mut browser) = join(&daypass, "ada@example.com", "viewer").await;
    let named = |browser: &Browser<'_>, organization: &str| -> RequestBuilder {
        browser.get(TOKENS).header("daypass-organization", organization)
    };
    expect_error(named(&browser, &chairs), 404, "not_found").await;
    expect_error(browser.get(&format!("/v2/organization/{chairs}")), 404, "not_found").await;

    let user = add_user(&daypass, &owner, &chairs, "ada@example.com", "developer").await;
    let invitation = invite(&daypass, &owner, &chairs, &user).await;
    let accept = browser.post("/v2/invitation/accept", &json!({"invitation": invitation}));
    let (status, session) = browser.send(accept).await;
    assert_eq!((status, session["memberships"].as_array().map(Vec::len)), (200, Some(2)));
    let message = expect_error(browser.get(TOKENS), 400, "invalid_request").await;
    assert!(message.contains("Daypass-Organization"), "{message}");
    for (organization, tokens) in [(daypass.organization(), 1), (chairs.clone(), 1)] {
        let (status, list) = send(named(&browser, &organization)).await;
        assert_eq!((status, list["tokens"].as_array().map(Vec::len)), (200, Some(tokens)));
        assert_eq!(list["tokens"][0]["organization"], json!(organization));
    }
    expect_error(named(&browser, "operator"), 404, "not_found").await;
    let new = json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ]});
    let create = |organization: &str| browser.post(TOKENS, &new).header("daypass-organization", organization);
    expect_error(create(&daypass.organization()), 403, "insufficient_role").await;
    let (status, token) = send(create(&chairs)).await;
    assert_eq!((status, &token["organization"]), (201, &json!(chairs)));

    // Another tenant's product gets nothing from it.
    let elsewhere = json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ], "tenant": daypass.organization()});
    let request = browser.post(TOKENS, &elsewhere).header("daypass-organization", &chairs);
    expect_error(request, 400, "invalid_scope").await;

    let suspend = daypass.post(&format!("/v2/organization/{chairs}/suspend"));
    send(suspend.bearer_auth(to_text(&daypass.line["operatorToken"]))).await;
    expect_error(named(&browser, &chairs), 403, "organization_suspended").await;
    assert_eq!(send(named(&browser, &daypass.organization())).await.0, 200);
}

#[tokio::test]
async fn a_removed_user_opens_nothing_at_once() {
    let daypass = Daypass::start();
    let (chairs, owner) = create_organization(&daypass).await;
    let (user, mut browser) = join_in(&daypass, &owner, &chairs, "ada@example.com", "owner").await;
    assert_eq!(send(browser.get(TOKENS)).await.0, 200);
    let new = json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ]});
    let (_, token) = send(browser.post(TOKENS, &new)).await;
    let path = format!("/v2/organization/{chairs}/principal/{user}");
    assert_eq!(send(daypass.delete(&path).bearer_auth(&owner)).await.0, 200);
    for request in [browser.get(TOKENS), browser.post(TOKENS, &new), browser.get(&format!("/v2/organization/{chairs}"))] {
        expect_error(request, 404, "not_found").await;
    }
    let self_path = "/v2/access-token/self";
    let (_, described) = send(daypass.get(self_path).bearer_auth(to_text(&token["token"]))).await;
    assert_eq!(described["revoked"], true, "the user's tokens end with the user");
    // The account stays, without an organization.
    let (status, session) = send(browser.get("/v2/session")).await;
    assert_eq!((status, &session["memberships"]), (200, &json!([])));
    browser.sign_in("ada@example.com").await;
    // The same person can be invited again, and still has the account.
    let user = add_user(&daypass, &owner, &chairs, "ada@example.com", "viewer").await;
    let invitation = invite(&daypass, &owner, &chairs, &user).await;
    let with_password = json!({"invitation": invitation, "password": PASSWORD});
    expect_error(browser.post("/v2/invitation/accept", &with_password), 401, "not_signed_in").await;
    let (status, _) = send(browser.post("/v2/invitation/accept", &json!({"invitation": invitation}))).await;
    assert_eq!(status, 200);
    assert_eq!(send(browser.get(TOKENS)).await.0, 200);
}

#[tokio::test]
async fn users_are_managed_by_role() {
    let daypass = Daypass::start();
    let path = format!("/v2/organization/{}/principal", daypass.organization());
    let new = |role: &str| json!({"kind": "user", "name": "Bob", "email": format!("bob-{role}@example.com"), "role": role});
    let (owner_id, owner) = join(&daypass, "owner@example.com", "owner").await;
    let one = format!("{path}/{owner_id}");
    for (role, manages) in [("viewer", false), ("developer", false), ("admin", true)] {
        let (id, browser) = join(&daypass, &format!("{role}@example.com"), role).await;
        assert_eq!((send(browser.get(&path)).await.0, send(browser.get(&one)).await.0), (200, 200), "{role}");
        let requests = [browser.post(&path, &new("viewer")), browser.request(Method::DELETE, &one)];
        for (request, own) in requests.into_iter().zip([201, 400]) {
            if manages {
                assert_eq!(send(request).await.0, own, "{role}");
            } else {
                expect_error(request, 403, "insufficient_role").await;
            }
        }
        if manages {
            expect_error(browser.post(&path, &new("owner")), 400, "invalid_request").await;
            let (_, added) = send(browser.post(&path, &new("developer"))).await;
            assert_eq!(added["createdBy"], json!(id));
            let raise = browser.request(Method::PATCH, &format!("{path}/{id}")).json(&json!({"role": "owner"}));
            expect_error(raise, 400, "invalid_request").await;
            // A lower role has its effect at once.
            let lower = owner.request(Method::PATCH, &format!("{path}/{id}")).json(&json!({"role": "viewer"}));
            assert_eq!(send(lower).await.0, 200);
            expect_error(browser.post(&path, &new("viewer")), 403, "insufficient_role").await;
        }
    }
    let leave = owner.request(Method::DELETE, &one);
    let message = expect_error(leave, 400, "invalid_request").await;
    assert!(message.contains("owner"), "{message}");
}

#[tokio::test]
async fn a_former_owner_takes_nothing_back_with_a_token() {
    let daypass = Daypass::start();
    let (user, browser) = join(&daypass, "ada@example.com", "owner").await;
    let mut tokens = vec![];
    for scope in ["daypass:administer", "token:create", FLOOR_READ] {
        let new = json!({"kind": "secret", "name": "n", "scopes": [scope]});
        let (status, token) = send(browser.post(TOKENS, &new)).await;
        assert_eq!(status, 201, "{}", token["message"]);
        tokens.push(to_text(&token["token"]));
    }
    let path = format!("/v2/organization/{}/principal/{user}", daypass.organization());
    let edit = |token: &str, role: &str| {
        daypass.request(Method::PATCH, &path).bearer_auth(token).json(&json!({"role": role}))
    };
    for (role, revoked) in [("admin", [true, false, false]), ("developer", [true, true, false])] {
        assert_eq!(send(edit(&daypass.admin, role)).await.0, 200);
        for (token, revoked) in tokens.iter().zip(revoked) {
            let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(token)).await;
            assert_eq!(described["revoked"], revoked, "{role}");
        }
        expect_error(edit(&tokens[0], "owner"), 401, "token_revoked").await;
    }
}

/// A request whose body is held back. The service waits for the body, so that it has read the role.
struct HeldBack {
    stream: TcpStream,
    body: String,
}

impl HeldBack {
    fn begin(browser: &Browser<'_>, method: &str, path: &str, body: &Value) -> HeldBack {
        let (url, body) = (&browser.daypass.url, body.to_string());
        let address = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let cookie = browser.cookie.as_deref().expect("a session");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\norigin: {url}\r\n\
            cookie: __Host-daypass-session={cookie}\r\ncontent-type: application/json\r\n\
            content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("a request");
        let mut waits = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut waits).expect("an answer");
        assert!(waits.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&waits));
        HeldBack { stream, body }
    }

    /// Sends the body, and returns the response.
    fn end(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).expect("a body");
        let mut response = String::new();
        self.stream.read_to_string(&mut response).expect("a response");
        response
    }
}

#[tokio::test]
async fn a_request_that_was_let_in_by_a_role_needs_it_until_it_is_done() {
    let daypass = Daypass::start();
    let principals = format!("/v2/organization/{}/principal", daypass.organization());
    let (other, _) = join(&daypass, "other@example.com", "viewer").await;
    for (name, lower, status, code) in [
        ("removed", None, 404, "not_found"),
        ("lower", Some("viewer"), 403, "insufficient_role"),
        ("same", Some("admin"), 20, "\"id\""),
    ] {
        let (user, browser) = join(&daypass, &format!("{name}@example.com"), "admin").await;
        let service = json!({"kind": "serviceAccount", "name": "n"});
        let secret = json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ]});
        let held = [
            HeldBack::begin(&browser, "POST", &principals, &service),
            HeldBack::begin(&browser, "PATCH", &format!("{principals}/{other}"), &json!({"name": name})),
            HeldBack::begin(&browser, "POST", TOKENS, &secret),
        ];
        let path = format!("{principals}/{user}");
        let change = match lower {
            None => daypass.delete(&path),
            Some(role) => daypass.request(Method::PATCH, &path).json(&json!({"role": role})),
        };
        assert_eq!(send(change.bearer_auth(&daypass.admin)).await.0, 200);
        for request in held {
            let response = request.end();
            let is_expected = response.starts_with(&format!("HTTP/1.1 {status}")) && response.contains(code);
            // A response to a request that succeeds can have a secret.
            assert!(is_expected, "{name}: {}", response.lines().next().unwrap_or_default());
        }
    }
}
