//! Secret tokens, durable, beside bare inserts of the same row.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::json;

use super::node::{Node, post};
use super::{Bench, stores};
use crate::Results;
use crate::load::{self, Task};

/// How long each side has its turn.
const TURN: Duration = Duration::from_millis(500);

pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let folder = stores::folder(bench)?;
    let path = stores::path(&folder, "creation.db")?;
    let node = Node::start(&path)?;
    stores::lift_limit(&path, &node.told("organization")?)?;
    // A store of its own, so that the two share nothing but the disk.
    let other = stores::path(&folder, "inserts.db")?;
    drop(Node::start(&other)?);
    let mut inserts = Inserts::new(Path::new(&other))?;

    let request = create(&node.told("ownerToken")?);
    // One connection too, since a single client waits for the disk each time.
    let task = |connections| Task {
        connections,
        rounds: 1,
        seconds: TURN.as_secs_f64(),
        targets: vec![node.target(request.clone())],
    };
    let mut results = Results::new();
    for _ in 0..bench.rounds(24) {
        let turn = |connections| {
            let turns = load::run(bench.options.load_core, &task(connections))?;
            turns.first().and_then(|turns| turns.first()).map(|turn| turn.request).context("a turn")
        };
        for (row, figure) in
            [("creation/daypass", turn(16)?), ("creation/one-client", turn(1)?), ("creation/insert", inserts.time()?)]
        {
            results.entry(row.to_owned()).or_default().push(figure);
        }
    }
    Ok(results)
}

/// Returns a request that creates a secret token.
pub(super) fn create(creator: &str) -> String {
    let body = json!({"kind": "secret", "name": "Backend", "scopes": ["floor:readPrivate"]}).to_string();
    post("/v2/access-token", creator, "application/json", &body)
}

/// Bare inserts, each in a transaction of its own.
struct Inserts {
    connection: Connection,
    first: i64,
    count: u64,
}

impl Inserts {
    fn new(file: &Path) -> Result<Inserts> {
        let mut connection = stores::open(file)?;
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        let first = stores::first_number(&connection)?;
        Ok(Inserts { connection, first, count: 0 })
    }

    /// Returns the nanoseconds of an insert.
    fn time(&mut self) -> Result<f64> {
        let (start, before) = (Instant::now(), self.count);
        while start.elapsed() < TURN {
            let mut hash = [0; 32];
            aws_lc_rs::rand::fill(&mut hash)?;
            let transaction = self.connection.transaction()?;
            let row = params![hash, format!("tok_bare_{:016}", self.count), "0000", self.first];
            transaction.prepare_cached(stores::INSERT)?.execute(row)?;
            transaction.commit()?;
            self.count += 1;
        }
        Ok(start.elapsed().as_nanos() as f64 / (self.count - before) as f64)
    }
}
