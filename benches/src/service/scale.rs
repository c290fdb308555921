//! Lists, creations and look-ups in stores with many tokens.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::Bench;
use super::creation::create;
use super::node::{Node, get, introspect};
use super::stores::{self, Filled};
use crate::Results;
use crate::load::{self, Target, Task, Turn};

/// How many tokens are looked up again and again: few enough for a cache.
const HOT: usize = 1000;
/// How many are looked up once: more than a cache has.
const SAMPLES: usize = 100_000;

const PAGE: &str = "/v2/access-token";

/// Measures an organization with a million living tokens beside one with a thousand, or a hundred.
pub(super) fn million(bench: &Bench<'_>) -> Result<Results> {
    let folder = stores::folder(bench)?;
    let few = stores::filled(folder.path(), "hundred", 100, 1)?;
    let some = stores::filled(folder.path(), "thousand", 1000, 1)?;
    let many = stores::filled(&bench.folder, "million", 1_000_000, 1)?;
    let node = Node::start(&many.path)?;
    // Everything but the page is in memory.
    node.send(&get(&format!("{PAGE}?limit=1"), &many.owner))?;
    let before = node.memory("VmRSS")?;
    node.send(&get(PAGE, &many.owner))?;
    let page = node.memory("VmHWM")? - before;
    drop(node);
    let mut results = Results::from([("memory/first-page".to_owned(), vec![page.max(0.0)])]);

    let nodes = [&few, &some, &many].map(|store| Node::start(&store.path));
    let [few_node, some_node, many_node] = nodes;
    let (few_node, some_node, many_node) = (few_node?, some_node?, many_node?);
    let task = |targets| Task { connections: 1, rounds: bench.rounds(64), seconds: 0.1, targets };
    let pages = vec![some_node.target(get(PAGE, &some.owner)), many_node.target(get(PAGE, &many.owner))];
    let creations = vec![few_node.target(create(&few.owner)), many_node.target(create(&many.owner))];
    for (rows, targets) in
        [(["list/thousand", "list/million"], pages), (["creation/hundred", "creation/million"], creations)]
    {
        for (row, turns) in rows.into_iter().zip(load::run(bench.options.load_core, &task(targets))?) {
            results.insert(row.to_owned(), turns.into_iter().map(|turn: Turn| turn.request).collect());
        }
    }
    Ok(results)
}

/// Measures a store with ten million tokens beside one with a thousand.
pub(super) fn ten_million(bench: &Bench<'_>) -> Result<Results> {
    let folder = stores::folder(bench)?;
    let few = stores::filled(folder.path(), "thousand", 1000, HOT)?;
    let many = stores::filled(&bench.folder, "ten-million", 10_000_000, SAMPLES)?;
    let mut results = Results::new();
    let mut push = |row: &str, figure: f64| results.entry(row.to_owned()).or_default().push(figure);
    let size = |store: &Filled| Ok::<_, anyhow::Error>(std::fs::metadata(&store.path)?.len() as f64);
    push("size/token", size(&many)? / 10_000_000.0);
    push("size/thousand", size(&few)? / 1000.0);
    for _ in 0..bench.rounds(16) {
        let [few_node, many_node] = [Node::start(&few.path)?, Node::start(&many.path)?];
        push("start/thousand", few_node.start.as_nanos() as f64);
        push("start/ten-million", many_node.start.as_nanos() as f64);
        let few_target = lookups(&few_node, &few, HOT)?;
        let many_target = lookups(&many_node, &many, HOT)?;
        // The same number of tokens: a product's visitors come with some of all tokens.
        let [few_turn, many_turn] = turns(bench, [few_target.clone(), many_target])?;
        push("lookup/thousand", few_turn.p99);
        push("lookup/ten-million", many_turn.p99);
        // All tokens alike: no cache has them.
        let [few_turn, many_turn] = turns(bench, [few_target, lookups(&many_node, &many, SAMPLES)?])?;
        push("lookup/thousand-again", few_turn.p99);
        push("lookup/any-of-ten-million", many_turn.p99);
        push("memory/ten-million", (many_node.memory("VmRSS")? - few_node.memory("VmRSS")?).max(0.0));
    }
    Ok(results)
}

/// Returns introspections of so many tokens of a store.
fn lookups(node: &Node, store: &Filled, count: usize) -> Result<Target> {
    let api = json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]});
    let api = node.create(&store.owner, &api)?;
    let requests = store.samples.iter().take(count).map(|token| introspect(&api, token)).collect();
    Ok(Target { address: node.address, requests })
}

/// Returns a turn of each of two targets.
fn turns(bench: &Bench<'_>, targets: [Target; 2]) -> Result<[Turn; 2]> {
    let seconds = Duration::from_millis(500).as_secs_f64();
    let task = Task { connections: 4, rounds: 1, seconds, targets: targets.to_vec() };
    let turns = load::run(bench.options.load_core, &task)?;
    let turns: Option<Vec<Turn>> = turns.iter().map(|turns| turns.first().copied()).collect();
    turns.and_then(|turns| turns.try_into().ok()).context("two turns")
}
