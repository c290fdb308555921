//! Temporary tokens, beside bare Ed25519 signing.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::node::{Node, post};
use super::server::{self, Server};
use super::{Bench, peers, stores};
use crate::load::Target;
use crate::{Results, cpu_time};

/// How long the signing has its turn.
const TURN: Duration = Duration::from_millis(50);

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
    let route =
        Target { address: route, requests: vec![request.replacen("/v2/temporary-access-token/create", "/", 1)] };
    let pair = peers::key_pair()?;

    let servers = [
        Server { row: "minting/daypass", process: node.id(), target: node.target(request) },
        Server { row: "minting/route", process: std::process::id(), target: route },
    ];
    let mut results = Results::new();
    for _ in 0..bench.rounds(64) {
        server::turn(bench, &servers, &mut results)?;
        let signing = time_signing(|| _ = std::hint::black_box(pair.sign(input.as_bytes())));
        results.entry("minting/signing".to_owned()).or_default().push(signing);
    }
    Ok(results)
}

/// Returns what the signature of a minted token is of.
fn signing_input(answer: &str) -> Result<String> {
    let answer: Value = serde_json::from_str(answer)?;
    let token = answer["authorization"].as_str().and_then(|text| text.strip_prefix("Bearer ")).context("no token")?;
    Ok(token.rsplit_once('.').context("no JWT")?.0.to_owned())
}

/// Returns the nanoseconds of processor time of one signature.
fn time_signing(sign: impl Fn()) -> f64 {
    let (start, mut count) = (cpu_time::now(), 0.0);
    while cpu_time::now() - start < TURN {
        (0..16).for_each(|_| sign());
        count += 16.0;
    }
    (cpu_time::now() - start).as_nanos() as f64 / count
}
