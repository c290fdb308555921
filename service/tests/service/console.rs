//! The console: the pages on which people manage tokens, as a browser without scripts gets them.

use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::people::{Browser, join};
use super::running::{Daypass, FLOOR_READ, send, to_text};

/// What the service answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) policy: String,
    pub(crate) cache: String,
    pub(crate) text: String,
}

impl Answer {
    /// Expects a page that has these texts.
    pub(crate) fn has(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.text.contains(text), "no `{text}` in the page");
        }
    }
}

/// The browser of a person who is signed in, which follows no redirect.
pub(crate) struct Person<'a> {
    browser: Browser<'a>,
    client: Client,
    organization: String,
}

impl<'a> Person<'a> {
    pub(crate) async fn join(daypass: &'a Daypass, role: &str) -> Person<'a> {
        let (_, browser) = join(daypass, &format!("{role}@example.com"), role).await;
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        Person { browser, client, organization: daypass.organization() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.browser.daypass.url));
        match &self.browser.cookie {
            Some(cookie) => request.header("cookie", format!("__Host-daypass-session={cookie}")),
            None => request,
        }
    }

    /// Returns the path of a page of the organization.
    pub(crate) fn path(&self, page: &str) -> String {
        format!("/console/{}/{page}", self.organization)
    }

    pub(crate) async fn get(&self, page: &str) -> Answer {
        answer(self.request(Method::GET, &self.path(page))).await
    }

    /// Sends a form from a page of the service.
    pub(crate) async fn post(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, &self.path(page)).header("origin", &self.browser.daypass.url);
        answer(request.form(fields)).await
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("a response");
    let header = |name| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let [location, policy, cache] = [LOCATION, CONTENT_SECURITY_POLICY, CACHE_CONTROL].map(|name| header(name).unwrap_or_default());
    let status = response.status().as_u16();
    Answer { status, location, policy, cache, text: response.text().await.expect("a body") }
}

/// Returns the token in the page that shows it.
fn shown_token(page: &Answer) -> String {
    let value = page.text.split("id=\"token\" value=\"").nth(1).expect("a token");
    value.split('"').next().expect("a token").to_owned()
}

/// Returns the serial number in the page that asks whether to revoke a token.
pub(crate) fn shown_serial(page: &Answer) -> String {
    let value = page.text.split("name=\"serial\" value=\"").nth(1).expect("a serial number");
    value.split('"').next().expect("a serial number").to_owned()
}

/// Returns the actions and outcomes in the trail about a target, the newest first.
pub(crate) async fn trail(daypass: &Daypass, query: &str) -> Vec<(String, String)> {
    let operator = to_text(&daypass.line["operatorToken"]);
    let (_, page) = send(daypass.get(&format!("/v2/audit?{query}")).bearer_auth(operator)).await;
    let entries = page["entries"].as_array().expect("entries");
    entries.iter().map(|entry| (to_text(&entry["action"]), to_text(&entry["outcome"]))).collect()
}

/// Waits until refusals of these actions are in the trail, to which they come within some seconds.
async fn expect_refusals(daypass: &Daypass, actions: &[&str]) {
    for action in actions {
        let mut tries = 0;
        while trail(daypass, &format!("outcome=refused&action={action}")).await.is_empty() {
            tries += 1;
            assert!(tries < 200, "no refusal of {action}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

const NEW: [(&str, &str); 4] =
    [("kind", "publishable"), ("name", "Web shop"), ("origins", "shop.example.com\r\n*.example.com\r\n"), ("scope", "floor:readPublic")];

#[tokio::test]
async fn the_console_leads_to_the_sign_in_and_to_the_first_organization() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let anonymous = Person { browser: Browser::new(&daypass), client: owner.client.clone(), organization: owner.organization.clone() };
    for path in ["/console".to_owned(), owner.path("tokens"), owner.path("tokens/new"), "/console/other/tokens".into()] {
        let page = answer(anonymous.request(Method::GET, &path)).await;
        assert_eq!((page.status, &*page.location), (303, "/sign-in?to=console"), "{path}");
    }
    let home = answer(owner.request(Method::GET, "/console")).await;
    assert_eq!((home.status, home.location), (303, owner.path("tokens")));
    let list = owner.get("tokens").await;
    assert_eq!((list.status, &*list.cache), (200, "no-store"));
    list.has(&["<h1><bdi>Tokens</bdi></h1>", "owner@example.com", "First organization", "Owner"]);
    assert!(!list.policy.contains("unsafe") && list.policy.contains("frame-ancestors 'none'"), "{}", list.policy);
    // Another organization is like one that does not exist.
    let (_, created) = send(daypass.post("/v2/organization").bearer_auth(to_text(&daypass.line["operatorToken"])).json(&json!({"name": "Chairs", "id": "chairs"}))).await;
    assert_eq!(created["id"], "chairs");
    let [other, none] = [answer(owner.request(Method::GET, "/console/chairs/tokens")).await, answer(owner.request(Method::GET, "/console/nowhere/tokens")).await];
    assert_eq!((other.status, none.status), (404, 404));
    assert_eq!(other.text, none.text);
    // A form is not lost when the session has ended.
    let request = anonymous.request(Method::POST, &owner.path("tokens/new")).header("origin", &daypass.url);
    let ended = answer(request.form(&NEW)).await;
    assert_eq!((ended.status, &*ended.location), (401, ""));
    ended.has(&["Your session has ended; nothing was saved", "href=\"/sign-in?to=console\" target=\"_blank\""]);
    // A token beside the session decides nothing: neither the product's cookie, nor what a gateway adds.
    let (_, personal) = send(owner.browser.post("/v2/access-token", &json!({"kind": "personal", "name": "mine", "scopes": ["floor:readPublic"]}))).await;
    for token in [to_text(&personal["token"]), "dp_per_expired".into(), "nonsense".into()] {
        let session = owner.browser.cookie.as_ref().expect("a session");
        for path in ["/console".to_owned(), owner.path("tokens")] {
            let request = || owner.client.request(Method::GET, format!("{}{path}", daypass.url));
            let cookie = format!("authn={token}; __Host-daypass-session={session}");
            let by_cookie = answer(request().header("cookie", cookie)).await;
            let by_header = answer(owner.request(Method::GET, &path).bearer_auth(&token)).await;
            for page in [by_cookie, by_header] {
                let is_page = page.text.contains("owner@example.com") || page.location == owner.path("tokens");
                assert!(is_page && page.status < 400, "{path}: {}", page.status);
            }
        }
    }
    // A token is no person.
    let by_token = answer(daypass.get(&owner.path("tokens")).bearer_auth(&daypass.admin)).await;
    assert!(!by_token.text.contains("Web shop") && by_token.text.contains("Sign in"));
}

#[tokio::test]
async fn a_token_is_created_and_its_text_is_in_one_page_alone() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    owner.get("tokens/new?kind=publishable").await.has(&["floor:readPublic", "Read public floor resources", "publishable"]);
    let page = owner.post("tokens/new", &NEW).await;
    assert_eq!((page.status, &*page.cache), (201, "no-store"));
    let token = shown_token(&page);
    assert!(token.starts_with("dp_pub_"));
    page.has(&["curl", "Browser", "Rust", "Node", "https://shop.example.com"]);
    let itself = daypass.get("/v2/access-token/self").bearer_auth(&token).header("origin", "https://a.example.com");
    let (status, described) = send(itself).await;
    assert_eq!((status, &described["originAllowed"]), (200, &json!(true)));

    let (_, all) = send(owner.browser.get("/v2/access-token?kind=publishable")).await;
    let id = to_text(&all["tokens"][0]["id"]);
    for page in ["tokens", "tokens/new", &format!("tokens/{id}"), &format!("tokens/{id}/edit"), &format!("tokens/{id}/revoke")] {
        let shown = owner.get(page).await;
        assert_eq!(shown.status, 200, "{page}");
        assert!(shown.text.contains("Web shop") || page == "tokens/new", "{page}");
        assert!(!shown.text.contains(&token), "{page} has the token");
    }
    assert!(!daypass.log().contains(&token));
    assert_eq!(trail(&daypass, "target=").await.len(), 0);
    assert!(trail(&daypass, &format!("target={id}")).await.contains(&("token.create".into(), "ok".into())));
}

#[tokio::test]
async fn a_form_with_a_mistake_says_so_beside_the_field_and_keeps_what_was_typed() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    for (field, value, status, says) in [
        ("name", "", 400, "The `name` must be"),
        ("name", "Web\u{202e}shop", 400, "U+202E"),
        ("origins", "", 400, "needs `origins`"),
        ("origins", "https://shop.example.com/cart", 400, "shop.example.com"),
        ("origins", "*.com", 400, "*.com"),
        ("scope", "floor:export", 400, "cannot hold `floor:export`"),
        ("scope", "<b>", 400, "&lt;b&gt;"),
        ("expires", "soon", 400, "The expiry `soon` is no time"),
        ("expires", "2001-01-01T00:00", 400, "must be in the future"),
        ("resources", "ground", 400, "Write the resource `ground`"),
        ("resources", "flor:ground", 400, "must be one that scopes are about"),
        ("owner", "nobody", 404, "Nothing was found here."),
        ("kind", "bundle", 400, "There is no kind"),
    ] {
        let mut fields: Vec<_> = NEW.iter().filter(|(name, _)| *name != field).copied().collect();
        fields.push((field, value));
        let page = owner.post("tokens/new", &fields).await;
        assert_eq!(page.status, status, "{field}={value}");
        page.has(&[says, "role=\"alert\""]);
        assert!(!page.text.contains("dp_pub_") && !page.text.contains('\u{202e}'), "{field}");
        if field == "kind" || field == "owner" {
            continue;
        }
        let target = if field == "scope" { "scopes" } else { field };
        page.has(&["The token was not created", &format!("href=\"#{target}\""), &format!("id=\"{target}-problem\"")]);
        if field != "name" {
            page.has(&["value=\"Web shop\""]);
        }
        if field != "origins" {
            page.has(&["shop.example.com\n*.example.com"]);
        }
    }
    // Examples are shown of as many patterns as a token can have.
    let many = "a.example\n".repeat(1000);
    let page = owner.post("tokens/new", &[("kind", "publishable"), ("name", "Web shop"), ("origins", &many)]).await;
    assert_eq!((page.status, page.text.matches("<ul><li class=\"").count()), (400, 100));
    page.has(&["at most 100", "id=\"origins-problem\""]);
    let (_, all) = send(owner.browser.get("/v2/access-token?kind=publishable")).await;
    assert_eq!(all["tokens"], json!([]));
}

#[tokio::test]
async fn what_a_role_may_not_do_is_not_offered_and_refused_all_the_same() {
    let daypass = Daypass::start();
    let (_, id) = daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
    let (_, plain) = daypass.create_token(json!({"kind": "secret", "name": "Backend", "scopes": [FLOOR_READ]})).await;
    for (role, may_create, may_revoke_own) in [("viewer", false, false), ("developer", true, false), ("owner", true, true)] {
        let person = Person::join(&daypass, role).await;
        let list = person.get("tokens").await;
        assert_eq!(list.text.contains("New token"), may_create, "{role}");
        let details = person.get(&format!("tokens/{id}")).await;
        assert_eq!(details.status, 200, "{role}");
        assert_eq!(details.text.contains("/revoke\""), may_revoke_own, "{role}");
        assert_eq!(details.text.contains("/edit\""), may_revoke_own, "{role}");
        assert_eq!(details.text.contains("What happened"), role == "owner", "{role}");
        assert_eq!(person.get(&format!("tokens/{plain}")).await.text.contains("/revoke\""), may_create, "{role}");
        assert_eq!(person.get("tokens/new").await.status, if may_create { 200 } else { 403 }, "{role}");
        if may_create {
            let form = person.get("tokens/new?kind=secret").await;
            assert_eq!(form.text.contains("token:introspect"), role == "owner", "{role}");
        }
        if !may_revoke_own {
            let revoke = person.post(&format!("tokens/{id}/revoke"), &[]).await;
            assert_eq!(revoke.status, 403, "{role}");
            let edit = [("name", "Mine"), ("version", "1")];
            assert_eq!(person.post(&format!("tokens/{id}/edit"), &edit).await.status, 403, "{role}");
            let scopes = [("kind", "secret"), ("name", "n"), ("scope", "daypass:administer")];
            let status = if may_create { 400 } else { 403 };
            assert_eq!(person.post("tokens/new", &scopes).await.status, status, "{role}");
        }
    }
    let (_, record) = send(daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin)).await;
    assert_eq!((&record["name"], &record["revokedAt"]), (&json!("API"), &Value::Null));
    expect_refusals(&daypass, &["token.create", "token.edit", "token.revoke"]).await;
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_and_recorded() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let (_, id) = daypass.create_token(json!({"kind": "application", "name": "engine", "id": "engine", "scopes": [FLOOR_READ]})).await;
    for page in ["tokens/new", &format!("tokens/{id}/edit"), &format!("tokens/{id}/revoke"), &format!("tokens/{id}/recreate")] {
        for (origin, site) in [(Some("https://evil.example"), None), (Some("null"), Some("same-origin")), (None, Some("same-site")), (None, None)] {
            let mut request = owner.request(Method::POST, &owner.path(page)).form(&NEW);
            for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
                request = value.into_iter().fold(request, |request, value| request.header(name, value));
            }
            let refused = answer(request).await;
            assert_eq!(refused.status, 403, "{page} {origin:?} {site:?}");
            refused.has(&["Not from this site", "cross_site_request"]);
        }
    }
    let (_, all) = send(owner.browser.get("/v2/access-token")).await;
    let kinds: Vec<_> = all["tokens"].as_array().expect("tokens").iter().map(|token| to_text(&token["kind"])).collect();
    assert_eq!(kinds, ["application", "secret"]);
    expect_refusals(&daypass, &["token.create", "token.edit", "token.revoke"]).await;
}

#[tokio::test]
async fn a_token_is_edited_in_the_version_that_the_form_showed() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let (_, id) = daypass.create_token(json!({"kind": "publishable", "name": "Shop", "origins": ["shop.example.com"], "scopes": ["floor:readPublic"], "expiresAt": 4_000_000_001_u64})).await;
    let page = format!("tokens/{id}/edit");
    owner.get(&page).await.has(&["value=\"Shop\"", "shop.example.com", "value=\"2096-10-02T07:06:41\"", "name=\"version\" value=\"1\""]);
    let edit = [("name", "Web shop"), ("origins", "shop.example.com\r\npr-*.example.com"), ("expires", "2096-10-02T07:06:41"), ("version", "1")];
    let saved = owner.post(&page, &edit).await;
    assert_eq!((saved.status, saved.location), (303, owner.path(&format!("tokens/{id}"))));
    let (_, record) = send(daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin)).await;
    assert_eq!((&record["name"], &record["expiresAt"], &record["version"]), (&json!("Web shop"), &json!(4_000_000_001_u64), &json!(2)));
    assert_eq!(record["origins"], json!(["shop.example.com", "pr-*.example.com"]));
    let late = owner.post(&page, &[("name", "Other"), ("origins", "a.example"), ("version", "1")]).await;
    assert_eq!(late.status, 409);
    late.has(&["The token was not changed", "value=\"Other\""]);
    owner.get(&format!("tokens/{id}")).await.has(&["Web shop", "https://pr-12.example.com", "token.edit"]);
}

#[tokio::test]
async fn a_revocation_says_first_what_ends_with_it_and_the_token_is_created_once_more_under_its_id() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let partner = daypass.create_partner().await;
    owner.get("tokens/northlight").await.has(&["No bundle references."]);
    for _ in 0..3 {
        daypass.create_reference(&partner, &json!({"floor": "f1"})).await;
    }
    owner.get("tokens/northlight").await.has(&["3 bundle references; the last one ends in "]);
    owner.get("tokens/northlight/revoke").await.has(&["3 bundle references", "This ends at once"]);
    // Before that it cannot be created once more.
    assert!(!owner.get("tokens/northlight/recreate").await.text.contains("<form"));
    assert_eq!(owner.post("tokens/northlight/recreate", &[]).await.status, 409);

    // The form is for the token that it showed.
    let serial = shown_serial(&owner.get("tokens/northlight/revoke").await);
    for fields in [&[][..], &[("serial", "0")]] {
        let other = owner.post("tokens/northlight/revoke", fields).await;
        assert_eq!(other.status, 200);
        other.has(&["Nothing was revoked", &format!("name=\"serial\" value=\"{serial}\"")]);
    }
    assert!(!owner.get("tokens/northlight").await.text.contains("/recreate\""));
    let revoked = owner.post("tokens/northlight/revoke", &[("serial", &serial)]).await;
    assert_eq!((revoked.status, revoked.location), (303, owner.path("tokens/northlight")));
    owner.get("tokens/northlight").await.has(&["revoked", "token.revoke", "/recreate\""]);
    assert!(!owner.get("tokens/northlight").await.text.contains("Made from it"));
    let (status, _) = send(daypass.get("/v2/access-token/self").bearer_auth(&partner)).await;
    assert_eq!(status, 200);
    owner.get("tokens/northlight/recreate").await.has(&["This one belongs to you", "bundle:<wbr>create", "floor:<wbr>readPrivate", "<form method=\"post\""]);
    let page = owner.post("tokens/northlight/recreate", &[]).await;
    assert_eq!(page.status, 201);
    let token = shown_token(&page);
    assert!(token != partner, "it has another text");
    daypass.create_reference(&token, &json!({"floor": "f1"})).await;
    let (_, record) = send(daypass.get("/v2/access-token/northlight").bearer_auth(&daypass.admin)).await;
    assert_eq!((&record["revokedAt"], &record["grants"][0]["scopes"]), (&Value::Null, &json!(["bundle:create", FLOOR_READ])));
    // A form of the earlier token ends nothing of the later one.
    owner.post("tokens/northlight/revoke", &[("serial", &serial)]).await.has(&["Nothing was revoked"]);
    let (_, record) = send(daypass.get("/v2/access-token/northlight").bearer_auth(&daypass.admin)).await;
    assert_eq!(record["revokedAt"], Value::Null);
}

#[tokio::test]
async fn texts_from_outside_are_shown_literally() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let name = "</td><script>alert(1)</script> \"q\" 'a' & שלום";
    let (_, id) = daypass.create_token(json!({"kind": "publishable", "name": name, "origins": ["shop.example.com"]})).await;
    let escaped = "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt; ";
    for page in ["tokens", &format!("tokens/{id}"), &format!("tokens/{id}/edit"), &format!("tokens/{id}/revoke")] {
        let shown = owner.get(page).await;
        shown.has(&[escaped]);
        assert!(!shown.text.contains("<script>"), "{page}");
    }
    // Such names came in before they were refused.
    daypass.execute(&format!("UPDATE token SET name = 'Web\u{202e}shop\u{200b}' WHERE id = '{id}'"));
    for page in ["tokens", &format!("tokens/{id}"), &format!("tokens/{id}/edit"), &format!("tokens/{id}/revoke")] {
        let shown = owner.get(page).await;
        shown.has(&["Web\\u{202e}shop\\u{200b}"]);
        assert!(!shown.text.contains(['\u{202e}', '\u{200b}']), "{page}");
    }
    let echoed = owner.get("tokens?name=%22%3E%3Cimg%20src%3Dx%3E%E2%80%AE").await;
    echoed.has(&["value=\"&quot;&gt;&lt;img src=x&gt;\\u{202e}\"", "No token matches."]);
    for query in ["kind=%3Cb%3E", "state=x", "cursor=x"] {
        let wrong = owner.get(&format!("tokens?{query}")).await;
        assert!((400..500).contains(&wrong.status) && !wrong.text.contains("<b>"), "{query}");
    }
    assert_eq!(owner.get("tokens/%2e%2e%2f%3Cb%3E").await.status, 404);
}

#[tokio::test]
async fn a_list_has_pages_that_keep_the_filter() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    for number in 0..60 {
        let body = json!({"kind": "application", "name": format!("Partner {number}"), "id": format!("p{number}"), "scopes": [FLOOR_READ]});
        daypass.create_token(body).await;
    }
    let first = owner.get("tokens?kind=application&name=partner").await;
    first.has(&["Partner 59", "Partner 10", "Older tokens", "kind=application&amp;name=partner".split('&').next().expect("a part")]);
    assert!(!first.text.contains(">Partner 9<"));
    let next = first.text.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let next = next.replace("&amp;", "&");
    assert!(next.contains("kind=application") && next.contains("name=partner"), "{next}");
    let second = answer(owner.request(Method::GET, &next)).await;
    second.has(&[">Partner 9<", ">Partner 0<", "Newest tokens"]);
    assert!(!second.text.contains("Older tokens") && !second.text.contains(">Partner 10<"));
    let active = owner.get("tokens?state=revoked").await;
    active.has(&["No token matches."]);
}
