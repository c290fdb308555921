//! What a node keeps of tokens in memory is never older than the request, whichever process has written.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::running::{Beside, Daypass, FLOOR_READ, send, to_text};

/// How often each change is made.
const ROUNDS: usize = 10;

struct Nodes {
    daypass: Daypass,
    beside: Beside,
    client: Client,
}

impl Nodes {
    fn start() -> Nodes {
        let daypass = Daypass::start_with(&["--issuer", "https://tokens.example", "--audience", "product"]);
        let beside = daypass.start_beside();
        Nodes { daypass, beside, client: Client::new() }
    }

    fn urls(&self) -> [&str; 2] {
        [&self.daypass.url, &self.beside.url]
    }

    /// Introspects a token at a node, as the admin.
    async fn introspect(&self, url: &str, token: &str, record: bool) -> Value {
        let form = [("token", token.to_owned()), ("record", record.to_string())];
        let request = self.client.post(format!("{url}/introspect")).bearer_auth(&self.daypass.admin);
        let (status, response) = send(request.form(&form)).await;
        assert_eq!(status, 200, "{}", response["message"]);
        response
    }

    /// Expects what both nodes tell of a token, each often enough that it is kept in memory.
    async fn expect(&self, token: &str, is_active: bool, when: &str) {
        for url in self.urls() {
            for record in [false, true, false, true] {
                let response = self.introspect(url, token, record).await;
                assert_eq!(response["active"], is_active, "{when}: {url}, record {record}");
            }
        }
    }

    /// Expects that both nodes accept a token of a caller, or refuse it with this error.
    async fn expect_caller(&self, token: &str, error: Option<&str>) {
        for url in self.urls() {
            for _ in 0..2 {
                let mint = self.client.post(format!("{url}/v2/temporary-access-token/create")).bearer_auth(token);
                let (_, minted) = send(mint.json(&json!({"scopes": [FLOOR_READ]}))).await;
                assert_eq!(minted["error"].as_str(), error, "{}", minted["message"]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_by_any_process_is_seen_by_the_next_request_at_every_node() {
    let nodes = Nodes::start();
    for round in 0..ROUNDS {
        let (token, id) = nodes.daypass.create_secret().await;
        nodes.expect(&token, true, "created").await;
        nodes.expect_caller(&token, None).await;
        match round % 3 {
            0 => drop(nodes.daypass.revoke(&id).await),
            1 => {
                let url = format!("{}/v2/access-token/{id}", nodes.beside.url);
                let revoke = nodes.client.request(Method::DELETE, url).bearer_auth(&nodes.daypass.admin);
                assert_eq!(send(revoke).await.0, 200);
            }
            _ => drop(nodes.daypass.json(&["token", "revoke", &id])),
        }
        nodes.expect(&token, false, "revoked").await;
        nodes.expect_caller(&token, Some("token_revoked")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_and_a_suspension_are_seen_by_the_next_request_at_every_node() {
    let nodes = Nodes::start();
    let (token, id) = nodes.daypass.create_secret().await;
    for round in 0..ROUNDS {
        let (url, name) = (nodes.urls()[round % 2], format!("Name {round}"));
        let edit = nodes.client.patch(format!("{url}/v2/access-token/{id}")).bearer_auth(&nodes.daypass.admin);
        assert_eq!(send(edit.json(&json!({"name": name}))).await.0, 200);
        for url in nodes.urls() {
            for record in [false, true] {
                let seen = nodes.introspect(url, &token, record).await;
                assert_eq!(to_text(&seen["record"]["name"]), name, "{url}");
            }
        }
    }

    let operator = to_text(&nodes.daypass.line["operatorToken"]);
    let created = nodes.daypass.post("/v2/organization").bearer_auth(&operator);
    let (status, created) = send(created.json(&json!({"id": "chairs", "name": "Chairs"}))).await;
    assert_eq!(status, 201, "{}", created["message"]);
    let owner = to_text(&created["ownerToken"]["token"]);
    let list = async |url: &str| send(nodes.client.get(format!("{url}/v2/access-token")).bearer_auth(&owner)).await.1;
    for round in 0..ROUNDS {
        for (verb, error) in [("suspend", json!("organization_suspended")), ("resume", Value::Null)] {
            if round % 2 == 0 {
                nodes.daypass.json(&["organization", verb, "chairs"]);
            } else {
                let url = format!("{}/v2/organization/chairs/{verb}", nodes.beside.url);
                assert_eq!(send(nodes.client.post(url).bearer_auth(&operator)).await.0, 200);
            }
            for url in nodes.urls() {
                assert_eq!(list(url).await["error"], error, "{verb} {url}");
            }
        }
    }
}
