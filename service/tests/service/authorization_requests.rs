//! OAuth clients in tests: applications, and the requests with which they send people to the service.

use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use url::Url;

use super::people::Browser;
use super::running::{Daypass, send, to_text};

/// Where the answers for the client in tests go.
pub(crate) const CALLBACK: &str = "https://planner.example.com/callback";
/// The verifier of RFC 7636, appendix B, and its challenge.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Adds an application that is a public client, as the admin, and returns its `client_id`.
pub(crate) async fn add_client(daypass: &Daypass, name: &str) -> String {
    let settings = json!({"confidential": false, "redirectUris": [CALLBACK], "scopes": ["floor:readPublic", "floor:export"]});
    add_client_with(daypass, name, &settings).await
}

pub(crate) async fn add_client_with(daypass: &Daypass, name: &str, settings: &Value) -> String {
    let principals = format!("/v2/organization/{}/principal", daypass.organization());
    let body = json!({"kind": "application", "name": name});
    let (status, application) = send(daypass.post(&principals).bearer_auth(&daypass.admin).json(&body)).await;
    assert_eq!(status, 201, "{}", application["message"]);
    let id = to_text(&application["id"]);
    let request = daypass.request(Method::PUT, &format!("{principals}/{id}/oauth-client"));
    let (status, client) = send(request.bearer_auth(&daypass.admin).json(settings)).await;
    assert_eq!((status, &client["clientId"]), (200, &json!(id)), "{}", client["message"]);
    id
}

/// Returns the query of an authorization request with these parameters beside those that are always right.
pub(crate) fn query(client: &str, more: &str) -> String {
    format!(
        "response_type=code&client_id={client}&redirect_uri={CALLBACK}&code_challenge={CHALLENGE}\
         &code_challenge_method=S256&state=a%20b%2B{more}"
    )
}

/// What a browser gets for an authorization request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    /// Sends a request without following the answer.
    pub(crate) async fn to(browser: &Browser<'_>, request: RequestBuilder) -> Answer {
        let mut request = request.build().expect("a request");
        if let Some(cookie) = &browser.cookie {
            let cookie = format!("__Host-daypass-session={cookie}");
            request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
        }
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        let response = client.execute(request).await.expect("a response");
        let location = response.headers().get(LOCATION).map(|value| value.to_str().expect("text").to_owned());
        Answer { status: response.status().as_u16(), location, text: response.text().await.expect("a body") }
    }

    /// Sends an authorization request.
    pub(crate) async fn ask(browser: &Browser<'_>, query: &str) -> Answer {
        Answer::to(browser, browser.daypass.get(&format!("/oauth/authorize?{query}"))).await
    }

    /// Decides on the page that this is, as the page of the service.
    pub(crate) async fn decide(&self, browser: &Browser<'_>, decision: &str) -> Answer {
        self.decide_from(browser, decision, &browser.daypass.url).await
    }

    /// Decides on the page that this is, as a page of this origin.
    pub(crate) async fn decide_from(&self, browser: &Browser<'_>, decision: &str, origin: &str) -> Answer {
        let form = [("request", self.field("request")), ("shown", self.field("shown")), ("decision", decision.into())];
        Answer::to(browser, browser.daypass.post("/oauth/authorize").header("origin", origin).form(&form)).await
    }

    /// Returns the value of a hidden field.
    pub(crate) fn field(&self, name: &str) -> String {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\"")).expect("a field");
        rest.split('"').next().expect("a value").replace("&amp;", "&")
    }

    /// Returns the parameters with which the client's page is called; no other page is.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        assert_eq!(self.status, 303, "{}", self.text);
        let location = self.location.as_deref().expect("a location");
        let (address, _) = location.split_once('?').expect("a query");
        assert_eq!(address, CALLBACK);
        Url::parse(location).expect("a URL").query_pairs().into_owned().collect()
    }

    /// Returns the error that the client gets.
    pub(crate) fn error(&self) -> String {
        let parameters = self.parameters();
        let get = |wanted: &str| parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        assert!(get("code").is_none() && get("error_description").is_some() && get("iss").is_some());
        get("error").expect("an error")
    }

    /// Returns the code that the client gets.
    pub(crate) fn code(&self) -> String {
        let parameters = self.parameters();
        let names: Vec<_> = parameters.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["code", "state", "iss"]);
        assert_eq!(parameters[1].1, "a b+");
        parameters[0].1.clone()
    }

    /// Expects a page that tells the person what is wrong, and leads nowhere.
    pub(crate) fn expect_problem(&self, status: u16, part: &str) {
        assert_eq!((self.status, &self.location), (status, &None), "{}", self.text);
        assert!(self.text.contains("The application got no access") && self.text.contains(part), "{}", self.text);
    }
}
