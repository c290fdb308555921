//! The sign-in and the sign-out, as a browser without scripts gets them.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};

use super::people::{PASSWORD, join};
use super::running::{Daypass, send, to_text};

const ADA: &str = "ada@example.com";

/// What the service answered.
struct Answer {
    status: u16,
    location: String,
    retry_after: String,
    /// The session's cookie that it sets, which is empty to delete it.
    session: Option<String>,
    text: String,
}

impl Answer {
    async fn to(request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("a response");
        let header = |name| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        let [location, retry_after] = [LOCATION, RETRY_AFTER].map(|name| header(name).unwrap_or_default());
        let cookies = response.headers().get_all(SET_COOKIE).into_iter().map(|line| line.to_str().expect("text"));
        let session = cookies.filter_map(|line| line.strip_prefix("__Host-daypass-session=")).next();
        let session = session.map(|value| value.split(';').next().unwrap_or_default().to_owned());
        let status = response.status().as_u16();
        Answer { status, location, retry_after, session, text: response.text().await.expect("a body") }
    }

    fn has(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.text.contains(text), "no `{text}` in the page");
        }
    }
}

fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().expect("a client")
}

/// Sends a form as a browser does from a page of the service.
async fn post(daypass: &Daypass, path: &str, session: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    let request = client().post(format!("{}{path}", daypass.url)).header("origin", &daypass.url).form(fields);
    Answer::to(with_session(request, session)).await
}

async fn get(daypass: &Daypass, path: &str, session: Option<&str>) -> Answer {
    ask(daypass, "GET", path, BROWSER, session).await
}

fn with_session(request: RequestBuilder, session: Option<&str>) -> RequestBuilder {
    session.into_iter().fold(request, |request, session| request.header("cookie", format!("__Host-daypass-session={session}")))
}

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn ask(daypass: &Daypass, method: &str, path: &str, accept: &str, session: Option<&str>) -> Answer {
    let method = method.parse().expect("a method");
    let request = client().request(method, format!("{}{path}", daypass.url)).header("accept", accept);
    Answer::to(with_session(request, session)).await
}

/// Returns the outcomes in the trail of an action, the newest first.
async fn outcomes(daypass: &Daypass, action: &str) -> Vec<String> {
    let operator = to_text(&daypass.line["operatorToken"]);
    let (_, page) = send(daypass.get(&format!("/v2/audit?action={action}")).bearer_auth(operator)).await;
    page["entries"].as_array().expect("entries").iter().map(|entry| to_text(&entry["outcome"])).collect()
}

#[tokio::test]
async fn a_person_signs_in_and_out_without_a_script() {
    let daypass = Daypass::start();
    join(&daypass, ADA, "owner").await;
    let page = get(&daypass, "/sign-in?to=console", None).await;
    assert_eq!(page.status, 200);
    page.has(&["<form method=\"post\" action=\"/sign-in?to=console\">", "name=\"to\" value=\"console\"", "type=\"password\""]);
    assert!(!page.text.contains("<script") && !page.text.contains("Continue with"));

    let entered = post(&daypass, "/sign-in", None, &[("email", ADA), ("password", PASSWORD), ("to", "console")]).await;
    assert_eq!((entered.status, &*entered.location), (303, "/console"));
    let session = entered.session.expect("a session");
    let account = get(&daypass, "/sign-in", Some(&session)).await;
    account.has(&["Ada", "Signed in as", ADA, "First organization", "owner", "action=\"/sign-out\""]);
    let onward = get(&daypass, "/sign-in?to=console", Some(&session)).await;
    assert_eq!((onward.status, &*onward.location), (303, "/console"));

    // An earlier session of the browser ends.
    let again = post(&daypass, "/sign-in", Some(&session), &[("email", ADA), ("password", PASSWORD)]).await;
    assert_eq!((again.status, &*again.location), (303, "/sign-in"));
    get(&daypass, "/sign-in", Some(&session)).await.has(&["<h1 id=\"title\">Sign in</h1>"]);
    let session = again.session.expect("a session");
    let out = post(&daypass, "/sign-out", Some(&session), &[]).await;
    assert_eq!((out.status, &*out.location), (303, "/sign-in"));
    assert!(out.session.as_deref().is_some_and(str::is_empty), "the cookie is deleted");
    get(&daypass, "/sign-in", Some(&session)).await.has(&["<h1 id=\"title\">Sign in</h1>"]);
    // Without a session, nothing is left to end.
    assert_eq!(post(&daypass, "/sign-out", None, &[]).await.status, 303);
    let signed_in = outcomes(&daypass, "session.sign_in").await;
    assert!(signed_in.len() >= 2 && signed_in.iter().all(|outcome| outcome == "ok"), "{signed_in:?}");
    assert!(!outcomes(&daypass, "session.sign_out").await.is_empty());
}

#[tokio::test]
async fn a_failed_sign_in_says_why_beside_the_field_and_is_counted() {
    let daypass = Daypass::start();
    join(&daypass, ADA, "owner").await;
    const WRONG: &str = "wrong horse <battery>";
    for email in [ADA, "nobody@example.com", "\"><b>nonsense"] {
        let fields = [("email", email), ("password", WRONG), ("authorize", "client_id=\"><i>")];
        let refused = post(&daypass, "/sign-in", None, &fields).await;
        assert_eq!((refused.status, refused.session.is_none()), (401, true));
        refused.has(&["The email or the password is wrong.", "href=\"#password\"", "id=\"password-problem\"", "aria-invalid=\"true\""]);
        refused.has(&["name=\"authorize\" value=\"client_id=%22%3E%3Ci%3E\""]);
        assert!(!refused.text.contains("horse") && !refused.text.contains("<b>") && !refused.text.contains("<i>"));
    }
    get(&daypass, "/sign-in?error=sign_in_failed&message=Call", None).await.has(&["did not confirm an account"]);
    assert!(!get(&daypass, "/sign-in?error=<b>Call", None).await.text.contains("Call"));
    let mut refused = post(&daypass, "/sign-in", None, &[("email", ADA), ("password", WRONG)]).await;
    for _ in 0..100 {
        if refused.status == 429 {
            break;
        }
        refused = post(&daypass, "/sign-in", None, &[("email", ADA), ("password", WRONG)]).await;
    }
    // With the right password too.
    let refused = post(&daypass, "/sign-in", None, &[("email", ADA), ("password", PASSWORD)]).await;
    assert_eq!((refused.status, refused.session.is_none()), (429, true));
    assert!(refused.retry_after.parse::<u64>().is_ok_and(|seconds| seconds > 0));
    refused.has(&["Too many requests. Try again in ", "value=\"ada@example.com\""]);
    let mut tries = 0;
    while !outcomes(&daypass, "session.sign_in").await.contains(&"refused".to_owned()) {
        tries += 1;
        assert!(tries < 200, "no refusal in the trail");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!daypass.log().contains("horse"));
}

#[tokio::test]
async fn a_form_of_another_site_neither_signs_in_nor_out() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, ADA, "owner").await;
    let session = browser.cookie.clone().expect("a session");
    for path in ["/sign-in", "/sign-in/openid-connect", "/sign-in/link", "/sign-out"] {
        for (origin, site) in [(Some("https://evil.example"), None), (Some("null"), Some("same-origin")), (None, Some("same-site")), (None, None)] {
            let mut request = client().post(format!("{}{path}", daypass.url)).form(&[("email", ADA), ("password", PASSWORD)]);
            for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
                request = value.into_iter().fold(request, |request, value| request.header(name, value));
            }
            let refused = Answer::to(with_session(request, Some(&session))).await;
            assert_eq!((refused.status, refused.session.is_none()), (403, true), "{path} {origin:?}");
            refused.has(&["Not from this site"]);
        }
    }
    assert_eq!(send(browser.get("/v2/session")).await.0, 200);
}

#[tokio::test]
async fn a_sign_in_leads_to_a_page_of_the_service_alone() {
    let daypass = Daypass::start();
    join(&daypass, ADA, "owner").await;
    let enter = async |name: &str, value: &str| post(&daypass, "/sign-in", None, &[("email", ADA), ("password", PASSWORD), (name, value)]).await;
    for to in ["//evil.example", "https://evil.example", "/console", "sign-out", "console/../x"] {
        let entered = enter("to", to).await;
        assert_eq!((entered.status, &*entered.location), (303, "/sign-in"), "{to}");
    }
    for (query, expected) in [("a=1&b=\">2", "a=1&amp;b=%22%3E2"), ("//evil.example/", "//evil.example/")] {
        let entered = enter("authorize", query).await;
        // A redirect to a client's site would be one of the form, which the policy forbids.
        assert_eq!((entered.status, &*entered.location, entered.session.is_some()), (200, "", true));
        entered.has(&[&format!("content=\"0; url=/oauth/authorize?{expected}\""), &format!("href=\"/oauth/authorize?{expected}\"")]);
    }
    assert_eq!(enter("authorize", &"a".repeat(16_001)).await.status, 400);
}

#[tokio::test]
async fn the_sign_in_leads_below_the_path_of_the_issuer() {
    let daypass = Daypass::start_with(&["--issuer", "https://example.com/daypass"]);
    get(&daypass, "/sign-in", None).await.has(&["action=\"/daypass/sign-in\"", "href=\"/daypass/pages/page.css\""]);
}

#[tokio::test]
async fn a_browser_gets_a_page_for_an_unknown_address_and_a_program_gets_json() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, ADA, "owner").await;
    let session = browser.cookie.clone().expect("a session");
    let ask = |method, path, accept, session| ask(&daypass, method, path, accept, session);
    for (method, path, status, title) in [
        ("GET", "/console/acme/nothing/here", 404, "Not found"),
        ("GET", "/console/", 404, "Not found"),
        ("GET", "/sign-in/nothing", 404, "Not found"),
        ("POST", "/console", 405, "This address does not take that"),
        ("DELETE", "/console/acme/tokens", 405, "This address does not take that"),
        ("GET", "/sign-out", 405, "This address does not take that"),
    ] {
        for session in [None, Some(&*session)] {
            let page = ask(method, path, BROWSER, session).await;
            assert_eq!(page.status, status, "{method} {path}");
            page.has(&[&format!("<h1><bdi>{title}</bdi></h1>"), "href=\"/console\"", "role=\"alert\""]);
            let body = ask(method, path, "application/json", session).await;
            assert_eq!(body.status, status, "{method} {path}");
            body.has(&["{\"error\":\""]);
        }
    }
    // Elsewhere, browsers get what programs get.
    ask("GET", "/v2/nothing", BROWSER, None).await.has(&["{\"error\":\"not_found\""]);
}

#[tokio::test]
async fn a_browser_that_asks_too_often_gets_a_page_and_can_still_sign_out() {
    let daypass = Daypass::start_with(&["--rate-administration", "3"]);
    let (_, browser) = join(&daypass, ADA, "owner").await;
    let session = browser.cookie.clone().expect("a session");
    let one = client();
    // All at once, so that the limit is reached however slow the machine is.
    let until_refused = async |accept: &str| {
        let send = || with_session(one.get(format!("{}/console", daypass.url)).header("accept", accept), Some(&session));
        let answers = join_all((0..100).map(|_| Answer::to(send()))).await;
        assert!(answers.iter().all(|answer| [303, 429].contains(&answer.status)));
        answers.into_iter().find(|answer| answer.status == 429).expect("a refusal")
    };
    let refused = until_refused(BROWSER).await;
    assert!(refused.retry_after.parse::<u64>().is_ok_and(|seconds| seconds > 0));
    refused.has(&["<h1><bdi>Too many requests</bdi></h1>", "Try again in "]);
    until_refused("*/*").await.has(&["{\"error\":\"too_many_requests\""]);
    // SECURITY: nothing keeps a person from the sign-out.
    for _ in 0..10 {
        assert_eq!(post(&daypass, "/sign-out", Some(&session), &[]).await.status, 303);
    }
}
