//! People sign in, stay signed in, change their password and sign out.

use std::time::Instant;

use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};

use super::people::{Browser, PASSWORD, join};
use super::running::{Daypass, expect_error, send};

const EMAIL: &str = "ada@example.com";

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

/// Expects that a browser is signed in, or not.
async fn expect_session(browser: &Browser<'_>, is_active: bool) {
    if is_active {
        let (status, session) = send(browser.get("/v2/session")).await;
        assert_eq!(status, 200, "{}", session["message"]);
    } else {
        expect_error(browser.get("/v2/session"), 401, "not_signed_in").await;
    }
}

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let daypass = Daypass::start();
    let (user, mut browser) = join(&daypass, EMAIL, "developer").await;
    let earlier = browser.cookie.clone();
    let session = browser.sign_in(" Ada@Example.COM ").await;
    assert_ne!(browser.cookie, earlier);
    assert_eq!(browser.cookie.as_ref().map(String::len), Some(43), "256 bits in base64url");
    let account = &session["account"];
    assert_eq!(
        (&account["email"], &account["name"], &account["hasPassword"]),
        (&json!(EMAIL), &json!("Ada"), &json!(true))
    );
    let organization = json!({"id": daypass.organization(), "name": "First organization", "suspendedAt": null});
    let membership = json!({"organization": organization, "principal": user, "role": "developer"});
    assert_eq!(session["memberships"], json!([membership]));
    assert_eq!(send(browser.get("/v2/session")).await, (200, session));

    // The session that the browser had before has ended.
    let mut before = Browser::new(&daypass);
    before.cookie = earlier;
    expect_session(&before, false).await;
    let signed_in = browser.cookie.clone();
    let sign_out = browser.request(Method::DELETE, "/v2/session");
    assert_eq!(browser.send(sign_out).await.0, 204);
    assert_eq!(browser.cookie, None);
    browser.cookie = signed_in;
    expect_session(&browser, false).await;
    let sign_out = browser.request(Method::DELETE, "/v2/session");
    assert_eq!(browser.send(sign_out).await.0, 204, "again is as well");
    expect_error(Browser::new(&daypass).get("/v2/session"), 401, "not_signed_in").await;
}

#[tokio::test]
async fn an_unknown_email_is_like_a_wrong_password() {
    let daypass = Daypass::start();
    join(&daypass, EMAIL, "viewer").await;
    let browser = Browser::new(&daypass);
    let mut fastest = [u128::MAX; 2];
    let mut answers = vec![];
    for _ in 0..5 {
        for (index, email) in [EMAIL, "bob@example.com"].into_iter().enumerate() {
            let start = Instant::now();
            let request = browser.post("/v2/session", &credentials(email, "wrong horse battery"));
            let response = request.send().await.expect("a response");
            fastest[index] = fastest[index].min(start.elapsed().as_micros());
            assert_eq!(response.status().as_u16(), 401);
            let mut headers = response.headers().clone();
            // Each request has its own.
            for name in ["date", "x-request-id"] {
                headers.remove(name);
            }
            answers.push((headers, response.text().await.expect("a body")));
        }
    }
    assert!(answers[0].1.contains("The email or the password is wrong."), "{}", answers[0].1);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let [known, unknown] = fastest;
    // Without the hash it is a tenth. Other tests run meanwhile.
    assert!(unknown * 4 > known, "{known} and {unknown} microseconds");
    for body in [credentials("no email", PASSWORD), credentials("", ""), credentials(EMAIL, &"p".repeat(2000))] {
        expect_error(browser.post("/v2/session", &body), 401, "sign_in_failed").await;
    }
    for body in [
        json!({"email": EMAIL}),
        json!({"email": EMAIL, "password": 1}),
        json!({"email": EMAIL, "password": "p", "x": 1}),
    ] {
        expect_error(browser.post("/v2/session", &body), 400, "invalid_body").await;
    }
}

#[tokio::test]
async fn failed_sign_ins_are_limited_on_all_nodes_together() {
    let daypass = Daypass::start();
    let (_, mut browser) = join(&daypass, EMAIL, "viewer").await;
    let node = daypass.start_beside_with(&["--issuer".to_owned(), daypass.url.clone()]);
    let of_node = |email: &str, password: &str| {
        let request = reqwest::Client::new().post(format!("{}/v2/session", node.url));
        request.header("origin", &daypass.url).json(&credentials(email, password))
    };
    let wrong = || browser.post("/v2/session", &credentials(EMAIL, "wrong horse battery"));
    for _ in 0..5 {
        expect_error(wrong(), 401, "sign_in_failed").await;
    }
    // A success forgives the failures before it.
    browser.sign_in(EMAIL).await;
    let wrong = || browser.post("/v2/session", &credentials(EMAIL, "wrong horse battery"));
    for _ in 0..5 {
        expect_error(wrong(), 401, "sign_in_failed").await;
        expect_error(of_node("ADA@example.com", "wrong horse battery"), 401, "sign_in_failed").await;
    }
    for request in [wrong(), browser.post("/v2/session", &credentials(EMAIL, PASSWORD)), of_node(EMAIL, PASSWORD)] {
        let response = request.try_clone().expect("a body").send().await.expect("a response");
        let seconds: u64 = response.headers()[RETRY_AFTER].to_str().expect("text").parse().expect("a number");
        assert!((1..=900).contains(&seconds), "{seconds}");
        expect_error(request, 429, "too_many_requests").await;
    }
    // The session stays, and so do other people.
    expect_session(&browser, true).await;
    let change = json!({"oldPassword": PASSWORD, "newPassword": "another horse battery"});
    let change = browser.request(Method::PUT, "/v2/session/password").json(&change);
    expect_error(change, 429, "too_many_requests").await;
    expect_error(of_node("bob@example.com", PASSWORD), 401, "sign_in_failed").await;

    // One address with many emails.
    daypass.execute("UPDATE sign_in_attempt SET count = 100");
    expect_error(of_node("eve@example.com", PASSWORD), 429, "too_many_requests").await;
    daypass.execute("UPDATE sign_in_attempt SET since = since - 900");
    browser.sign_in(EMAIL).await;
}

#[tokio::test]
async fn a_client_behind_a_proxy_has_its_own_address() {
    let daypass = Daypass::start_with(&["--proxies", "1"]);
    let browser = Browser::new(&daypass);
    let from = |address: &str, email: &str| {
        let request = browser.post("/v2/session", &credentials(email, PASSWORD));
        // The client may write anything before what the proxy adds, also bytes that are not text.
        request.header("x-forwarded-for", [b"\xff, 9.9.9.9, ", address.as_bytes()].concat())
    };
    expect_error(from("1.1.1.1", "a@example.com"), 401, "sign_in_failed").await;
    daypass.execute("UPDATE sign_in_attempt SET count = 100");
    expect_error(from("1.1.1.1", "b@example.com"), 429, "too_many_requests").await;
    expect_error(from("1.1.1.2", "b@example.com"), 401, "sign_in_failed").await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let daypass = Daypass::start();
    let (_, mut browser) = join(&daypass, EMAIL, "viewer").await;
    let mut other = Browser::new(&daypass);
    other.sign_in(EMAIL).await;
    let change = |old: &str, new: &str| {
        let body = json!({"oldPassword": old, "newPassword": new});
        browser.request(Method::PUT, "/v2/session/password").json(&body)
    };
    expect_error(change("wrong horse battery", "another horse battery"), 401, "sign_in_failed").await;
    for new in ["short", "aaaaaaaaaaaaaaaa", "my ada@example.com"] {
        let message = expect_error(change(PASSWORD, new), 400, "invalid_request").await;
        assert!(message.contains("password must") && !message.contains(new), "{message}");
    }
    expect_session(&other, true).await;
    let response = change(PASSWORD, "another horse battery").send().await.expect("a response");
    assert_eq!(response.status().as_u16(), 204);
    expect_session(&browser, true).await;
    expect_session(&other, false).await;
    expect_error(other.post("/v2/session", &credentials(EMAIL, PASSWORD)), 401, "sign_in_failed").await;
    let again = browser.post("/v2/session", &credentials(EMAIL, "another horse battery"));
    assert_eq!(browser.send(again).await.0, 200);
    let nobody = Browser::new(&daypass).request(Method::PUT, "/v2/session/password").json(&json!({}));
    expect_error(nobody, 401, "not_signed_in").await;
}

#[tokio::test]
async fn a_changed_password_is_no_failed_attempt() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "viewer").await;
    let passwords = [PASSWORD, "another horse battery"];
    for round in 0..11 {
        let body = json!({"oldPassword": passwords[round % 2], "newPassword": passwords[(round + 1) % 2]});
        let response = browser.request(Method::PUT, "/v2/session/password").json(&body).send().await;
        assert_eq!(response.expect("a response").status().as_u16(), 204, "{round}");
    }
    let counted = daypass.session().number("SELECT coalesce(sum(count), 0) FROM sign_in_attempt");
    assert_eq!(counted, 0);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_or_old() {
    let daypass = Daypass::start_with(&["--session-idle-minutes", "10", "--session-hours", "2"]);
    let (_, mut browser) = join(&daypass, EMAIL, "viewer").await;
    let seen = || daypass.session().number("SELECT max(last_seen_at) FROM session");
    daypass.execute("UPDATE session SET last_seen_at = last_seen_at - 590");
    let before = seen();
    expect_session(&browser, true).await;
    assert!(seen() >= before + 590, "each request begins the time again");
    daypass.execute("UPDATE session SET last_seen_at = last_seen_at - 600");
    expect_session(&browser, false).await;
    expect_error(browser.get("/v2/access-token"), 401, "not_signed_in").await;

    browser.sign_in(EMAIL).await;
    let lives = "SELECT max(expires_at - created_at) FROM session";
    assert_eq!(daypass.session().number(lives), 7200);
    daypass.execute("UPDATE session SET expires_at = last_seen_at");
    expect_session(&browser, false).await;
    browser.sign_in(EMAIL).await;
    assert_eq!(daypass.session().number("SELECT count(*) FROM session"), 1, "those that are over are deleted");
}

#[tokio::test]
async fn only_the_services_own_pages_change_something_with_a_session() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "owner").await;
    let body = json!({"kind": "secret", "name": "Backend"});
    let own = daypass.url.as_str();
    for (origin, fetch_site, is_own) in [
        (Some(own), None, true),
        (None, Some("same-origin"), true),
        (None, Some("same-site"), false),
        (None, Some("cross-site"), false),
        (None, None, false),
        (Some("null"), Some("same-origin"), false),
        (Some("https://evil.example"), Some("none"), false),
    ] {
        let create = browser.without_page(Method::POST, "/v2/access-token").json(&body);
        let sign_in = browser.without_page(Method::POST, "/v2/session").json(&credentials("bob@example.com", PASSWORD));
        let sign_out = Browser::new(&daypass).without_page(Method::DELETE, "/v2/session");
        let show = browser.without_page(Method::POST, "/v2/invitation").json(&json!({"invitation": "i"}));
        let expected = [201, 401, 204, 403];
        for (request, expected) in [create, sign_in, sign_out, show].into_iter().zip(expected) {
            let request = match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            };
            let request = match fetch_site {
                Some(fetch_site) => request.header("sec-fetch-site", fetch_site),
                None => request,
            };
            if is_own {
                assert_eq!(request.send().await.expect("a response").status().as_u16(), expected, "{origin:?}");
            } else {
                expect_error(request, 403, "cross_site_request").await;
            }
        }
        let list = browser.without_page(Method::GET, "/v2/access-token").send().await.expect("a response");
        assert_eq!(list.status().as_u16(), 200, "what changes nothing needs no page");
    }
}

#[tokio::test]
async fn a_token_beside_a_session_decides_alone() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "owner").await;
    let (secret, id) = daypass.create_secret().await;
    let list = || browser.without_page(Method::GET, "/v2/access-token");
    assert_eq!(send(list()).await.0, 200);
    expect_error(list().bearer_auth(&secret), 403, "insufficient_scope").await;
    expect_error(list().bearer_auth("nothing"), 401, "invalid_token").await;
    assert_eq!(send(list().bearer_auth(&daypass.admin)).await.0, 200);
    expect_error(browser.get("/v2/access-token").bearer_auth(&daypass.admin), 403, "secret_in_browser").await;
    daypass.revoke(&id).await;
    expect_error(list().bearer_auth(&secret), 401, "token_revoked").await;
    expect_error(Browser::new(&daypass).get("/v2/access-token"), 401, "missing_token").await;
}
