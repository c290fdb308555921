//! The product's data: the chair that is configured, and what visitors saved and sent, in memory.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::{Value, json};

/// The most records of each sort. The oldest make place.
const MOST: usize = 1000;

/// Saved configurations, events and orders.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) configurations: Shelf,
    pub(crate) events: Shelf,
    pub(crate) orders: Shelf,
}

/// The newest records of one sort.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<VecDeque<Value>>);

impl Shelf {
    /// Adds a record, gives it an `id`, and returns it.
    pub(crate) fn add(&self, mut record: Value) -> Value {
        record["id"] = json!(uuid());
        let mut records = self.0.lock().expect("no thread panics while it has the lock");
        if records.len() == MOST {
            records.pop_front();
        }
        records.push_back(record.clone());
        record
    }

    /// Finds a record by its id, or by its short id.
    pub(crate) fn find(&self, id: &str) -> Option<Value> {
        let records = self.0.lock().expect("no thread panics while it has the lock");
        records.iter().find(|record| record["id"] == id || record["shortId"] == id).cloned()
    }

    /// Returns every record, newest first.
    pub(crate) fn all(&self) -> Vec<Value> {
        let records = self.0.lock().expect("no thread panics while it has the lock");
        records.iter().rev().cloned().collect()
    }
}

/// Returns the chair that the configurator shows.
pub(crate) fn chair() -> Value {
    serde_json::from_str(include_str!("../chair.json")).expect("chair.json is JSON")
}

/// Returns a short id that nobody can guess: with it, a visitor opens a saved configuration again.
pub(crate) fn short_id() -> String {
    random().iter().skip(10).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a random UUID (RFC 9562, section 5.4).
fn uuid() -> String {
    let mut bytes = random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = bytes.map(|byte| format!("{byte:02x}")).concat();
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    bytes
}
