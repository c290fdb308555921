//! Temporary tokens, beside bare Ed25519 signing.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::node::{Node, post};
use super::{Bench, peers, stores};
use crate::Results;
use crate::load::{self, Target, Task, Turn};

/// How long each side has its turn.
const TURN: Duration = Duration::from_millis(200);

pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let folder = stores::folder(bench)?;
    let node = Node::start(&stores::path(&folder, "minting.db")?)?;
    let body = json!({"kind": "secret", "name": "Backend", "scopes": ["floor:readPrivate", "floor:readPublic"]});
    let secret = node.create(&node.told("ownerToken")?, &body)?;
    let body = json!({"scopes": ["floor:readPrivate"]}).to_string();
    let request = post("/v2/temporary-access-token/create", &secret, "application/json", &body);
    let answer = node.send(&request)?;
    let input = signing_input(&answer)?;
    let route = peers::signing_route(input.clone(), answer)?;
    let route = Target { address: route, requests: vec![request.replacen("/v2/temporary-access-token/create", "/", 1)] };
    let pair = peers::key_pair()?;

    let task = Task {
        connections: 16,
        rounds: 1,
        seconds: TURN.as_secs_f64(),
        targets: vec![node.target(request), route],
    };
    let rows = ["minting/daypass", "minting/route", "minting/signing"];
    let mut results: Results = rows.map(|row| (row.to_owned(), vec![])).into();
    for _ in 0..bench.rounds(64) {
        let [daypass, route] = load::run(bench.options.load_core, &task)?.try_into().ok().context("two targets")?;
        let turn = |turns: Vec<Turn>| turns.first().map_or(f64::NAN, |turn| turn.request);
        let signing = time_signing(|| _ = std::hint::black_box(pair.sign(input.as_bytes())));
        for (row, figure) in rows.into_iter().zip([turn(daypass), turn(route), signing]) {
            results.entry(row.to_owned()).or_default().push(figure);
        }
    }
    Ok(results)
}

/// Returns what the signature of a minted token is of.
fn signing_input(answer: &str) -> Result<String> {
    let answer: Value = serde_json::from_str(answer)?;
    let token = answer["authorization"].as_str().and_then(|text| text.strip_prefix("Bearer ")).context("no token")?;
    Ok(token.rsplit_once('.').context("no JWT")?.0.to_owned())
}

/// Returns the nanoseconds of one signature.
fn time_signing(sign: impl Fn()) -> f64 {
    let (start, mut count) = (Instant::now(), 0.0);
    while start.elapsed() < TURN {
        (0..16).for_each(|_| sign());
        count += 16.0;
    }
    start.elapsed().as_nanos() as f64 / count
}
