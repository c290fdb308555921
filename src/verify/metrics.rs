//! Counters for the product's exporter, through the facade `metrics`: [`Metrics`].
//!
//! | name | labels | what it counts |
//! | --- | --- | --- |
//! | `daypass_decisions_total` | `outcome`: `admitted`, or the code of the error | decisions |
//! | `daypass_cache_total` | `result`: `hit` or `miss` | tokens that were cached or not |
//! | `daypass_use_reports_total` | `result`: `sent`, `failed` or `dropped` | reports of use, if there are any |
//!
//! The decisions are those of [`Verifier::verify`](super::Verifier::verify).

use std::collections::HashMap;
use std::sync::Arc;

use metrics::{Counter, counter};

use crate::{Error, ErrorCode};

/// The counters. They are registered once: a recorder that is installed later does not see them.
#[derive(Clone)]
pub(super) struct Metrics(Arc<Counters>);

struct Counters {
    admitted: Counter,
    errors: HashMap<ErrorCode, Counter>,
    hit: Counter,
    miss: Counter,
}

impl Metrics {
    pub(super) fn register() -> Metrics {
        let decisions = |outcome: &'static str| counter!("daypass_decisions_total", "outcome" => outcome);
        // The other codes are what the browser finds by itself.
        let of_requests = ErrorCode::ALL.iter().filter(|code| code.status() != 0);
        Metrics(Arc::new(Counters {
            admitted: decisions("admitted"),
            errors: of_requests.map(|code| (*code, decisions(code.as_str()))).collect(),
            hit: counter!("daypass_cache_total", "result" => "hit"),
            miss: counter!("daypass_cache_total", "result" => "miss"),
        }))
    }

    pub(super) fn count_decision(&self, error: Option<&Error>) {
        match error {
            None => self.0.admitted.increment(1),
            Some(error) => self.0.errors.get(&error.code()).into_iter().for_each(|counter| counter.increment(1)),
        }
    }

    pub(super) fn count_cache(&self, is_hit: bool) {
        if is_hit { &self.0.hit } else { &self.0.miss }.increment(1);
    }
}
