//! Speckle: `POST /graphql` with every kind of token, in every place, and with input of every kind.

use reqwest::RequestBuilder;
use reqwest::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use super::people::join;
use super::running::{Daypass, mistype, send, to_text};

/// What a page would ask first.
const WHO: &str = "{ activeUser { id email } }";
/// The seed's own request.
const SEED: &str = "{ user { id suuid streams { totalCount } } }";
const TOKENS: &str = "{ activeUser { apiTokens { id name lastChars scopes createdAt lifespan lastUsed limitResources { id type } } } }";
const CREATE: &str = "mutation TokenCreate($token: ApiTokenCreateInput!) { data: apiTokenCreate(token: $token) }";
const REVOKE: &str = "mutation TokenRevoke($token: String!) { data: apiTokenRevoke(token: $token) }";

/// All that a person needs who manages personal tokens by a program.
const MANAGER: [&str; 8] = [
    "token:create", "token:revoke", "tokens:write", "tokens:read", "profile:read", "profile:email", "streams:read",
    "workspace:read",
];

fn start() -> Daypass {
    Daypass::start_with(&["--protocols=space-api,kudo,speckle"])
}

fn add_user(daypass: &Daypass, name: &str) -> String {
    let email = format!("{name}@example.com");
    to_text(&daypass.json(&["user", "add", "--name", name, "--email", &email, "--role", "developer"])["id"])
}

/// Creates a token of a user, and returns its text and id.
async fn token_of(daypass: &Daypass, kind: &str, owner: &str, scopes: &[&str]) -> (String, String) {
    daypass.create_token(json!({"kind": kind, "name": kind, "scopes": scopes, "owner": owner})).await
}

/// Asks without a token.
fn ask(daypass: &Daypass, query: &str) -> RequestBuilder {
    daypass.post("/graphql").json(&json!({"query": query}))
}

/// Asks with a token, and returns the response.
async fn ask_as(daypass: &Daypass, token: &str, query: &str, variables: Value) -> (u16, Value) {
    let body = json!({"query": query, "variables": variables});
    send(daypass.post("/graphql").bearer_auth(token).json(&body)).await
}

/// Creates a personal token, and returns the response's `data`.
async fn create_as(daypass: &Daypass, token: &str, input: Value) -> Value {
    let (status, body) = ask_as(daypass, token, CREATE, json!({"token": input})).await;
    assert_eq!((status, body.get("errors")), (200, None));
    body["data"]["data"].clone()
}

/// Returns the message and the code of the only error.
fn error_of((status, body): (u16, Value)) -> (u16, String, String) {
    let errors = body["errors"].as_array().expect("errors");
    assert_eq!((errors.len(), &body["data"]), (1, &Value::Null), "{errors:?}");
    (status, to_text(&errors[0]["message"]), to_text(&errors[0]["extensions"]["code"]))
}

#[tokio::test]
async fn every_kind_in_every_place_is_answered_as_speckle_answers_it() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let reader = ["profile:read", "profile:email"];
    let (personal, _) = token_of(&daypass, "personal", &user, &reader).await;
    let (other, _) = token_of(&daypass, "personal", &user, &["streams:read"]).await;
    let (revoked, revoked_id) = token_of(&daypass, "personal", &user, &reader).await;
    daypass.revoke(&revoked_id).await;
    let (secret, _) = token_of(&daypass, "secret", &user, &["profile:read", "floor:readPrivate"]).await;
    let unowned = json!({"kind": "secret", "name": "n", "scopes": ["profile:read"]});
    let (unowned, _) = daypass.create_token(unowned).await;
    let publishable = json!({"kind": "publishable", "name": "n", "origins": ["example.com"]});
    let (publishable, _) = daypass.create_token(publishable).await;
    let partner = daypass.create_partner().await;
    let temporary = daypass.create_temporary(&secret).await;
    let bundle = daypass.create_reference(&partner, &json!({"file": "f"})).await;
    let mistyped = mistype(&personal);

    let (own, no_email, null) = (Some("email"), Some("id"), Some("null"));
    // With `Bearer`, alone, in the cookie, in the query, and with `Bearer` from a page of another site.
    for (what, token, expected) in [
        ("personal", &personal, [own, own, own, None, own]),
        ("personal without profile:read", &other, [null, null, null, None, null]),
        ("revoked", &revoked, [None; 5]),
        ("mistyped", &mistyped, [None; 5]),
        ("secret of a user", &secret, [no_email, no_email, None, None, None]),
        ("secret of nobody", &unowned, [null, null, None, None, None]),
        ("application", &partner, [null, null, None, None, None]),
        ("publishable", &publishable, [None, None, None, None, null]),
        ("temporary", &temporary, [None; 5]),
        ("bundle", &bundle, [None; 5]),
        ("a word", &"None".to_owned(), [None; 5]),
    ] {
        let at = |query: String| daypass.post(&format!("/graphql{query}")).json(&json!({"query": WHO}));
        let places = [
            at(String::new()).bearer_auth(token),
            at(String::new()).header("authorization", token),
            at(String::new()).header("cookie", format!("theme=dark; authn={token}")),
            at(format!("?embedToken={token}")),
            at(String::new()).bearer_auth(token).header("origin", "https://example.com"),
        ];
        for (place, (request, expected)) in places.into_iter().zip(expected).enumerate() {
            let (status, body) = send(request).await;
            let seen = match &body["data"]["activeUser"] {
                Value::Null if status == 200 => Some("null"),
                Value::Null => None,
                found => Some(if found["email"].is_null() { "id" } else { "email" }),
            };
            assert_eq!(seen, expected, "{what} in place {place}: {status}");
            if expected.is_none() {
                assert_eq!((status, &body), (403, &json!({"error": "Your token is not valid."})), "{what} {place}");
            }
        }
    }
    let from = |origin: &str| {
        let request = ask(&daypass, WHO).header("cookie", format!("authn={personal}"));
        request.header("origin", origin.to_owned())
    };
    assert_eq!(send(from("https://example.com")).await.0, 403, "a page of another site rides on the cookie");
    assert_eq!(send(from(&daypass.url)).await.1["data"]["activeUser"]["id"], json!(user));
    let embed = daypass.post(&format!("/graphql?embedToken={publishable}")).json(&json!({"query": WHO}));
    assert_eq!(send(embed.header("origin", "https://example.com")).await.0, 200, "an embed token");
}

#[tokio::test]
async fn the_header_comes_before_the_cookie_and_that_before_the_query() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (good, _) = token_of(&daypass, "personal", &user, &["profile:read"]).await;
    for (header, cookie, query, expected) in [
        (Some(&*good), Some("dp_per_wrong"), Some("wrong"), 200),
        (Some("wrong"), Some(&*good), None, 403),
        (None, Some(&*good), Some("wrong"), 200),
        (None, Some("wrong"), None, 403),
        (None, None, Some("wrong"), 403),
        (Some(""), Some(&*good), None, 200),
        (None, None, Some(""), 200),
        (None, None, None, 200),
    ] {
        let query = query.map(|text| format!("?embedToken={text}")).unwrap_or_default();
        let mut request = daypass.post(&format!("/graphql{query}")).json(&json!({"query": WHO}));
        if let Some(text) = header {
            request = request.header("authorization", text);
        }
        if let Some(text) = cookie {
            request = request.header("cookie", format!("authn={text}"));
        }
        assert_eq!(send(request).await.0, expected, "{} {} {query}", header.is_some(), cookie.is_some());
    }
    let twice = ask(&daypass, WHO).bearer_auth(&good).bearer_auth(&good);
    assert_eq!(send(twice).await.0, 403, "two headers");
}

#[tokio::test]
async fn a_token_that_ended_fails_the_whole_request_and_the_header_says_why() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (token, id) = token_of(&daypass, "personal", &user, &["profile:read"]).await;
    assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.0, 200);
    daypass.revoke(&id).await;
    let response = ask(&daypass, "{ serverInfo { version } }").bearer_auth(&token).send().await.expect("a response");
    assert_eq!(response.status(), 403);
    let challenge = response.headers()[WWW_AUTHENTICATE].to_str().expect("text").to_owned();
    assert!(challenge.contains("revoked"), "{challenge}");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(response.text().await.expect("a body"), r#"{"error":"Your token is not valid."}"#);

    let (token, _) = token_of(&daypass, "personal", &user, &["profile:read"]).await;
    daypass.json(&["user", "remove", &user, "--yes"]);
    assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.0, 403, "its user was removed");
}

#[tokio::test]
async fn the_request_of_speckles_documentation_is_answered() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (token, _) = token_of(&daypass, "personal", &user, &["profile:read"]).await;
    let (status, body) = ask_as(&daypass, &token, SEED, json!({})).await;
    let found = &body["data"]["user"];
    assert_eq!((status, &found["id"], &found["streams"]["totalCount"]), (200, &json!(user), &Value::Null));
    let suuid = to_text(&found["suuid"]);
    assert!(suuid.len() == 36 && suuid.as_bytes()[14] == b'8', "{suuid}");
    assert_eq!(ask_as(&daypass, &token, SEED, json!({})).await.1, body, "it stays the same");
    assert_eq!(error_of(send(ask(&daypass, SEED)).await).1, "You must provide an auth token.");

    let (status, info) = send(ask(&daypass, "{ data: serverInfo { version canonicalUrl scopes { name description } authStrategies { id name icon } workspaces { workspacesEnabled } } }")).await;
    let info = &info["data"]["data"];
    assert_eq!((status, &info["version"], &info["canonicalUrl"]), (200, &json!("dev"), &json!(daypass.url)));
    let scopes = info["scopes"].as_array().expect("scopes");
    assert!(scopes.iter().any(|scope| scope["name"] == "automate:report-results"));
    assert_eq!(info["authStrategies"][0]["id"], "local");
}

#[tokio::test]
async fn a_personal_token_is_created_shown_once_listed_and_revoked() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    let limits = json!([{"id": "p1", "type": "project"}, {"id": "w1", "type": "workspace"}]);
    let input = json!({
        "name": "Grasshopper", "scopes": ["streams:read", "profile:read"], "lifespan": 3_600_999,
        "limitResources": limits,
    });
    let token = to_text(&create_as(&daypass, &manager, input).await);
    assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.1["data"]["activeUser"]["id"], json!(user));

    let (_, listed) = ask_as(&daypass, &manager, TOKENS, json!({})).await;
    let listed = listed["data"]["activeUser"]["apiTokens"].as_array().expect("a list").clone();
    assert_eq!(listed.len(), 1);
    let (id, record) = (to_text(&listed[0]["id"]), &listed[0]);
    assert_eq!(record["name"], "Grasshopper");
    assert_eq!(record["scopes"], json!(["profile:read", "streams:read"]));
    assert_eq!((&record["lifespan"], &record["limitResources"]), (&json!(3_600_000), &limits));
    assert!(token.ends_with(&to_text(&record["lastChars"])) && !record.to_string().contains(&token));
    assert!(to_text(&record["createdAt"]).ends_with(".000Z"));

    // The native API and the command line show the same token, with its kind and limits.
    let native = send(daypass.get(&format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin)).await.1;
    assert_eq!((&native["kind"], &native["owner"]), (&json!("personal"), &json!(user)));
    let resources = json!([{"type": "streams", "id": "p1"}, {"type": "workspace", "id": "w1"}]);
    assert_eq!(native["grants"][0]["resources"], resources);
    let lifetime = native["expiresAt"].as_u64().expect("a time") - native["createdAt"].as_u64().expect("a time");
    assert_eq!(lifetime, 3600);
    let printed = daypass.json(&["token", "list", "--kind", "personal"]).to_string();
    assert!(printed.contains(&id) && printed.contains("\"w1\""), "{printed}");

    // Each way to name a token revokes it, once.
    for form in ["id", "text", "bearer"] {
        let input = json!({"name": form, "scopes": ["profile:read"], "lifespan": 0});
        let token = to_text(&create_as(&daypass, &manager, input).await);
        let (_, listed) = ask_as(&daypass, &manager, TOKENS, json!({})).await;
        let newest = &listed["data"]["activeUser"]["apiTokens"][0];
        assert_eq!(newest["lifespan"], json!(3_154_000_000_000_u64), "it never expires");
        let named = match form {
            "id" => to_text(&newest["id"]),
            "text" => token.clone(),
            _ => format!("Bearer {token}"),
        };
        let (status, body) = ask_as(&daypass, &manager, REVOKE, json!({"token": named})).await;
        assert_eq!((status, &body["data"]["data"]), (200, &json!(true)), "{form}");
        assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.0, 403, "{form}");
        let again = error_of(ask_as(&daypass, &manager, REVOKE, json!({"token": named})).await);
        assert_eq!(again.1, "Did not revoke token", "{form}");
    }
}

#[tokio::test]
async fn tokens_of_the_native_api_and_of_others_are_told_apart() {
    let daypass = start();
    let [ada, bob] = ["ada", "bob"].map(|name| add_user(&daypass, name));
    let (manager, manager_id) = token_of(&daypass, "secret", &ada, &MANAGER).await;
    let native = json!({
        "kind": "personal", "name": "Native", "owner": ada, "scopes": ["floor:readPrivate", "streams:write:s1"],
        "resources": [{"type": "floor", "id": "f1"}, {"type": "streams", "id": "s1"}],
    });
    let (_, id) = daypass.create_token(native).await;
    let (text, bobs) = token_of(&daypass, "personal", &bob, &["profile:read", "tokens:read"]).await;
    let (_, listed) = ask_as(&daypass, &manager, TOKENS, json!({})).await;
    let listed = &listed["data"]["activeUser"]["apiTokens"];
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "no secret token, and none of another user");
    assert_eq!((&listed[0]["id"], &listed[0]["lastUsed"]), (&json!(id), &Value::Null));
    assert_eq!(listed[0]["scopes"], json!(["floor:readPrivate", "streams:write:s1"]));
    assert_eq!(listed[0]["limitResources"], json!([{"id": "f1", "type": "floor"}, {"id": "s1", "type": "project"}]));

    for named in [&bobs, &text, &manager_id, &manager, &"tok_none".to_owned(), &String::new(), &"Bearer".to_owned()] {
        let refused = error_of(ask_as(&daypass, &manager, REVOKE, json!({"token": named})).await);
        assert_eq!(refused, (200, "Did not revoke token".into(), "BAD_USER_INPUT".into()));
    }
    let other = "query($id: String) { user(id: $id) { id name email apiTokens { id } } }";
    let refused = error_of(ask_as(&daypass, &manager, other, json!({"id": bob})).await);
    assert_eq!(refused.1, "Your auth token does not have the required scope: users:read.");
    let (reader, _) = token_of(&daypass, "personal", &ada, &["users:read", "tokens:read"]).await;
    let (_, body) = ask_as(&daypass, &reader, other, json!({"id": bob})).await;
    assert_eq!(body["errors"][0]["message"], "You can only view your own tokens");
    let (_, body) = ask_as(&daypass, &reader, &other.replace(" apiTokens { id }", ""), json!({"id": bob})).await;
    assert_eq!(body["data"]["user"], json!({"id": bob, "name": "bob", "email": null}));
}

#[tokio::test]
async fn nobody_creates_a_token_that_has_more_than_the_own_one() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (viewer, _) = join(&daypass, "vic@example.com", "viewer").await;
    let limited = json!({
        "kind": "secret", "name": "n", "owner": user, "scopes": MANAGER,
        "resources": [{"type": "streams", "id": "p1"}, {"type": "streams", "id": "p2"}],
    });
    let (limited, _) = daypass.create_token(limited).await;
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    let (no_own, _) = token_of(&daypass, "secret", &user, &["tokens:write", "profile:read"]).await;
    let (no_write, _) = token_of(&daypass, "secret", &user, &["token:create", "profile:read"]).await;
    let (of_viewer, _) = token_of(&daypass, "secret", &viewer, &MANAGER).await;
    let (personal, _) = token_of(&daypass, "personal", &user, &["profile:read", "tokens:read"]).await;
    let (unowned, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": MANAGER})).await;
    let lacks = |scope: &str| format!("Your auth token does not have the required scope: {scope}.");
    let [foreign, resources] = [
        "You can't create a token with scopes that you don't have",
        "You can't create a token with access to resources that you don't have access to",
    ];
    let project = |id: &str| json!([{"id": id, "type": "project"}]);
    for (token, scopes, limits, expected) in [
        (&manager, &["profile:read"][..], json!(null), None),
        (&manager, &["streams:read"], project("p1"), None),
        (&limited, &["streams:read"], project("p1"), None),
        (&limited, &["streams:read"], json!(null), Some(resources)),
        (&limited, &["streams:read"], json!([]), Some(resources)),
        (&limited, &["streams:read"], project("p3"), Some(resources)),
        (&manager, &["profile:read", "users:read"], json!(null), Some(foreign)),
        (&manager, &["floor:fly"], json!(null), Some(foreign)),
        (&manager, &["nonsense"], json!(null), Some(foreign)),
        (&manager, &[], json!(null), Some("A token needs at least one scope")),
        (
            &manager,
            &["profile:read", "tokens:write"],
            json!(null),
            Some("You can't create a personal access token with the tokens:write scope"),
        ),
        (&no_own, &["profile:read"], json!(null), Some(&*lacks("token:create"))),
        (&no_write, &["profile:read"], json!(null), Some(&lacks("tokens:write"))),
        (&personal, &["profile:read"], json!(null), Some(&lacks("tokens:write"))),
        (&unowned, &["profile:read"], json!(null), Some("You do not have the required server role")),
        (
            &of_viewer,
            &["profile:read"],
            json!(null),
            Some("A user with the role viewer cannot have these scopes: they need developer."),
        ),
    ] {
        let input = json!({"token": {"name": "n", "scopes": scopes, "limitResources": limits}});
        let answer = ask_as(&daypass, token, CREATE, input).await;
        match expected {
            None => assert_eq!((answer.0, answer.1.get("errors")), (200, None)),
            Some(expected) => {
                let (status, message, _) = error_of(answer);
                assert_eq!((status, &*message), (200, expected), "{scopes:?} {limits}");
            }
        }
    }
    // The native API does not create one either.
    let native = json!({"kind": "personal", "name": "n", "owner": user, "scopes": ["tokens:write"]});
    let (status, refused) = daypass.post_token(native).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_scope")));
    for (name, lifespan, says) in [
        ("", json!(null), "The name must be 1 to 512 characters"),
        (&*"n".repeat(513), json!(null), "The name must be 1 to 512 characters"),
        ("n\u{7}", json!(null), "none of them control characters"),
        ("n", json!(999), "The lifespan must be in milliseconds, at least 1000"),
        ("n", json!(-1), "The lifespan must be in milliseconds, at least 1000"),
        ("n", json!(i64::MAX), "before the year 10000"),
    ] {
        let input = json!({"token": {"name": name, "scopes": ["profile:read"], "lifespan": lifespan}});
        let (status, message, code) = error_of(ask_as(&daypass, &manager, CREATE, input).await);
        assert!(status == 200 && code == "BAD_USER_INPUT" && message.contains(says), "{lifespan}: {message}");
    }
}

#[tokio::test]
async fn bad_input_is_answered_as_graphql_answers_it() {
    let daypass = start();
    let raw = async |body: String| {
        send(daypass.post("/graphql").header("content-type", "application/json").body(body)).await
    };
    let query = |text: &str| json!({"query": text}).to_string();
    let aliases: String = (0..2000).map(|number| format!("a{number}: activeUser {{ id }} ")).collect();
    for (body, status, code) in [
        (String::new(), 400, "BAD_REQUEST"),
        ("{".into(), 400, "BAD_REQUEST"),
        ("[]".into(), 400, "BAD_REQUEST"),
        ("{}".into(), 400, "BAD_REQUEST"),
        ("null".into(), 400, "BAD_REQUEST"),
        (r#"{"query": 3}"#.into(), 400, "BAD_REQUEST"),
        (r#"{"query": "{ serverInfo { name } }", "variables": []}"#.into(), 400, "BAD_REQUEST"),
        (query(" "), 400, "BAD_REQUEST"),
        (query("{"), 400, "GRAPHQL_PARSE_FAILED"),
        (query("{ serverInfo { name } } }"), 400, "GRAPHQL_PARSE_FAILED"),
        (query("{ \u{0} }"), 400, "GRAPHQL_PARSE_FAILED"),
        (query("{ nothing }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("{ serverInfo }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("query { ...f } fragment f on Query { ...f }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("subscription { serverInfo { name } }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("query($id: String!) { user(id: $id) { id } }"), 200, "BAD_USER_INPUT"),
        (query(&format!("{{ user(id: {}1{}) {{ id }} }}", "[".repeat(60), "]".repeat(60))), 400, ""),
        (query(&"{a".repeat(20_000)), 400, "GRAPHQL_PARSE_FAILED"),
        (query(&format!("{{ user(id: {}", "[".repeat(50_000))), 400, "GRAPHQL_PARSE_FAILED"),
        (query(&format!("{{ user(id: {}", "{a:".repeat(15_000))), 400, "GRAPHQL_PARSE_FAILED"),
        (query(&format!("{{ {aliases} }}")), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query(&" ".repeat(70_000)), 413, "BAD_REQUEST"),
    ] {
        let (seen, answer) = raw(body.clone()).await;
        let seen_code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        let start: String = body.chars().take(80).collect();
        assert_eq!((seen, &answer["data"]), (status, &Value::Null), "{start}: {}", answer["errors"][0]["message"]);
        assert!(code.is_empty() || seen_code == code, "{start}: {seen_code}");
    }
    let user = add_user(&daypass, "ada");
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    for input in [
        json!({}),
        json!({"token": null}),
        json!({"token": {"name": "n"}}),
        json!({"token": {"name": 1, "scopes": ["profile:read"]}}),
        json!({"token": {"name": "n", "scopes": [null]}}),
        json!({"token": {"name": "n", "scopes": {"a": 1}}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "lifespan": "1000"}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "lifespan": 1.5}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "lifespan": 1e30}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "unknown": 1}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "limitResources": [{"id": "p"}]}}),
        json!({"token": {"name": "n", "scopes": ["profile:read"], "limitResources": [{"id": "p", "type": "floor"}]}}),
        json!({"token": {"name": "n", "scopes": ["streams:read"], "limitResources": [{"id": "a b", "type": "project"}]}}),
    ] {
        let (status, body) = ask_as(&daypass, &manager, CREATE, input.clone()).await;
        assert!([200, 400].contains(&status) && body["data"].is_null(), "{input}: {status}");
        let code = to_text(&body["errors"][0]["extensions"]["code"]);
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&&*code), "{input}: {code}");
    }
    let text = daypass.post("/graphql").header("content-type", "text/plain").body(query(WHO));
    assert_eq!(send(text).await.0, 400, "a simple request of another site's page");
    assert_eq!(send(daypass.get("/graphql?query={serverInfo{name}}")).await.0, 405);
}
