//! Apps: a person lets one have an access code, which it exchanges for tokens with its challenge.

use serde_json::{Value, json};
use url::Url;

use super::authorization_requests::{Answer, CALLBACK, add_client_with};
use super::people::{Browser, join};
use super::running::{Daypass, send, to_text};
use super::{CREATE, MANAGER, TOKENS, WHO, add_user, ask_as, create_as, error_of, start, token_of};

const CHALLENGE: &str = "b0c4d2 & short";

/// Adds an app, and returns its id and secret.
async fn add_app(daypass: &Daypass, confidential: bool) -> (String, String) {
    let scopes = ["profile:read", "tokens:read", "tokens:write", "streams:read"];
    let settings = json!({"confidential": confidential, "redirectUris": [CALLBACK], "scopes": scopes});
    let id = add_client_with(daypass, "Grasshopper", &settings).await;
    let secret = json!({"kind": "application", "name": "n", "owner": id, "scopes": ["profile:read"]});
    let (secret, _) = daypass.create_token(secret).await;
    (id, if confidential { secret } else { "grasshopper".into() })
}

/// Goes to the page on which a person decides.
async fn ask(browser: &Browser<'_>, app: &str) -> Answer {
    let mut path = Url::parse("http://x/authn/verify").expect("a URL");
    path.path_segments_mut().expect("a path").extend([app, CHALLENGE]);
    let sent = Answer::to(browser, browser.daypass.get(path.path())).await;
    let location = sent.location.expect("a location");
    let query = location.strip_prefix(&format!("{}/oauth/authorize?", browser.daypass.url)).expect("our own page");
    assert_eq!(sent.status, 303);
    Answer::ask(browser, query).await
}

/// Lets an app have an access code.
async fn access_code(browser: &Browser<'_>, app: &str) -> String {
    let page = ask(browser, app).await;
    let answer = if page.status == 200 { page.decide(browser, "allow").await } else { page };
    let parameters = answer.parameters();
    assert_eq!(parameters[0].0, "access_code");
    parameters[0].1.clone()
}

async fn exchange(daypass: &Daypass, body: Value) -> (u16, Value) {
    send(daypass.post("/auth/token").json(&body)).await
}

#[tokio::test]
async fn an_app_gets_tokens_for_a_person_and_manages_the_persons_tokens() {
    let daypass = start();
    let (user, browser) = join(&daypass, "ada@example.com", "developer").await;
    for confidential in [true, false] {
        let (app, secret) = add_app(&daypass, confidential).await;
        let code = access_code(&browser, &app).await;
        let body = json!({"appId": app, "appSecret": secret, "accessCode": code, "challenge": CHALLENGE});
        let (status, tokens) = exchange(&daypass, body.clone()).await;
        assert_eq!(status, 200, "{}", tokens["err"]);
        let (token, refresh) = (to_text(&tokens["token"]), to_text(&tokens["refreshToken"]));
        let (_, who) = ask_as(&daypass, &token, WHO, json!({})).await;
        assert_eq!(who["data"]["activeUser"], json!({"id": user, "email": null}));

        let personal = to_text(&create_as(&daypass, &token, json!({"name": "n", "scopes": ["profile:read"]})).await);
        assert_eq!(ask_as(&daypass, &personal, WHO, json!({})).await.0, 200);
        let (_, listed) = ask_as(&daypass, &token, TOKENS, json!({})).await;
        assert_eq!(listed["data"]["activeUser"]["apiTokens"][0]["id"], personal[..10]);
        let bare = daypass.post("/graphql").header("authorization", &token).json(&json!({"query": WHO}));
        assert_eq!(send(bare).await.0, 200, "without `Bearer`");
        let from_page = daypass.post("/graphql").bearer_auth(&token).header("origin", "https://app.example");
        assert_eq!(send(from_page.json(&json!({"query": WHO}))).await.0, 200, "from a page");

        let refreshing = |text: &str| json!({"appId": app, "appSecret": secret, "refreshToken": text});
        let (status, next) = exchange(&daypass, refreshing(&refresh)).await;
        let (token, next) = (to_text(&next["token"]), to_text(&next["refreshToken"]));
        assert!(status == 200 && next != refresh);
        assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.0, 200);
        // Speckle goes on to accept the earlier refresh token; here it ends what descends from it.
        let (status, body) = exchange(&daypass, refreshing(&refresh)).await;
        assert!(status == 401 && body["err"].is_string());
        assert_eq!(exchange(&daypass, refreshing(&next)).await.0, 401);
        assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.0, 403);
        assert_eq!(ask_as(&daypass, &personal, WHO, json!({})).await.0, 200, "the person's own token");
        let log = daypass.log();
        assert!([&code, &token, &refresh, &next, &personal].into_iter().all(|secret| !log.contains(secret.as_str())));
    }
}

#[tokio::test]
async fn an_exchange_needs_the_code_its_challenge_and_the_app_itself() {
    let daypass = start();
    let (_, browser) = join(&daypass, "ada@example.com", "developer").await;
    let ((app, secret), (other, others)) = (add_app(&daypass, true).await, add_app(&daypass, true).await);
    let code = access_code(&browser, &app).await;
    let of = |app: &str, secret: &str, code: &str, challenge: &str| {
        json!({"appId": app, "appSecret": secret, "accessCode": code, "challenge": challenge})
    };
    for (body, says) in [
        (json!({}), "insufficient information"),
        (json!({"appId": app, "appSecret": secret}), "insufficient information"),
        (json!({"appId": app, "appSecret": secret, "accessCode": code, "challenge": ""}), "insufficient information"),
        (json!({"refreshToken": "r"}), "App Id and Secret are required"),
        (json!({"appId": 3}), "not valid"),
        (json!([]), "not valid"),
        (of(&app, &secret, &code, "another"), "code_verifier"),
        (of(&app, &secret, "unknown", CHALLENGE), "not known"),
        (of(&app, &others, &code, CHALLENGE), "secret is wrong"),
        (of(&other, &others, &code, CHALLENGE), "another client"),
        (of("app_none", &secret, &code, CHALLENGE), "not known"),
        (json!({"appId": app, "appSecret": secret, "refreshToken": "r"}), "not one of this service"),
    ] {
        let (status, refused) = exchange(&daypass, body).await;
        assert!(status == 401 && to_text(&refused["err"]).contains(says), "{says}: {}", refused["err"]);
    }
    let from_page = daypass.post("/auth/token").header("origin", "https://grasshopper.example");
    assert_eq!(send(from_page.json(&of(&app, &secret, &code, CHALLENGE))).await.0, 401, "a page holds no secret");
    assert_eq!(exchange(&daypass, of(&app, &secret, &code, CHALLENGE)).await.0, 200);
    let (status, _) = exchange(&daypass, of(&app, &secret, &code, CHALLENGE)).await;
    assert_eq!(status, 401, "a code is used once");
    ask(&browser, "app_none").await.expect_problem(400, "No application");
    let (public, _) = add_app(&daypass, false).await;
    let denied = ask(&browser, &public).await.decide(&browser, "deny").await;
    assert!(denied.parameters().contains(&("error".into(), "access_denied".into())));
    assert_eq!(ask(&Browser::new(&daypass), &public).await.status, 303, "to sign in");
}

#[tokio::test]
async fn a_token_that_was_exchanged_for_a_secret_one_acts_for_nobody() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let scopes = ["tokens:write", "profile:read"];
    let settings =
        json!({"confidential": false, "redirectUris": [CALLBACK], "scopes": scopes, "grantTypes": [exchange]});
    let client = add_client_with(&daypass, "Exchanger", &settings).await;
    let form = [
        ("grant_type", exchange),
        ("client_id", &client),
        ("subject_token", &manager),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("scope", "tokens:write profile:read"),
    ];
    let (status, exchanged) = send(daypass.post("/oauth/token").form(&form)).await;
    assert_eq!(status, 200, "{}", exchanged["error_description"]);
    let token = to_text(&exchanged["access_token"]);
    let (status, who) = ask_as(&daypass, &token, WHO, json!({})).await;
    assert_eq!((status, &who["data"]["activeUser"]), (200, &Value::Null));
    let input = json!({"token": {"name": "n", "scopes": ["profile:read"]}});
    let refused = error_of(ask_as(&daypass, &token, CREATE, input).await);
    assert_eq!(refused.1, "You do not have the required server role");
}

#[tokio::test]
async fn an_address_that_tries_secrets_of_apps_waits() {
    let daypass = Daypass::start_with(&["--protocols=speckle", "--rate-refused=1"]);
    let body = json!({"appId": "nobody", "appSecret": "x", "accessCode": "x", "challenge": CHALLENGE});
    let mut statuses = vec![];
    while statuses.last() != Some(&429) {
        assert!(statuses.len() < 50, "{statuses:?}");
        statuses.push(exchange(&daypass, body.clone()).await.0);
    }
    assert_eq!(statuses[0], 401);
}
