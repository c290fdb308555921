//! People in tests: users who are invited, browsers that keep their session.

use reqwest::header::SET_COOKIE;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::running::{Daypass, send, to_text};

/// The password of the people in tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The browser of one person. It has at most one session, and sends the `Origin` of a page of the service.
pub(crate) struct Browser<'a> {
    pub(crate) daypass: &'a Daypass,
    pub(crate) cookie: Option<String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(daypass: &'a Daypass) -> Browser<'a> {
        Browser { daypass, cookie: None }
    }

    /// Makes a request as a page of the service does.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.without_page(method, path).header("origin", &self.daypass.url)
    }

    /// Makes a request with the session that says nothing of its page.
    pub(crate) fn without_page(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.daypass.request(method, path);
        match &self.cookie {
            Some(cookie) => request.header("cookie", format!("theme=dark; __Host-daypass-session={cookie}")),
            None => request,
        }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// Sends a request and keeps the session that the response sets.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> (u16, Value) {
        let response = request.send().await.expect("a response");
        let status = response.status().as_u16();
        for line in response.headers().get_all(SET_COOKIE) {
            let line = line.to_str().expect("text");
            let Some((value, attributes)) =
                line.strip_prefix("__Host-daypass-session=").and_then(|rest| rest.split_once("; "))
            else {
                continue;
            };
            assert!(attributes.ends_with("Path=/; Secure; HttpOnly; SameSite=Lax"), "{attributes}");
            self.cookie = (!value.is_empty()).then(|| value.to_owned());
        }
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Signs in with the password.
    pub(crate) async fn sign_in(&mut self, email: &str) -> Value {
        let request = self.post("/v2/session", &json!({"email": email, "password": PASSWORD}));
        let (status, session) = self.send(request).await;
        assert_eq!(status, 200, "{}", session["message"]);
        session
    }
}

/// Adds a user to an organization, as its owner token, and returns the user's id.
pub(crate) async fn add_user(daypass: &Daypass, owner: &str, organization: &str, email: &str, role: &str) -> String {
    let body = json!({"kind": "user", "name": "Ada", "email": email, "role": role});
    let request = daypass.post(&format!("/v2/organization/{organization}/principal")).bearer_auth(owner);
    let (status, user) = send(request.json(&body)).await;
    assert_eq!(status, 201, "{}", user["message"]);
    to_text(&user["id"])
}

/// Invites a user, and returns the secret in the link.
pub(crate) async fn invite(daypass: &Daypass, owner: &str, organization: &str, user: &str) -> String {
    let path = format!("/v2/organization/{organization}/principal/{user}/invitation");
    let (status, invited) = send(daypass.post(&path).bearer_auth(owner)).await;
    assert_eq!(status, 201, "{}", invited["message"]);
    let link = to_text(&invited["link"]);
    link.strip_prefix(&format!("{}/invitation#", daypass.url)).expect("a link to the service").to_owned()
}

/// Adds a user to the first organization who has accepted an invitation, and returns the id and the signed-in browser.
pub(crate) async fn join<'a>(daypass: &'a Daypass, email: &str, role: &str) -> (String, Browser<'a>) {
    join_in(daypass, &daypass.admin, &daypass.organization(), email, role).await
}

/// Adds a user to an organization who has accepted an invitation with a new account, and returns the id and the browser.
pub(crate) async fn join_in<'a>(
    daypass: &'a Daypass,
    owner: &str,
    organization: &str,
    email: &str,
    role: &str,
) -> (String, Browser<'a>) {
    let user = add_user(daypass, owner, organization, email, role).await;
    let invitation = invite(daypass, owner, organization, &user).await;
    let mut browser = Browser::new(daypass);
    let request = browser.post("/v2/invitation/accept", &json!({"invitation": invitation, "password": PASSWORD}));
    let (status, session) = browser.send(request).await;
    assert_eq!(status, 200, "{}", session["message"]);
    (user, browser)
}
