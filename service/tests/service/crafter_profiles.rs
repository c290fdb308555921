//! The example permissions of Crafter Profile's documentation, as a product's API applies them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use daypass::verify::Verifier;
use daypass::{Catalog, ForeignFormat};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::crafter::{bootstrap, call as call_service, create, start};
use super::running::{Daypass, to_text};

/// The product: tenants and profiles, behind the verifier.
struct Profiles {
    url: String,
    client: Client,
}

impl Profiles {
    async fn start(daypass: &Daypass) -> Profiles {
        let scope = "token:introspect";
        let key = daypass.json(&["token", "create", "--kind", "secret", "--name", "Profile API", "--scope", scope]);
        let key = to_text(&key["token"]).parse().expect("a token");
        let verifier = Verifier::connect(&daypass.url, "profile-api", key).await.expect("a verifier");
        let verifier = verifier.catalog(Catalog::crafter()).foreign_tokens(&[ForeignFormat::ChosenId]);
        let tenants = ["site1", "site2", "site3"].map(str::to_owned);
        let router = profile_api::router(Arc::new(verifier), &tenants);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async { axum::serve(listener, router).await });
        Profiles { url, client: Client::new() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/api/1/{path}", self.url))
    }
}

async fn call(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("a response");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// What is done: a request for a tenant, and for a profile of it.
type Action = fn(&Profiles, &str, &str, &str) -> RequestBuilder;

/// The actions, with the token in the query unless the request has a form, which has it then.
const ACTIONS: [(&str, Action); 9] = [
    ("query the tenant", |api, token, tenant, _| {
        api.request(Method::GET, &format!("tenant/{tenant}")).query(&[("accessTokenId", token)])
    }),
    ("update the tenant", |api, token, tenant, _| {
        let request = api.request(Method::POST, "tenant/update").query(&[("accessTokenId", token)]);
        request.json(&json!({"name": tenant, "verifyNewProfiles": true}))
    }),
    ("query profiles", |api, token, tenant, _| {
        api.request(Method::GET, "profile/all").query(&[("accessTokenId", token), ("tenantName", tenant)])
    }),
    ("create a profile", |api, token, tenant, _| {
        let form = [("accessTokenId", token), ("tenantName", tenant), ("username", "grace")];
        api.request(Method::POST, "profile/create").form(&form)
    }),
    ("update a profile", |api, token, _, profile| {
        let form = [("accessTokenId", token), ("email", "ada@example.com")];
        api.request(Method::POST, &format!("profile/{profile}/update")).form(&form)
    }),
    ("make a ticket", |api, token, _, profile| {
        let form = [("accessTokenId", token), ("profileId", profile)];
        api.request(Method::POST, "authentication/ticket/create").form(&form)
    }),
    ("delete a profile", |api, token, _, profile| {
        api.request(Method::POST, &format!("profile/{profile}/delete")).form(&[("accessTokenId", token)])
    }),
    ("create the tenant", |api, token, tenant, _| {
        let request = api.request(Method::POST, "tenant/create").query(&[("accessTokenId", token)]);
        request.json(&json!({"name": tenant}))
    }),
    ("delete the tenant", |api, token, tenant, _| {
        api.request(Method::POST, &format!("tenant/{tenant}/delete")).form(&[("accessTokenId", token)])
    }),
];

/// Does every action on a tenant, and returns which were allowed. A profile of another tenant is not found.
async fn decisions(api: &Profiles, admin: &str, token: &str, tenant: &str) -> Vec<&'static str> {
    let form = [("accessTokenId", admin), ("tenantName", tenant), ("username", "ada")];
    let (status, profile) = call(api.request(Method::POST, "profile/create").form(&form)).await;
    assert!(matches!(status, 200 | 409), "{profile}");
    let profile = to_text(&call(api.request(Method::GET, "profile/all").query(&form)).await.1[0]["id"]);
    let mut allowed = vec![];
    for (name, action) in ACTIONS {
        let (status, body) = call(action(api, token, tenant, &profile)).await;
        match (status, body["errorCode"].as_str()) {
            // What a request does to a tenant that exists already.
            (200, None) | (409, Some("TENANT_EXISTS" | "PROFILE_EXISTS")) => allowed.push(name),
            (403, Some("ACTION_DENIED")) | (404, Some("NO_SUCH_PROFILE")) => {}
            other => panic!("{name} on {tenant}: {other:?}"),
        }
    }
    allowed
}

#[tokio::test]
async fn the_example_permissions_decide_as_the_documentation_says() {
    let daypass = start();
    let [admin, engine, _] = bootstrap(&daypass);
    let api = Profiles::start(&daypass).await;
    let example = json!({"id": "the-example-of-the-docs", "application": "example", "tenantPermissions": [
        {"tenant": "site1", "allowedActions": ["READ_TENANT", "MANAGE_PROFILES"]},
        {"tenant": "site2", "allowedActions": ["READ_TENANT", "UPDATE_TENANT", "MANAGE_PROFILES"]},
    ]});
    assert_eq!(call_service(create(&daypass, &admin, &example)).await.0, 200);
    let example = "the-example-of-the-docs";
    let profiles = ["query profiles", "create a profile", "update a profile"];
    let on_both = [&["query the tenant"], &profiles[..], &["delete a profile"]].concat();
    let on_site2 = [&["query the tenant", "update the tenant"], &profiles[..], &["delete a profile"]].concat();
    let of_engine = [&["query the tenant"], &profiles[..], &["make a ticket", "delete a profile"]].concat();
    let every: Vec<_> = ACTIONS.iter().map(|(name, _)| *name).collect();
    for (token, tenant, expected) in [
        (example, "site1", on_both),
        (example, "site2", on_site2),
        (example, "site3", vec![]),
        (&engine, "site1", of_engine.clone()),
        (&engine, "site3", of_engine),
        (&admin, "site3", every),
    ] {
        assert_eq!(decisions(&api, &admin, token, tenant).await, expected, "{tenant}");
    }
    let tenants = call(api.request(Method::GET, "tenant/all").query(&[("accessTokenId", example)])).await.1;
    let names: Vec<_> = tenants.as_array().expect("tenants").iter().map(|tenant| &tenant["name"]).collect();
    assert_eq!(names, ["site1", "site2"]);

    // Whatever is wrong with the token, access is denied; another one is one too many.
    let get = || api.request(Method::GET, "tenant/site1");
    for (what, request) in [
        ("none", get()),
        ("empty", get().query(&[("accessTokenId", "")])),
        ("unknown", get().query(&[("accessTokenId", "unknown-credential")])),
        ("from a page", get().query(&[("accessTokenId", example)]).header("origin", "https://site1.example")),
        ("another", get().query(&[("accessTokenId", example), ("accessTokenId", &admin)])),
    ] {
        let (status, error) = call(request).await;
        assert_eq!((status, &error["errorCode"]), (403, &json!("ACCESS_DENIED")), "{what}");
    }

    // Deletion cuts the application off, without a restart of the product.
    let delete = daypass.post(&format!("/api/1/access_token/{example}/delete")).form(&[("accessTokenId", &admin)]);
    assert_eq!(call_service(delete).await.0, 200);
    let start = Instant::now();
    while call(get().query(&[("accessTokenId", example)])).await.0 != 403 {
        assert!(start.elapsed() < Duration::from_secs(5), "the deleted token still opens the product");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
