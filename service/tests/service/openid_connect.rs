//! People sign in by an OpenID Connect provider: npm `oidc-provider`.

use base64ct::{Base64UrlUnpadded, Encoding};
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{Client, redirect};
use serde_json::{Value, json};

use super::people::{Browser, PASSWORD, add_user, invite, join};
use super::running::{Daypass, expect_error, send, to_text};
use crate::openid_provider::{CLIENT_SECRET, Provider};

const START: &str = "/v2/session/openid-connect";
/// The page to which a sign-in leads that failed.
const FAILED: &str = "/sign-in?error=sign_in_failed";

/// A service that is a client of a provider.
fn start(secret: &str) -> (Provider, Daypass) {
    let mut provider = Provider::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{secret}\n")).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let options = ["--oidc-issuer", &provider.issuer, "--oidc-client-id", "daypass", "--oidc-client-secret-file", file];
    let daypass = Daypass::start_with(&options);
    provider.register(&daypass.url);
    (provider, daypass)
}

/// A sign-in that has begun: the link to the provider, and the browser's cookie.
struct Begun {
    link: String,
    cookie: String,
}

async fn begin(browser: &Browser<'_>, body: &Value) -> Begun {
    let response = browser.post(START, body).send().await.expect("a response");
    let cookie = response.headers().get(SET_COOKIE).map(|line| line.to_str().expect("text").to_owned());
    let body: Value = response.json().await.expect("JSON");
    let cookie = cookie.unwrap_or_else(|| panic!("{body}"));
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    assert!(pair.starts_with("__Host-daypass-openid="));
    assert_eq!(attributes, "Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax");
    Begun { link: to_text(&body["url"]), cookie: pair.to_owned() }
}

/// Follows the provider's redirect to the service as a browser does, and returns where that leads.
async fn come_back(browser: &mut Browser<'_>, url: &str, cookie: &str) -> String {
    let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let session = browser.cookie.as_ref().map(|text| format!("; __Host-daypass-session={text}")).unwrap_or_default();
    let request = client.get(url).header("cookie", format!("{cookie}{session}")).header("sec-fetch-site", "cross-site");
    let response = request.send().await.expect("a response");
    assert_eq!(response.status().as_u16(), 303);
    for line in response.headers().get_all(SET_COOKIE) {
        let line = line.to_str().expect("text");
        if let Some(value) = line.strip_prefix("__Host-daypass-session=") {
            browser.cookie = value.split(';').next().map(str::to_owned);
        } else {
            assert!(line.starts_with("__Host-daypass-openid=; Max-Age=0; "), "it is deleted");
        }
    }
    let location = response.headers()[LOCATION].to_str().expect("text");
    location.strip_prefix(&browser.daypass.url).expect("a page of the service").to_owned()
}

/// Goes to the provider and back, and returns where that leads.
async fn round_trip(provider: &Provider, browser: &mut Browser<'_>, body: &Value) -> String {
    let Begun { link, cookie } = begin(browser, body).await;
    let back = provider.visit(&link).await;
    come_back(browser, &back, &cookie).await
}

fn link_request() -> Value {
    json!({"link": true, "password": PASSWORD})
}

/// Changes what a sign-in is for, as its browser can.
fn cookie_of_link(begun: &Begun) -> Begun {
    let (name, value) = begun.cookie.split_once('=').expect("a cookie");
    let json = Base64UrlUnpadded::decode_vec(value).expect("base64url");
    let mut pending: Value = serde_json::from_slice(&json).expect("JSON");
    pending["purpose"] = json!({"link": {"expires_at": u32::MAX, "hash": "x"}});
    let value = Base64UrlUnpadded::encode_string(pending.to_string().as_bytes());
    Begun { link: begun.link.clone(), cookie: format!("{name}={value}") }
}

#[tokio::test]
async fn an_invited_person_comes_through_the_provider() {
    let (provider, daypass) = start(CLIENT_SECRET);
    let mut browser = Browser::new(&daypass);
    let (_, methods) = send(browser.get("/v2/sign-in-methods")).await;
    assert_eq!(methods, json!({"openIdIssuer": provider.issuer}));
    let organization = daypass.organization();
    let user = add_user(&daypass, &daypass.admin, &organization, "ada@example.com", "developer").await;
    provider.sign_in_as(Some("person-1")).await;
    // The provider says that the email is this user's: that alone links nothing.
    assert_eq!(round_trip(&provider, &mut browser, &json!({})).await, FAILED);
    assert_eq!(browser.cookie, None);

    let invitation = invite(&daypass, &daypass.admin, &organization, &user).await;
    assert_eq!(round_trip(&provider, &mut browser, &json!({"invitation": invitation})).await, "/sign-in");
    let (_, session) = send(browser.get("/v2/session")).await;
    assert_eq!(session["account"]["identityProvider"], json!(provider.issuer));
    assert_eq!(
        (&session["account"]["hasPassword"], &session["memberships"][0]["principal"]),
        (&json!(false), &json!(user))
    );
    let mut again = Browser::new(&daypass);
    let used = round_trip(&provider, &mut again, &json!({"invitation": invitation})).await;
    assert_eq!((&*used, &again.cookie), ("/sign-in?error=invalid_invitation", &None));
    assert_eq!(round_trip(&provider, &mut again, &json!({})).await, "/sign-in");
    assert_eq!(send(again.get("/v2/session")).await.1["account"], session["account"]);
    // Another person of the provider is nobody here.
    provider.sign_in_as(Some("person-2")).await;
    assert_eq!(round_trip(&provider, &mut Browser::new(&daypass), &json!({})).await, FAILED);
    let login = json!({"email": "ada@example.com", "password": PASSWORD});
    expect_error(browser.post("/v2/session", &login), 401, "sign_in_failed").await;
    let change = browser.request(reqwest::Method::PUT, "/v2/session/password");
    let change = change.json(&json!({"oldPassword": "", "newPassword": PASSWORD}));
    expect_error(change, 400, "invalid_request").await;
}

#[tokio::test]
async fn a_person_who_is_signed_in_links_an_identity_and_no_email_does() {
    let (provider, daypass) = start(CLIENT_SECRET);
    let (_, mut browser) = join(&daypass, "ada@example.com", "viewer").await;
    let (_, mut other) = join(&daypass, "bob@example.com", "viewer").await;
    provider.sign_in_as(Some("person-1")).await;
    expect_error(Browser::new(&daypass).post(START, &link_request()), 401, "not_signed_in").await;
    expect_error(browser.post(START, &json!({"link": true, "invitation": "i"})), 400, "invalid_request").await;
    expect_error(browser.post(START, &json!({"link": true})), 400, "invalid_request").await;
    let wrong = json!({"link": true, "password": "wrong horse battery"});
    expect_error(browser.post(START, &wrong), 401, "sign_in_failed").await;
    // A session that was stolen cannot make the cookie of a link.
    let forged = cookie_of_link(&begin(&browser, &json!({})).await);
    let back = provider.visit(&forged.link).await;
    assert_eq!(come_back(&mut browser, &back, &forged.cookie).await, FAILED);
    assert_eq!(round_trip(&provider, &mut browser, &link_request()).await, "/sign-in");
    let refused = round_trip(&provider, &mut other, &link_request()).await;
    assert_eq!(refused, "/sign-in?error=invalid_request", "it is another account's");
    provider.sign_in_as(Some("person-2")).await;
    let refused = round_trip(&provider, &mut browser, &link_request()).await;
    assert_eq!(refused, "/sign-in?error=invalid_request", "the account has one");
    provider.sign_in_as(Some("person-1")).await;
    let mut signed_in = Browser::new(&daypass);
    assert_eq!(round_trip(&provider, &mut signed_in, &json!({})).await, "/sign-in");
    assert_eq!(send(signed_in.get("/v2/session")).await.1["account"]["email"], "ada@example.com");
    // Between the two steps another person signs in.
    provider.sign_in_as(Some("person-3")).await;
    let Begun { link, cookie } = begin(&browser, &link_request()).await;
    let back = provider.visit(&link).await;
    assert_eq!(come_back(&mut other, &back, &cookie).await, FAILED);
}

#[tokio::test]
async fn a_linked_identity_is_unlinked_by_the_password_and_its_sessions_end() {
    const UNLINK: &str = "/v2/session/openid-connect/unlink";
    let (provider, daypass) = start(CLIENT_SECRET);
    let (_, mut browser) = join(&daypass, "ada@example.com", "viewer").await;
    provider.sign_in_as(Some("person-1")).await;
    assert_eq!(round_trip(&provider, &mut browser, &link_request()).await, "/sign-in");
    let mut by_identity = Browser::new(&daypass);
    assert_eq!(round_trip(&provider, &mut by_identity, &json!({})).await, "/sign-in");
    let wrong = json!({"password": "wrong horse battery"});
    expect_error(by_identity.post(UNLINK, &wrong), 401, "sign_in_failed").await;
    assert_eq!(send(by_identity.get("/v2/session")).await.0, 200);
    let unlink = browser.post(UNLINK, &json!({"password": PASSWORD})).send().await.expect("a response");
    assert_eq!(unlink.status().as_u16(), 204);
    assert_eq!(send(browser.get("/v2/session")).await.1["account"]["identityProvider"], json!(null));
    expect_error(by_identity.get("/v2/session"), 401, "not_signed_in").await;
    assert_eq!(round_trip(&provider, &mut Browser::new(&daypass), &json!({})).await, FAILED);
    // An account without a password would have nothing left.
    let organization = daypass.organization();
    let user = add_user(&daypass, &daypass.admin, &organization, "bob@example.com", "viewer").await;
    let invitation = invite(&daypass, &daypass.admin, &organization, &user).await;
    let mut bob = Browser::new(&daypass);
    assert_eq!(round_trip(&provider, &mut bob, &json!({"invitation": invitation})).await, "/sign-in");
    expect_error(bob.post(UNLINK, &json!({"password": PASSWORD})), 400, "invalid_request").await;
}

#[tokio::test]
async fn a_response_that_is_not_to_this_browsers_request_is_refused() {
    let (provider, daypass) = start(CLIENT_SECRET);
    let (_, mut browser) = join(&daypass, "ada@example.com", "viewer").await;
    provider.sign_in_as(Some("person-1")).await;
    assert_eq!(round_trip(&provider, &mut browser, &link_request()).await, "/sign-in");

    let mut victim = Browser::new(&daypass);
    let attacker = begin(&victim, &json!({})).await;
    let own = begin(&victim, &json!({})).await;
    let back = provider.visit(&attacker.link).await;
    // Login CSRF: the attacker's response in another browser, with its own cookie, with none, and with a forged one.
    for cookie in [&*own.cookie, "a=b", "__Host-daypass-openid=x", "__Host-daypass-openid=e30"] {
        assert_eq!(come_back(&mut victim, &back, cookie).await, FAILED, "{cookie}");
    }
    for query in
        ["", "?state=s", "?code=c", "?state=s&code=c", "?error=access_denied&state=s", "?state=s&state=t&code=c"]
    {
        let url = format!("{}{START}/callback{query}", daypass.url);
        let location = come_back(&mut victim, &url, &own.cookie).await;
        assert!(location.starts_with("/sign-in?error="), "{query}: {location}");
    }
    let other_state = back.replace("state=", "state=x");
    assert_eq!(come_back(&mut victim, &other_state, &attacker.cookie).await, FAILED, "the state is compared");
    assert_eq!(victim.cookie, None);
    assert_eq!(come_back(&mut victim, &back, &attacker.cookie).await, "/sign-in");
    victim.cookie = None;
    assert_eq!(come_back(&mut victim, &back, &attacker.cookie).await, FAILED, "a code is used once");
    provider.sign_in_as(None).await;
    assert_eq!(round_trip(&provider, &mut victim, &json!({})).await, FAILED, "the person cancelled");
    assert_eq!(victim.cookie, None);
    let log = daypass.log();
    assert!(log.contains("the provider did not confirm a person"));
    let code = back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).expect("a code");
    for secret in [code, CLIENT_SECRET, &attacker.cookie["__Host-daypass-openid=".len()..]] {
        assert!(!log.contains(secret), "the log holds a secret that starts with {}", &secret[..4]);
    }
    // From another site nobody begins.
    let request = daypass.post(START).header("origin", "https://evil.example").json(&json!({}));
    expect_error(request, 403, "cross_site_request").await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_used_is_told_in_words() {
    let (provider, daypass) = start("another-secret");
    provider.sign_in_as(Some("person-1")).await;
    assert_eq!(round_trip(&provider, &mut Browser::new(&daypass), &json!({})).await, FAILED);
    assert!(daypass.log().contains("invalid_client"), "the log names the cause");

    let gone = Daypass::start_with(&["--oidc-issuer", "http://127.0.0.1:9", "--oidc-client-id", "daypass"]);
    let browser = Browser::new(&gone);
    let message = expect_error(browser.post(START, &json!({})), 401, "sign_in_failed").await;
    assert!(message.contains("does not answer"), "{message}");
    let none = Daypass::start();
    let browser = Browser::new(&none);
    assert_eq!(send(browser.get("/v2/sign-in-methods")).await.1, json!({"openIdIssuer": null}));
    let message = expect_error(browser.post(START, &json!({})), 400, "invalid_request").await;
    assert!(message.contains("--oidc-issuer"), "{message}");
}

#[tokio::test]
async fn an_authorization_request_survives_the_sign_in_at_the_provider() {
    let (provider, daypass) = start(CLIENT_SECRET);
    let user = add_user(&daypass, &daypass.admin, &daypass.organization(), "ada@example.com", "developer").await;
    let invitation = invite(&daypass, &daypass.admin, &daypass.organization(), &user).await;
    provider.sign_in_as(Some("person-1")).await;
    let mut browser = Browser::new(&daypass);
    assert_eq!(round_trip(&provider, &mut browser, &json!({"invitation": invitation})).await, "/sign-in");

    let query = "response_type=code&client_id=app_1&redirect_uri=https://evil.example/&state=a%20b";
    let request = json!({"authorize": query});
    let mut again = Browser::new(&daypass);
    assert_eq!(round_trip(&provider, &mut again, &request).await, format!("/oauth/authorize?{query}"));
    provider.sign_in_as(Some("person-2")).await;
    let failed = round_trip(&provider, &mut Browser::new(&daypass), &request).await;
    let waiting = failed.strip_prefix("/sign-in?authorize=").expect("a request that waits");
    let waiting = waiting.strip_suffix("&error=sign_in_failed").expect("why");
    assert_eq!(percent_encoding::percent_decode_str(waiting).decode_utf8_lossy(), query);
    // No text of a request changes the shape of the address.
    for (query, encoded) in [("a b", "a%20b"), ("a\r\nset-cookie: a=1", "a%0D%0Aset-cookie:%20a=1"), ("a#é", "a%23%C3%A9")] {
        provider.sign_in_as(Some("person-1")).await;
        let back = round_trip(&provider, &mut Browser::new(&daypass), &json!({"authorize": query})).await;
        assert_eq!(back, format!("/oauth/authorize?{encoded}"));
    }
    expect_error(browser.post(START, &json!({"authorize": "a".repeat(2001)})), 400, "invalid_request").await;
}

/// Sends the form that begins at the provider, and returns where the page leads.
async fn begin_by_form(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Begun {
    let request = browser.daypass.post(path).header("origin", &browser.daypass.url).form(fields);
    let session = browser.cookie.as_ref().map(|text| format!("__Host-daypass-session={text}"));
    let request = session.into_iter().fold(request, |request, session| request.header("cookie", session));
    let response = request.send().await.expect("a response");
    // A redirect would be one of the form, which the policy of the page before it forbids.
    assert_eq!(response.status().as_u16(), 200);
    let cookie = response.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
    let page = response.text().await.expect("a body");
    let link = page.split("content=\"0; url=").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    Begun { link: link.replace("&amp;", "&"), cookie }
}

#[tokio::test]
async fn a_person_signs_in_at_the_provider_without_a_script() {
    let (provider, daypass) = start(CLIENT_SECRET);
    let (_, mut browser) = join(&daypass, "ada@example.com", "developer").await;
    let page = daypass.get("/sign-in?to=console").send().await.expect("a response").text().await.expect("a body");
    assert!(page.contains("action=\"/sign-in/openid-connect\"") && page.contains("Continue with <b>127.0.0.1:"));
    provider.sign_in_as(Some("person-1")).await;
    let Begun { link, cookie } = begin_by_form(&browser, "/sign-in/link", &[("password", PASSWORD)]).await;
    assert_eq!(come_back(&mut browser, &provider.visit(&link).await, &cookie).await, "/sign-in");
    for (fields, expected) in [
        (&[("to", "console")][..], "/console"),
        (&[("authorize", "client_id=app_1&state=a%20b")], "/oauth/authorize?client_id=app_1&state=a%20b"),
        (&[("to", "https://evil.example")], "/sign-in"),
    ] {
        let mut again = Browser::new(&daypass);
        let Begun { link, cookie } = begin_by_form(&again, "/sign-in/openid-connect", fields).await;
        assert_eq!(come_back(&mut again, &provider.visit(&link).await, &cookie).await, expected);
        assert_eq!(send(again.get("/v2/session")).await.0, 200);
    }
    // A wrong password links nothing, and a person without a session has to sign in first.
    let (_, bob) = join(&daypass, "bob@example.com", "developer").await;
    for (browser, says) in [(&bob, "id=\"password-problem\""), (&Browser::new(&daypass), "Your session has ended")] {
        let request = browser.without_page(reqwest::Method::POST, "/sign-in/link").header("origin", &daypass.url);
        let refused = request.form(&[("password", "wrong horse")]).send().await.expect("a response");
        assert_eq!(refused.status().as_u16(), 401);
        let text = refused.text().await.expect("a body");
        assert!(text.contains(says) && !text.contains("wrong horse"), "{says}");
    }
}
