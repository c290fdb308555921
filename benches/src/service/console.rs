//! The console's list of the tokens of a large organization, as a person who is signed in gets it.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Bench;
use super::node::{Node, post};
use super::stores;
use crate::Results;
use crate::load::{self, Task, Turn};

/// How many tokens the organization has.
const TOKENS: u64 = 100_000;

/// The password of the person who looks.
const PASSWORD: &str = "correct horse battery";

/// Measures the time until the whole page has arrived, which is no less than that until its first byte.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let folder = stores::folder(bench)?;
    let store = stores::filled(folder.path(), "hundred-thousand", TOKENS, 1)?;
    let node = Node::start(&store.path)?;
    let organization = node.told("organization")?;
    let cookie = sign_in(&node, &store.owner, &organization)?;
    let page = |query: &str| {
        let path = format!("/console/{organization}/tokens{query}");
        node.target(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"))
    };
    // No token is revoked, so that the second page compares as many as one page may.
    let targets = vec![page(""), page("?state=revoked")];
    let task = Task { connections: 1, rounds: bench.rounds(32), seconds: 0.2, targets };
    let mut results = Results::new();
    for (row, turns) in
        ["console/list-p99", "console/filter-p99"].into_iter().zip(load::run(bench.options.load_core, &task)?)
    {
        results.insert(row.to_owned(), turns.into_iter().map(|turn: Turn| turn.p99).collect());
    }
    Ok(results)
}

/// Adds a person to the organization, and returns the cookie of the person's session.
fn sign_in(node: &Node, owner: &str, organization: &str) -> Result<String> {
    let principals = format!("/v2/organization/{organization}/principal");
    let user = json!({"kind": "user", "name": "Ada", "email": "ada@example.com", "role": "owner"});
    let ask = |path: &str, body: &Value| -> Result<Value> {
        Ok(serde_json::from_str(&node.send(&post(path, owner, "application/json", &body.to_string()))?)?)
    };
    let user = ask(&principals, &user)?;
    let id = user["id"].as_str().context("a user has an id")?;
    let invited = ask(&format!("{principals}/{id}/invitation"), &json!({}))?;
    let (origin, invitation) =
        invited["link"].as_str().and_then(|link| link.split_once("/invitation#")).context("no link")?;
    let body = json!({"invitation": invitation, "password": PASSWORD}).to_string();
    let accept = format!(
        "POST /v2/invitation/accept HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (head, _) = node.exchange(&accept)?;
    let line = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("no cookie")?;
    Ok(line.split(';').next().unwrap_or_default().to_owned())
}
