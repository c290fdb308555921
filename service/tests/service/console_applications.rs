//! Applications in the console: an administrator makes one an OAuth client, edits its settings and removes them.

use reqwest::Method;
use serde_json::{Value, json};

use super::console::{Answer, Person, answer, trail};
use super::oauth_clients::{OAuthClient, REDIRECT_URI, SCOPES, Tokens, add_developer, expect_refusal};
use super::running::{Daypass, send, to_text};

/// A name that is markup.
const MARKUP: &str = "<img src=x onerror=alert(1)>\"'";

/// Adds an application, and returns its id.
async fn add(owner: &Person<'_>, name: &str) -> String {
    let added = owner.post("members/new", &[("kind", "application"), ("name", name)]).await;
    assert_eq!(added.status, 303, "{}", added.text);
    added.location.rsplit('/').next().expect("an id").to_owned()
}

/// Returns the value of a hidden field.
fn hidden<'p>(page: &'p Answer, name: &str) -> &'p str {
    let value = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("a hidden field");
    value.split('"').next().expect("a value")
}

fn client_path(daypass: &Daypass, id: &str) -> String {
    format!("/v2/organization/{}/principal/{id}/oauth-client", daypass.organization())
}

/// Asks the API for the OAuth client that an application is.
async fn client(daypass: &Daypass, id: &str) -> (u16, Value) {
    let path = client_path(daypass, id);
    send(daypass.get(&path).bearer_auth(&daypass.admin)).await
}

const PUBLIC: [(&str, &str); 5] = [
    ("confidential", "no"),
    ("redirectUris", "https://app.example/back\r\n\r\nhttp://127.0.0.1/cb\r\n"),
    ("scope", "floor:readPublic"),
    ("grantType", "authorization_code"),
    ("grantType", "refresh_token"),
];

#[tokio::test]
async fn an_admin_makes_an_application_a_client_and_edits_it_as_the_api_does() {
    let daypass = Daypass::start();
    let (admin, viewer) = (Person::join(&daypass, "admin").await, Person::join(&daypass, "viewer").await);
    let id = add(&admin, MARKUP).await;
    let edit = format!("applications/{id}/edit");
    admin.get(&format!("members/{id}")).await.has(&["Not an OAuth client", &format!("{edit}\">Make it an OAuth client")]);
    let page = admin.get(&edit).await;
    page.has(&["OAuth settings of &lt;img src=x", "value=\"floor:readPublic\"", "name=\"shown\" value=\"none\""]);
    assert!(!page.text.contains("<img") && !page.text.contains("token:create"));

    // What the API refuses is refused here, in its words and beside the field; what was typed stays.
    for (fields, field, message) in [
        (vec![("redirectUris", "http://app.example/back")], "redirectUris", "The redirect URI"),
        (vec![("redirectUris", "https://a.example/\r\nhttps://a.example/")], "redirectUris", "is there twice"),
        (vec![("redirectUris", MARKUP)], "redirectUris", "it is not an absolute URI"),
        (vec![("grantType", "authorization_code")], "grantTypes", "needs at least one of `redirectUris`"),
        (vec![("grantType", "client_credentials")], "grantTypes", "is for a confidential client"),
        (vec![("grantType", "password")], "grantTypes", "There is no grant type `password`"),
        (vec![("scope", "floor:fly")], "scopes", "The catalogue has no scope `floor:fly`"),
        (vec![("scope", "token:create")], "scopes", "The catalogue has no scope `token:create`"),
        (vec![("confidential", "maybe")], "confidential", "Say whether it keeps a secret"),
    ] {
        let given = |name: &str| fields.iter().any(|(own, _)| *own == name);
        let rest = [("confidential", "no"), ("scope", "floor:readPublic")].into_iter().filter(|(name, _)| !given(name));
        let all: Vec<_> = fields.iter().copied().chain(rest).chain([("shown", "none")]).collect();
        let refused = admin.post(&edit, &all).await;
        assert_eq!(refused.status, 400, "{message}");
        refused.has(&["The OAuth settings were not saved", message, &format!("id=\"{field}-problem\""), "name=\"shown\" value=\"none\""]);
        assert!(!refused.text.contains("<img"));
    }
    admin.post(&edit, &[("confidential", "no"), ("shown", "none")]).await.has(&["A client needs at least one of `scopes`", "id=\"scopes-problem\""]);
    assert_eq!(client(&daypass, &id).await.0, 404, "nothing was saved");

    let made = admin.post(&edit, &[&PUBLIC[..], &[("shown", "none")]].concat()).await;
    assert_eq!((made.status, made.location), (303, admin.path(&format!("members/{id}"))), "{}", made.text);
    let expected = json!({"clientId": id, "confidential": false, "scopes": ["floor:readPublic"],
        "redirectUris": ["https://app.example/back", "http://127.0.0.1/cb"], "grantTypes": ["authorization_code", "refresh_token"]});
    assert_eq!(client(&daypass, &id).await, (200, expected.clone()));
    assert_eq!(trail(&daypass, "action=client.set").await, [("client.set".to_owned(), "ok".to_owned())]);
    for page in ["applications".to_owned(), format!("members/{id}")] {
        admin.get(&page).await.has(&["&lt;img src=x", "http://127.0.0.1/cb", "authorization_code, refresh_token"]);
        viewer.get(&page).await.has(&["http://127.0.0.1/cb"]);
    }

    // A form is for the settings that its page showed: of two, the second changes nothing.
    let page = admin.get(&edit).await;
    page.has(&["https://app.example/back\nhttp://127.0.0.1/cb", "value=\"floor:readPublic\" checked", "value=\"no\" checked"]);
    let shown = hidden(&page, "shown").to_owned();
    let narrow = [("shown", &*shown), ("confidential", "yes"), ("redirectUris", "com.example.app:/cb"), ("scope", "floor:export"),
        ("grantType", "client_credentials")];
    for form in [&PUBLIC[..], &[&PUBLIC[..], &[("shown", "none")]].concat(), &[&PUBLIC[..], &[("shown", MARKUP)]].concat()] {
        let stale = admin.post(&edit, form).await;
        assert_eq!(stale.status, 409);
        stale.has(&["have changed since this page was shown"]);
        assert!(!stale.text.contains("<img"));
    }
    assert_eq!(client(&daypass, &id).await.1, expected);
    assert_eq!(admin.post(&edit, &narrow).await.status, 303);
    let stale = admin.post(&edit, &[&PUBLIC[..], &[("shown", &*shown)]].concat()).await;
    assert_eq!(stale.status, 409);
    stale.has(&["https://app.example/back"]);
    let (_, now) = client(&daypass, &id).await;
    assert_eq!((&now["confidential"], &now["grantTypes"]), (&json!(true), &json!(["client_credentials"])));

    // A scope that the catalogue does not list by itself stays chosen.
    let path = client_path(&daypass, &id);
    let all = json!({"confidential": true, "scopes": ["floor:*"]});
    assert_eq!(send(daypass.request(Method::PUT, &path).bearer_auth(&daypass.admin).json(&all)).await.0, 200);
    admin.get(&edit).await.has(&["value=\"floor:*\" checked"]);
}

#[tokio::test]
async fn a_removal_says_what_ends_and_ends_that_alone() {
    let daypass = Daypass::start();
    let admin = Person::join(&daypass, "admin").await;
    let (ada, ben) = (add_developer(&daypass, "ada").await, add_developer(&daypass, "ben").await);
    let app = OAuthClient::add(&daypass, true).await;
    let other = OAuthClient::add(&daypass, false).await;
    let tokens = [app.begin(&daypass, &ada).await, app.begin(&daypass, &ada).await, app.begin(&daypass, &ben).await];
    let kept = other.begin(&daypass, &ada).await;
    let own = Tokens::of(app.ask(&daypass.url, &[("grant_type", "client_credentials")])).await;
    let remove = format!("applications/{}/remove", app.id);
    admin.get(&format!("members/{}", app.id)).await.has(&["Edit OAuth settings", &format!("{remove}\">Remove OAuth settings")]);
    let page = admin.get(&remove).await;
    page.has(&["2 users", "3 sign-ins", "until they expire within the hour", REDIRECT_URI]);

    // The form is for what the page named.
    let form = [("shown", hidden(&page, "shown")), ("ending", hidden(&page, "ending"))];
    assert_eq!(form[1].1, "2 3");
    for stale in [&[][..], &form[..1], &form[1..], &[form[0], ("ending", "2 2")], &[("shown", "none"), form[1]]] {
        let asked = admin.post(&remove, stale).await;
        assert_eq!(asked.status, 200);
        asked.has(&["Nothing was removed", "3 sign-ins", "name=\"ending\" value=\"any\""]);
    }
    assert_eq!(client(&daypass, &app.id).await.0, 200);
    let refreshed = Tokens::of(app.refresh(&daypass.url, &tokens[0].refresh)).await;

    // Once told so, a person agrees to any: who signs in meanwhile keeps nobody from the removal. The settings are still
    // those that the page showed.
    let later = app.begin(&daypass, &ben).await;
    assert_eq!(admin.post(&remove, &form).await.status, 200);
    admin.post(&remove, &[("shown", "none"), ("ending", "any")]).await.has(&["Nothing was removed", "4 sign-ins"]);
    let removed = admin.post(&remove, &[form[0], ("ending", "any")]).await;
    assert_eq!((removed.status, removed.location), (303, admin.path(&format!("members/{}", app.id))), "{}", removed.text);
    admin.get(&format!("members/{}", app.id)).await.has(&["active", "Not an OAuth client", "Make it an OAuth client", "1 application token"]);
    assert_eq!(admin.get(&remove).await.status, 404);
    assert_eq!(client(&daypass, &app.id).await.0, 404);
    assert_eq!(trail(&daypass, "action=client.remove&outcome=ok").await.len(), 1);
    assert_eq!(admin.post(&remove, &form).await.status, 303, "a second click");
    for access in [&later.access, &refreshed.access, &tokens[0].access, &tokens[1].access, &tokens[2].access] {
        let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(access)).await;
        assert_eq!(described["revoked"], true);
    }
    expect_refusal(app.refresh(&daypass.url, &tokens[1].refresh), 401, "invalid_client").await;
    // What is its own stays, and so does another client.
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&own.access)).await;
    assert_eq!(described["revoked"], false);
    Tokens::of(other.refresh(&daypass.url, &kept.refresh)).await;

    // As a client once more, it has nothing of before.
    let confidential = [("shown", "none"), ("confidential", "yes"), ("redirectUris", REDIRECT_URI), ("scope", SCOPES[0]),
        ("grantType", "authorization_code"), ("grantType", "refresh_token")];
    assert_eq!(admin.post(&format!("applications/{}/edit", app.id), &confidential).await.status, 303);
    expect_refusal(app.refresh(&daypass.url, &tokens[1].refresh), 400, "invalid_grant").await;
    admin.get(&remove).await.has(&["0 users", "0 sign-ins"]);
}

#[tokio::test]
async fn the_api_and_the_command_remove_a_client_too() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    let app = OAuthClient::add(&daypass, false).await;
    let tokens = app.begin(&daypass, &user).await;
    let reader = daypass.create_token(json!({"kind": "secret", "name": "reader", "scopes": ["token:read"]})).await.0;
    assert_eq!(send(daypass.delete(&client_path(&daypass, &app.id)).bearer_auth(&reader)).await.0, 403);
    assert_eq!(client(&daypass, &app.id).await.0, 200);
    for expected in [204, 404] {
        let remove = daypass.delete(&client_path(&daypass, &app.id)).bearer_auth(&daypass.admin);
        assert_eq!(remove.send().await.expect("a response").status().as_u16(), expected);
    }
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&tokens.access)).await;
    assert_eq!(described["revoked"], true);

    let app = OAuthClient::add(&daypass, false).await;
    let tokens = app.begin(&daypass, &user).await;
    let asked = daypass.command(&["application", "edit", &app.id, "--no-client"]);
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(!asked.status.success() && said.contains("sign-ins with their refresh tokens: 1"), "{said}");
    assert_eq!(client(&daypass, &app.id).await.0, 200);
    let edited = daypass.json(&["application", "edit", &app.id, "--no-client", "--yes"]);
    assert_eq!((&edited["id"], &edited["oauthClient"]), (&json!(app.id), &Value::Null));
    assert_eq!(client(&daypass, &app.id).await.0, 404);
    expect_refusal(app.refresh(&daypass.url, &tokens.refresh), 401, "invalid_client").await;
    let again = daypass.command(&["application", "edit", &app.id, "--no-client", "--yes"]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && said.contains("is no OAuth client"), "{said}");
}

#[tokio::test]
async fn the_list_of_tokens_names_the_owner_that_it_was_limited_to() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let id = add(&owner, MARKUP).await;
    daypass.create_token(json!({"kind": "application", "name": "engine", "id": "engine", "scopes": ["floor:readPublic"], "owner": id})).await;
    let filtered = format!("tokens?owner={id}");
    owner.get(&filtered).await.has(&["engine", &format!("<option value=\"{id}\" selected>&lt;img")]);
    assert_eq!(owner.post(&format!("members/{id}/remove"), &[("ending", "1")]).await.status, 303);
    let page = owner.get(&filtered).await;
    page.has(&["engine", &format!("<option value=\"{id}\" selected>&lt;img"), "(removed application)"]);
    assert!(!page.text.contains("<img") && !owner.get("tokens").await.text.contains("(removed application)"));
    let unknown = owner.get("tokens?owner=%3Cimg%3E&kind=secret").await;
    assert_eq!(unknown.status, 200);
    unknown.has(&["No member of the organization has the id <code><bdi>&lt;img&gt;</bdi></code>", "selected>&lt;img&gt; (unknown)",
        "<option value=\"secret\" selected>"]);
    assert_eq!(owner.get("tokens?owner=nobody&kind=nonsense").await.status, 400);
}

#[tokio::test]
async fn an_international_pattern_is_shown_as_browsers_send_it() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let form = [("kind", "publishable"), ("name", ""), ("scope", "floor:readPublic"),
        ("origins", "*.müller.example\r\nxn--mller-kva.example\r\n*.müller.example/cart\r\nvscode-webview:")];
    let page = owner.post("tokens/new", &form).await;
    assert_eq!(page.status, 400);
    page.has(&["Browsers send it as *.xn--mller-kva.example.", "<bdi>https://shop.xn--mller-kva.example</bdi>",
        "<bdi>*.müller.example/cart</bdi></code><p class=\"field-problem\">", "<bdi>vscode-webview://a</bdi>"]);
}

#[tokio::test]
async fn no_settings_are_taken_from_another_site_another_role_or_another_organization() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let id = add(&owner, "Planner").await;
    let service = owner.post("members/new", &[("kind", "serviceAccount"), ("name", "Web shop")]).await;
    let service = service.location.rsplit('/').next().expect("an id").to_owned();
    let form = [&PUBLIC[..], &[("shown", "none")]].concat();
    let edit = format!("applications/{id}/edit");
    assert_eq!(owner.post(&edit, &form).await.status, 303);
    let before = client(&daypass, &id).await;
    let shown = hidden(&owner.get(&edit).await, "shown").to_owned();
    let others = [("shown", &*shown), ("ending", "0 0"), ("confidential", "no"), ("redirectUris", "https://evil.example/"),
        ("scope", "floor:readPublic"), ("grantType", "authorization_code")];
    let people = [Person::join(&daypass, "viewer").await, Person::join(&daypass, "developer").await];
    for action in ["edit", "remove"] {
        let page = format!("applications/{id}/{action}");
        let request = owner.request(Method::POST, &owner.path(&page)).header("origin", "https://evil.example");
        let refused = answer(request.form(&others)).await;
        assert_eq!(refused.status, 403, "{action}");
        refused.has(&["Not from this site"]);
        for person in &people {
            assert_eq!((person.get(&page).await.status, person.post(&page, &others).await.status), (403, 403), "{action}");
            let details = person.get(&format!("members/{id}")).await;
            assert!(!details.text.contains(&format!("/{page}\"")), "{action}");
        }
        // Neither a member that is no application, nor one that is not there.
        for other in [&*service, "nobody"] {
            let page = format!("applications/{other}/{action}");
            assert_eq!((owner.get(&page).await.status, owner.post(&page, &others).await.status), (404, 404), "{other} {action}");
        }
    }
    // The owner of another organization finds nothing of it.
    let operator = to_text(&daypass.line["operatorToken"]);
    let body = json!({"name": "Chairs", "id": "chairs"});
    let (_, created) = send(daypass.post("/v2/organization").bearer_auth(&operator).json(&body)).await;
    let theirs = to_text(&created["ownerToken"]["token"]);
    for path in ["chairs", &daypass.organization()].map(|own| format!("/v2/organization/{own}/principal/{id}/oauth-client")) {
        let refused = send(daypass.delete(&path).bearer_auth(&theirs)).await.0;
        assert!([403, 404].contains(&refused), "{refused}");
    }
    assert_eq!(client(&daypass, &id).await, before);
    assert_eq!(owner.post(&format!("members/{id}/remove"), &[("ending", "0")]).await.status, 303);
    assert_eq!((owner.get(&edit).await.status, owner.post(&edit, &others).await.status), (404, 404), "a removed one");
}
