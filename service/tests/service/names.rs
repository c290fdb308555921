//! Names with characters that people do not see: refused where they come in, and shown escaped where one is stored.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::authorization_requests::{Answer, add_client, query};
use super::people::{Browser, add_user, invite, join};
use super::running::{DEFAULT_PROTOCOLS, Daypass, FLOOR_READ, send, to_text};

/// A character of each kind, and how errors name it.
const HIDDEN: [(char, &str); 8] = [
    ('\0', "U+0000"),
    ('\n', "U+000A"),
    ('\u{1b}', "U+001B"),
    ('\u{9b}', "U+009B"),
    ('\u{2028}', "U+2028"),
    ('\u{202e}', "U+202E"),
    ('\u{200f}', "U+200F"),
    ('\u{e0041}', "U+E0041"),
];

/// A name that is stored although it has characters of several kinds.
const STORED: &str = "Web\u{202e}pohs\u{1b}[2J\nroot\u{200b}";
const SHOWN: &str = "Web\\u{202e}pohs\\u{1b}[2J\\u{a}root\\u{200b}";

/// Returns each request that takes a name, with this one, and what it is. `master` may use Crafter's paths.
async fn requests(daypass: &Daypass, master: &str, name: &str) -> Vec<(&'static str, RequestBuilder)> {
    let (admin, operator) = (&daypass.admin, &to_text(&daypass.line["operatorToken"]));
    let organization = daypass.organization();
    let at = format!("/v2/organization/{organization}");
    let principals = format!("{at}/principal");
    let (_, token) = daypass.create_secret().await;
    let service = to_text(&daypass.json(&["service-account", "add", "--name", "n"])["id"]);
    let user = to_text(&daypass.json(&["user", "list"])["principals"][0]["id"]);
    let scopes = ["tokens:write", "token:create", "profile:read"];
    let (manager, _) =
        daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": scopes, "owner": user})).await;

    let post = |path: &str, token: &str, body: Value| daypass.post(path).bearer_auth(token).json(&body);
    let other = |method, path: &str, token: &str, body: Value| {
        daypass.request(method, path).bearer_auth(token).json(&body)
    };
    let tokens = "/v2/access-token";
    let create = "mutation($token: ApiTokenCreateInput!) { apiTokenCreate(token: $token) }";
    let speckle = json!({"query": create, "variables": {"token": {"name": name, "scopes": ["profile:read"]}}});
    let scope = |description: &str| json!([{"scope": "chair:sit", "description": description, "publishable": false}]);
    let crafter = |application: &str, tenant: &str| {
        let permissions = json!([{"tenant": tenant, "allowedActions": ["READ_TENANT"]}]);
        daypass.post("/api/1/access_token/create").query(&[("accessTokenId", master)]).json(
            &json!({"application": application, "tenantPermissions": permissions}),
        )
    };
    vec![
        ("organization", post("/v2/organization", operator, json!({"name": name}))),
        ("organization's new name", other(Method::PATCH, &at, admin, json!({"name": name}))),
        ("publishable", post(tokens, admin, json!({"kind": "publishable", "name": name, "origins": ["a.example"]}))),
        ("secret", post(tokens, admin, json!({"kind": "secret", "name": name}))),
        ("personal", post(tokens, admin,
            json!({"kind": "personal", "name": name, "owner": user, "scopes": [FLOOR_READ]}))),
        ("application", post(tokens, admin, json!({"kind": "application", "name": name, "scopes": [FLOOR_READ]}))),
        ("tenant", post(tokens, admin, json!({"kind": "secret", "name": "n", "tenant": name}))),
        ("tenant of a grant", post(tokens, admin, json!({"kind": "application", "name": "n",
            "grants": [{"tenant": name, "scopes": [FLOOR_READ]}]}))),
        ("token's new name", other(Method::PATCH, &format!("{tokens}/{token}"), admin, json!({"name": name}))),
        ("user", post(&principals, admin,
            json!({"kind": "user", "name": name, "email": "eve@example.com", "role": "viewer"}))),
        ("email", post(&principals, admin,
            json!({"kind": "user", "name": "n", "email": format!("e{name}e@example.com"), "role": "viewer"}))),
        ("service account", post(&principals, admin, json!({"kind": "serviceAccount", "name": name}))),
        ("application of OAuth", post(&principals, admin, json!({"kind": "application", "name": name}))),
        ("principal's new name",
            other(Method::PATCH, &format!("{principals}/{service}"), admin, json!({"name": name}))),
        ("subject", post("/v2/temporary-access-token/create", admin, json!({"scopes": [FLOOR_READ], "subject": name}))),
        ("catalogue", other(Method::PUT, "/v2/catalog?yes=true", operator,
            json!({"name": name, "scopes": [], "aliases": []}))),
        ("description", other(Method::PUT, "/v2/catalog?yes=true", operator,
            json!({"name": "n", "scopes": scope(name), "aliases": []}))),
        ("Speckle's", post("/graphql", &manager, speckle)),
        ("Threekit's", post("/api/accesstokens", admin,
            json!({"name": name, "permissions": "private", "domains": [], "orgId": organization}))),
        ("Crafter's", crafter(name, "t")),
        ("Crafter's tenant", crafter("n", name)),
    ]
}

#[tokio::test]
async fn no_name_with_a_hidden_character_comes_in() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    daypass.json(&["user", "add", "--name", "Ada", "--email", "ada@example.com", "--role", "developer"]);
    let master = to_text(&daypass.json(&["crafter", "bootstrap"])["tokens"][0]["token"]);
    for (c, code) in HIDDEN {
        let name = format!("a{c}b");
        for (what, request) in requests(&daypass, &master, &name).await {
            let response = request.send().await.expect("a response");
            // GraphQL answers 200 with the error.
            let expected = if what == "Speckle's" { 200 } else { 400 };
            let (status, body) = (response.status(), response.text().await.expect("a body"));
            assert!(status == expected && body.contains(code), "{what}: {code}: {status}");
            let place = if what == "email" { 3 } else { 2 };
            assert!(body.contains(&format!("at position {place}")), "{what}: {code}");
        }
    }
    // What is visible comes in: joiners where they belong are no deception.
    for name in ["Zoë's №5", "می\u{200c}خواهم", "👩\u{200d}💻"] {
        for (what, request) in requests(&daypass, &master, name).await {
            // These are refused for other reasons, or get in the way of the next round.
            let is_left_out = ["email", "organization", "catalogue", "description", "user"].contains(&what);
            if !is_left_out && !what.contains("tenant") {
                let response = request.send().await.expect("a response");
                assert!(response.status().is_success(), "{what}: {name}: {}", response.status());
            }
        }
    }
}

#[test]
fn the_command_line_takes_no_name_with_a_hidden_character() {
    let daypass = Daypass::start();
    let user = daypass.json(&["user", "add", "--name", "Ada", "--email", "ada@example.com", "--role", "viewer"]);
    let token = daypass.json(&["token", "create", "--kind", "secret", "--name", "n"]);
    let (user, token) = (to_text(&user["id"]), to_text(&token["id"]));
    let name = "a\u{202e}b";
    let catalog = daypass.folder.path().join("catalog.json");
    let json = json!({"name": "n", "scopes": [{"scope": "chair:sit", "description": name, "publishable": false}]});
    std::fs::write(&catalog, json.to_string()).expect("a file");
    for arguments in [
        &["organization", "create", "--name", name][..],
        &["organization", "rename", &daypass.organization(), name],
        &["token", "create", "--kind", "secret", "--name", name],
        &["token", "edit", &token, "--name", name],
        &["user", "add", "--name", name, "--email", "eve@example.com", "--role", "viewer"],
        &["user", "edit", &user, "--name", name],
        &["service-account", "add", "--name", name],
        &["application", "add", "--name", name],
        &["catalog", "set", catalog.to_str().expect("UTF-8")],
    ] {
        let output = daypass.command(arguments);
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(!output.status.success() && error.contains("U+202E at position 2"), "{arguments:?}: {error}");
    }
}

/// Puts a name with hidden characters in the place of every stored one, as an earlier version may have stored it.
fn store_names(daypass: &Daypass) {
    let json = json!(STORED).to_string();
    let json = json.trim_matches('"');
    daypass.execute(&format!(
        "UPDATE organization SET name = '{STORED}'; UPDATE token SET name = '{STORED}';
         UPDATE principal SET name = '{STORED}';
         UPDATE account SET name = '{STORED}';
         UPDATE catalog SET version = version + 1,
             json = replace(replace(json, 'Space API', '{json}'), 'Export a floor', '{json}')"
    ));
}

fn expect_no_hidden(what: &str, text: &str, is_json: bool) {
    let hidden = text.chars().find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{200b}' | '\u{202e}'));
    assert_eq!(hidden, None, "{what}");
    if is_json {
        assert!(text.contains(r"Web\u202epohs\u001b[2J\nroot\u200b"), "{what}: {text}");
        let value: Value = serde_json::from_str(text).unwrap_or_else(|cause| panic!("{what}: {cause}"));
        assert!(has_text(&value, STORED), "{what}: JSON means the same");
    } else {
        assert!(text.contains(SHOWN), "{what}: {text}");
    }
}

/// Returns whether a text is anywhere in a value.
fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Array(values) => values.iter().any(|value| has_text(value, text)),
        Value::Object(fields) => fields.values().any(|value| has_text(value, text)),
        _ => false,
    }
}

#[tokio::test]
async fn stored_names_are_shown_with_escapes() {
    let daypass = Daypass::start();
    let (user, browser) = join(&daypass, "ada@example.com", "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let organization = daypass.organization();
    let (_, token) = daypass.create_secret().await;
    daypass.json(&["service-account", "add", "--name", "n"]);
    let invited = add_user(&daypass, &daypass.admin, &organization, "bob@example.com", "viewer").await;
    let invitation = invite(&daypass, &daypass.admin, &organization, &invited).await;
    let page = Answer::ask(&browser, &query(&client, "&scope=floor:export")).await;
    page.decide(&browser, "allow").await.code();
    store_names(&daypass);

    for arguments in [
        &["organization", "list"][..],
        &["organization", "show", &organization],
        &["token", "list"],
        &["token", "show", &token],
        &["user", "list"],
        &["service-account", "list"],
        &["application", "list"],
        &["application", "show", &client],
        &["catalog", "show"],
    ] {
        for is_json in [false, true] {
            let output = daypass.command(&[arguments, if is_json { &["--json"] } else { &[] }].concat());
            assert!(output.status.success(), "{arguments:?}");
            expect_no_hidden(&arguments.join(" "), &String::from_utf8(output.stdout).expect("UTF-8"), is_json);
        }
    }
    // Without a terminal, the question is part of the error.
    let output = daypass.command(&["user", "remove", &user]);
    expect_no_hidden("user remove", &String::from_utf8(output.stderr).expect("UTF-8"), false);

    // The pages of the service show what it tells them.
    let page = Answer::ask(&browser, &query(&client, "&scope=floor:export&prompt=consent")).await;
    expect_no_hidden("the page of consent", &page.text, false);
    let (_, session) = send(browser.get("/v2/session")).await;
    let (account, organization) = (&session["account"]["name"], &session["memberships"][0]["organization"]["name"]);
    assert_eq!((account, organization), (&json!(SHOWN), &json!(SHOWN)));
    let (_, consents) = send(browser.get("/v2/consent")).await;
    let consent = &consents["consents"][0];
    assert_eq!(
        (&consent["client"]["name"], &consent["organization"]["name"], &consent["scopes"][0]["description"]),
        (&json!(SHOWN), &json!(SHOWN), &json!(SHOWN))
    );
    let own = Browser::new(&daypass);
    let (_, shown) = send(own.post("/v2/invitation", &json!({"invitation": invitation}))).await;
    assert_eq!((&shown["name"], &shown["organization"]["name"]), (&json!(SHOWN), &json!(SHOWN)));
    assert!(!daypass.log().contains(['\u{202e}', '\u{200b}']), "the log");
}
