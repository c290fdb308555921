//! People let applications act for them: the authorization endpoint, its page, and consents.

use reqwest::Method;
use reqwest::header::CONTENT_SECURITY_POLICY;
use serde_json::{Value, json};

use super::authorization_requests::{Answer, CALLBACK, CHALLENGE, VERIFIER, add_client, add_client_with, query};
use super::people::{Browser, join, join_in};
use super::running::{Daypass, expect_error, payload_of, send, to_text};

const EMAIL: &str = "ada@example.com";

#[tokio::test]
async fn a_person_consents_once_and_then_goes_straight_back_with_a_code() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "<b>\"Planner\"</b> & 'more'").await;
    let page = Answer::ask(&browser, &query(&client, "")).await;
    assert_eq!((page.status, &page.location), (200, &None));
    for part in [
        "<bdi>&lt;b&gt;&quot;Planner&quot;&lt;/b&gt; &amp; &#39;more&#39;</bdi>",
        "Export a floor",
        "Read public floor resources",
        "to the website <b>planner.example.com</b>",
        "ada@example.com",
        "First organization",
    ] {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }
    assert!(!page.text.contains("<script"));
    let code = page.decide(&browser, "allow").await.code();
    assert_eq!(code.len(), 43, "256 bits in base64url");

    let again = Answer::ask(&browser, &query(&client, "&prompt=none")).await.code();
    assert!(again != code, "another code");
    Answer::ask(&browser, &query(&client, "&scope=floor:export")).await.code();
    let asked = Answer::ask(&browser, &query(&client, "&prompt=consent")).await;
    assert_eq!(asked.status, 200);
    assert!(!daypass.log().contains(&code) && !daypass.log().contains(&again));
}

#[tokio::test]
async fn a_person_who_denies_it_gives_nothing_away() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let page = Answer::ask(&browser, &query(&client, "")).await;
    assert_eq!(page.decide(&browser, "deny").await.error(), "access_denied");
    assert_eq!(page.decide(&browser, "anything else").await.error(), "access_denied");
    assert_eq!(Answer::ask(&browser, &query(&client, "&prompt=none")).await.error(), "consent_required");
}

#[tokio::test]
async fn the_page_of_consent_has_no_scripts_and_is_in_no_frame() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let request = browser.without_page(Method::GET, &format!("/oauth/authorize?{}", query(&client, "")));
    let response = request.send().await.expect("a response");
    let header = |name: &str| response.headers()[name].to_str().expect("text");
    assert_eq!(
        header(CONTENT_SECURITY_POLICY.as_str()),
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' https:; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    assert_eq!((header("cache-control"), header("referrer-policy")), ("no-store", "same-origin"));
    assert_eq!((header("cross-origin-opener-policy"), header("x-content-type-options")), ("same-origin", "nosniff"));
}

#[tokio::test]
async fn another_sites_page_cannot_decide() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let page = Answer::ask(&browser, &query(&client, "")).await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1", "https://planner.example.com"] {
        page.decide_from(&browser, "allow", origin).await.expect_problem(403, "cross_site_request");
    }
    assert_eq!(Answer::ask(&browser, &query(&client, "&prompt=none")).await.error(), "consent_required");
    // What the page showed is what is allowed: to this person, these scopes.
    let (request, user) = (page.field("request"), page.field("shown"));
    let shown = user.split(' ').next().expect("an id");
    for shown in ["", shown, "usr_1 floor:export floor:readPublic"] {
        let form = [("request", &*request), ("shown", shown), ("decision", "allow")];
        let post = daypass.post("/oauth/authorize").header("origin", &daypass.url).form(&form);
        assert_eq!(Answer::to(&browser, post).await.status, 200, "{shown}");
    }
    let post = daypass.post("/oauth/authorize").header("origin", &daypass.url);
    Answer::to(&browser, post.form(&[("decision", "allow")])).await.expect_problem(400, "invalid_request");
    assert_eq!(Answer::ask(&browser, &query(&client, "&prompt=none")).await.error(), "consent_required");
}

#[tokio::test]
async fn a_person_who_is_not_signed_in_comes_back_after_the_sign_in() {
    let daypass = Daypass::start();
    let (_, signed_in) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let nobody = Browser::new(&daypass);
    let query = query(&client, "");
    let sent = Answer::ask(&nobody, &query).await;
    let location = sent.location.expect("a location");
    let (page, parameters) = location.split_once('?').expect("parameters");
    assert_eq!((sent.status, page), (303, &*format!("{}/sign-in", daypass.url)));
    let encoded = parameters.strip_prefix("authorize=").expect("the request");
    let back = percent_encoding::percent_decode_str(encoded).decode_utf8().expect("text");
    assert_eq!(back, query);
    assert_eq!(Answer::ask(&nobody, &format!("{query}&prompt=none")).await.error(), "login_required");
    // A person who is signed in sees the sign-in if the client wants that, once.
    let sent = Answer::ask(&signed_in, &format!("{query}&prompt=login")).await;
    let location = sent.location.expect("a location");
    assert!(location.starts_with(&format!("{}/sign-in?authorize=", daypass.url)) && location.ends_with("&another=1"));
    for seen in ["sign_in=seen", "sign_in=x&sign_in=seen"] {
        assert_eq!(Answer::ask(&signed_in, &format!("{query}&prompt=login&{seen}")).await.status, 200, "{seen}");
    }
    let sent = Answer::ask(&nobody, &format!("{query}&prompt=select_account")).await;
    assert!(sent.location.is_some_and(|location| location.contains("sign_in%3Dseen")), "once as well");
}

#[tokio::test]
async fn no_redirect_leads_anywhere_before_the_address_is_known_to_be_the_clients() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let right = format!("response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let other = add_client_with(
        &daypass,
        "Other",
        &json!({"confidential": false, "redirectUris": ["https://other.example.com/"], "scopes": ["floor:export"]}),
    )
    .await;
    for (more, part) in [
        (String::new(), "client_id is missing"),
        (format!("client_id=app_unknown&redirect_uri={CALLBACK}"), "No application"),
        (format!("client_id={client}&client_id={client}&redirect_uri={CALLBACK}"), "client_id twice"),
        (format!("client_id={client}&redirect_uri={CALLBACK}&redirect_uri={CALLBACK}"), "redirect_uri twice"),
        (format!("client_id={client}&redirect_uri={CALLBACK}/"), "character by character"),
        (format!("client_id={client}&redirect_uri={CALLBACK}%0d%0aX:1"), "character by character"),
        (format!("client_id={client}&redirect_uri=https://evil.example/callback"), "character by character"),
        (format!("client_id={client}&redirect_uri=javascript:alert(1)"), "character by character"),
        (format!("client_id={client}&redirect_uri=https://planner.example.com@evil.example/callback"), "character"),
        (format!("client_id={client}&redirect_uri=//planner.example.com/callback"), "character by character"),
        (format!("client_id={other}&redirect_uri={CALLBACK}"), "character by character"),
        (format!("client_id={client}&request_uri=https://evil.example/request"), "request_uri is not known"),
        (format!("client_id={client}&state=%ff&redirect_uri={CALLBACK}"), "UTF-8"),
    ] {
        Answer::ask(&browser, &format!("{right}&{more}")).await.expect_problem(400, part);
    }
    // The only address of a client needs no name.
    let asked = Answer::ask(&browser, &format!("{right}&client_id={client}&state=a%20b%2B")).await;
    asked.decide(&browser, "allow").await.code();
    for (more, error) in [
        ("&response_type=token", "invalid_request"),
        ("&scope=floor:update", "invalid_scope"),
        ("&request=eyJ", "request_not_supported"),
        ("&resource=https://other.example", "invalid_target"),
    ] {
        assert_eq!(Answer::ask(&browser, &query(&client, more)).await.error(), error, "{more}");
    }
    let plain = format!("response_type=code&client_id={client}&redirect_uri={CALLBACK}");
    assert_eq!(Answer::ask(&browser, &plain).await.error(), "invalid_request");
}

#[tokio::test]
async fn a_code_has_no_more_than_the_persons_role_and_only_for_users_of_the_organization() {
    let daypass = Daypass::start();
    let (_, viewer) = join(&daypass, EMAIL, "viewer").await;
    let client = add_client(&daypass, "Planner").await;
    let page = Answer::ask(&viewer, &query(&client, "")).await;
    let (may, missing) = page.text.split_once("Left out:").expect("a part that is left out");
    assert!(may.contains("Read public floor resources") && !may.contains("Export a floor"));
    assert!(missing.contains("Export a floor") && page.field("shown").ends_with(" floor:readPublic"));
    page.decide(&viewer, "allow").await.code();
    assert_eq!(Answer::ask(&viewer, &query(&client, "&scope=floor:export")).await.error(), "access_denied");

    let operator = to_text(&daypass.line["operatorToken"]);
    let request = daypass.post("/v2/organization").bearer_auth(operator).json(&json!({"name": "Elsewhere"}));
    let (status, elsewhere) = send(request).await;
    assert_eq!(status, 201, "{}", elsewhere["message"]);
    let (owner, id) = (to_text(&elsewhere["ownerToken"]["token"]), to_text(&elsewhere["id"]));
    let (_, other) = join_in(&daypass, &owner, &id, "bob@example.com", "owner").await;
    let sent = Answer::ask(&other, &query(&client, "")).await;
    assert!(sent.location.expect("a location").ends_with("&another=1"), "as another person");
    assert_eq!(Answer::ask(&other, &query(&client, "&sign_in=seen")).await.error(), "access_denied");
    assert_eq!(Answer::ask(&other, &query(&client, "&prompt=none")).await.error(), "access_denied");
}

#[tokio::test]
async fn a_person_sees_and_withdraws_consents() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "Planner").await;
    assert_eq!(send(browser.get("/v2/consent")).await, (200, json!({"consents": []})));
    let page = Answer::ask(&browser, &query(&client, "&scope=floor:export")).await;
    page.decide(&browser, "allow").await.code();
    let (_, list) = send(browser.get("/v2/consent")).await;
    let consent = &list["consents"][0];
    assert_eq!(consent["client"], json!({"id": client, "name": "Planner"}));
    assert_eq!(consent["organization"], json!({"id": daypass.organization(), "name": "First organization"}));
    assert_eq!(consent["scopes"], json!([{"scope": "floor:export", "description": "Export a floor"}]));

    expect_error(Browser::new(&daypass).get("/v2/consent"), 401, "not_signed_in").await;
    let path = format!("/v2/consent/{client}");
    let foreign = browser.without_page(Method::DELETE, &path).header("origin", "https://evil.example");
    expect_error(foreign, 403, "cross_site_request").await;
    expect_error(browser.request(Method::DELETE, "/v2/consent/app_unknown"), 404, "not_found").await;
    for _ in 0..2 {
        let response = browser.request(Method::DELETE, &path).send().await.expect("a response");
        assert_eq!(response.status().as_u16(), 204);
    }
    assert_eq!(send(browser.get("/v2/consent")).await, (200, json!({"consents": []})));
    assert_eq!(Answer::ask(&browser, &query(&client, "&prompt=none")).await.error(), "consent_required");
}

#[tokio::test]
async fn applications_become_clients_over_http_and_on_the_command_line() {
    let daypass = Daypass::start();
    let client = add_client(&daypass, "Planner").await;
    let path = format!("/v2/organization/{}/principal/{client}/oauth-client", daypass.organization());
    let (_, shown) = send(daypass.get(&path).bearer_auth(&daypass.admin)).await;
    assert_eq!(
        shown,
        json!({
            "clientId": client, "confidential": false, "redirectUris": [CALLBACK],
            "scopes": ["floor:export", "floor:readPublic"],
            "grantTypes": ["authorization_code", "refresh_token"],
        })
    );
    for (body, status, code) in [
        (json!({"confidential": false, "scopes": ["floor:export"], "redirectUris": ["http://a.example/"]}), 400, "invalid_request"),
        (json!({"confidential": false, "scopes": ["floor:fly"], "redirectUris": [CALLBACK]}), 400, "invalid_scope"),
        (json!({"confidential": false, "scopes": ["token:create"], "redirectUris": [CALLBACK]}), 400, "invalid_scope"),
        (json!({"scopes": ["floor:export"]}), 400, "invalid_body"),
        (json!({"confidential": false, "scopes": ["floor:export"], "secret": "a"}), 400, "invalid_body"),
    ] {
        let request = daypass.request(Method::PUT, &path).bearer_auth(&daypass.admin).json(&body);
        expect_error(request, status, code).await;
    }
    let (developer, browser) = join(&daypass, EMAIL, "developer").await;
    let settings = json!({"confidential": false, "scopes": ["floor:export"], "redirectUris": [CALLBACK]});
    expect_error(browser.request(Method::PUT, &path).json(&settings), 403, "insufficient_role").await;
    assert_eq!(send(browser.get(&path)).await.0, 200);
    let user = format!("/v2/organization/{}/principal/{developer}/oauth-client", daypass.organization());
    let request = daypass.request(Method::PUT, &user).bearer_auth(&daypass.admin).json(&settings);
    expect_error(request, 400, "invalid_request").await;
    expect_error(daypass.get(&user).bearer_auth(&daypass.admin), 404, "not_found").await;

    let added = daypass.json(&[
        "application", "add", "--name", "Editor", "--confidential", "--scope", "floor:read", "--redirect-uri", CALLBACK,
        "--redirect-uri", "http://127.0.0.1/callback",
    ]);
    let id = to_text(&added["id"]);
    assert_eq!(added["oauthClient"]["scopes"], json!(["floor:readPrivate", "floor:readPublic"]));
    let edited = daypass.json(&["application", "edit", &id, "--redirect-uri", "com.example.app:/callback"]);
    assert_eq!(edited["oauthClient"]["redirectUris"], json!(["com.example.app:/callback"]));
    assert_eq!(edited["oauthClient"]["grantTypes"].as_array().map(Vec::len), Some(4));
    assert_eq!(daypass.json(&["application", "show", &id]), edited);
    let shown = daypass.command(&["application", "show", &id]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("client    confidential\n  redirect  com.example.app:/callback\n"), "{shown}");
    for (arguments, part) in [
        (&["--public"][..], "client_credentials is for a confidential client"),
        (&["--redirect-uri", "http://localhost/"], "http://127.0.0.1 or http://[::1]"),
        (&["--scope", "floor:fly"], "no scope `floor:fly`"),
    ] {
        let output = daypass.command(&[&["application", "edit", &id], arguments].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(part), "{error}");
    }
    let output = daypass.command(&["application", "add", "--name", "n", "--scope", "floor:export"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--public or --confidential"));
    let list = daypass.json(&["application", "list"]);
    assert_eq!(list["principals"].as_array().map(Vec::len), Some(2), "nothing is added that is not a client: {list}");
    assert_eq!(list["principals"][1], edited);
}

/// Exchanges a code for tokens, as the public client.
async fn exchange(daypass: &Daypass, client: &str, code: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    send(daypass.post("/oauth/token").form(&form)).await
}

#[tokio::test]
async fn with_a_remembered_consent_a_first_token_takes_two_round_trips_and_a_withdrawal_ends_it() {
    let daypass = Daypass::start();
    let (user, browser) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let page = Answer::ask(&browser, &query(&client, "&scope=floor:export")).await;
    page.decide(&browser, "allow").await.code();
    let code = Answer::ask(&browser, &query(&client, "&scope=floor:export")).await.code();
    let (status, tokens) = exchange(&daypass, &client, &code).await;
    assert_eq!((status, &tokens["scope"]), (200, &json!("floor:export")), "{}", tokens["error_description"]);
    let claims = payload_of(tokens["access_token"].as_str().expect("a token"));
    assert_eq!((&claims["client_id"], &claims["subject"]), (&json!(client), &json!(user)));

    let late = Answer::ask(&browser, &query(&client, "&scope=floor:export")).await.code();
    let after = daypass.read_page(&daypass.admin, 0).await.latest;
    let response = browser.request(Method::DELETE, &format!("/v2/consent/{client}")).send().await.expect("a response");
    assert_eq!(response.status().as_u16(), 204);
    assert_eq!(daypass.read_page(&daypass.admin, after).await.revocations.len(), 1, "the family, in the feed");
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client),
        ("refresh_token", tokens["refresh_token"].as_str().expect("a token")),
    ];
    let (status, refused) = send(daypass.post("/oauth/token").form(&form)).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    let (status, refused) = exchange(&daypass, &client, &late).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_pushed_request_has_one_answer() {
    let daypass = Daypass::start();
    let (_, browser) = join(&daypass, EMAIL, "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let push = async |query: &str| {
        let request = daypass.post("/oauth/par").header("content-type", "application/x-www-form-urlencoded");
        send(request.body(query.to_owned())).await
    };
    let (status, pushed) = push(&query(&client, "&scope=floor:export")).await;
    assert_eq!((status, &pushed["expires_in"]), (201, &json!(600)), "{}", pushed["error_description"]);
    let uri = to_text(&pushed["request_uri"]);
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    let by_name = format!("client_id={client}&request_uri={uri}");
    let sent = Answer::ask(&Browser::new(&daypass), &by_name).await;
    assert!(sent.location.expect("a location").contains("request_uri"), "it survives the sign-in");
    // What comes beside the name makes no difference.
    let page = Answer::ask(&browser, &format!("{by_name}&scope=floor:readPublic&redirect_uri=https://evil.example/")).await;
    assert!(page.text.contains("Export a floor") && !page.text.contains("Read public floor"), "{}", page.text);
    let code = page.decide(&browser, "allow").await.code();
    assert_eq!(exchange(&daypass, &client, &code).await.0, 200);
    page.decide(&browser, "allow").await.expect_problem(400, "request_uri is not known");
    Answer::ask(&browser, &by_name).await.expect_problem(400, "request_uri is not known");

    let other = add_client(&daypass, "Other").await;
    let (_, pushed) = push(&query(&client, "")).await;
    let uri = to_text(&pushed["request_uri"]);
    let stolen = format!("client_id={other}&request_uri={uri}");
    Answer::ask(&browser, &stolen).await.expect_problem(400, "request_uri is not known");
    let denied = Answer::ask(&browser, &format!("client_id={client}&request_uri={uri}&prompt=none")).await;
    denied.decide(&browser, "deny").await.error();

    for (form, status, error) in [
        (query(&client, "&scope=floor:update"), 400, "invalid_scope"),
        (query(&client, &format!("&request_uri={uri}")), 400, "invalid_request"),
        (query(&client, "&response_type=code"), 400, "invalid_request"),
        (query("app_unknown", ""), 401, "invalid_client"),
        (query(&client, "").replace(CALLBACK, "https://evil.example/"), 400, "invalid_request"),
        (query(&client, "").replace("S256", "plain"), 400, "invalid_request"),
        (format!("client_id={client}&response_type=token&redirect_uri={CALLBACK}"), 400, "unsupported_response_type"),
        (String::new(), 401, "invalid_client"),
    ] {
        let (seen, body) = push(&form).await;
        assert_eq!((seen, &body["error"]), (status, &json!(error)), "{form}");
    }
    let secret = daypass.create_partner().await;
    let settings = json!({"confidential": true, "redirectUris": [CALLBACK], "scopes": ["floor:export"]});
    let confidential = add_client_with(&daypass, "Backend", &settings).await;
    assert_eq!(push(&query(&confidential, "")).await.0, 401);
    assert_eq!(push(&query(&confidential, &format!("&client_secret={secret}"))).await.0, 401, "a token of nobody");
    let body = json!({"kind": "application", "name": "Secret", "owner": confidential, "id": "s", "scopes": ["floor:export"]});
    let (secret, _) = daypass.create_token(body).await;
    let (status, pushed) = push(&query(&confidential, &format!("&client_secret={secret}"))).await;
    assert_eq!(status, 201, "{}", pushed["error_description"]);
    assert!(!daypass.contents().iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(&secret)));
}
