//! The decision hook and the counters see every decision, and no token.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::{ORGANIZATION, SITE, Store, access_token, record, signer, verifier};
use daypass::verify::{Cache, Credentials, TokenLocation, TokenSummary};
use daypass::{Requirement, Scope, TokenKind};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::json;

static READ: Scope = Scope::literal("floor:readPrivate");
static UPDATE: Scope = Scope::literal("floor:update");

#[tokio::test]
async fn the_hook_sees_each_decision_and_each_check_but_no_is_met() {
    let mut store = Store::default();
    let text = store.add(record(TokenKind::Secret));
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let verifier = verifier().introspector(store).on_decision(move |decision| {
        let line = format!(
            "{} {} {} {}",
            decision.token.map_or("none", |token| token.id),
            decision.error.map_or("admitted", |error| error.code().as_str()),
            decision.requirement.map_or("-".to_owned(), |requirement| requirement.scope().to_string()),
            if decision.credentials.is_some() { "request" } else { "handler" },
        );
        log.lock().unwrap().push(line);
        // An audit log may write all of the decision.
        log.lock().unwrap().push(format!("{decision:?}"));
    });
    let credentials = Credentials::new(&text, TokenLocation::Bearer);
    let access = verifier.verify(&credentials, None).await.unwrap();
    let _ = verifier.verify(&credentials, Some(&Requirement::new(&UPDATE, ORGANIZATION))).await;
    let _ = verifier.verify(&credentials.from_origin(SITE), None).await;
    let _ = verifier.verify(&Credentials::new("hunter2", TokenLocation::Bearer), None).await;
    let _ = verifier.verify(&Credentials::default(), None).await;
    access.require(&READ).tenant(ORGANIZATION).check().unwrap();
    access.require(&UPDATE).tenant(ORGANIZATION).check().unwrap_err();
    assert!(!access.require(&UPDATE).tenant(ORGANIZATION).is_met());

    let lines = lines.lock().unwrap();
    let outcomes: Vec<_> = lines.iter().step_by(2).collect();
    let expected = [
        "secret_1 admitted - request",
        "secret_1 insufficient_scope floor:update request",
        "secret_1 secret_in_browser - request",
        "none invalid_token - request",
        "none missing_token - request",
        "secret_1 admitted floor:readPrivate handler",
        "secret_1 insufficient_scope floor:update handler",
    ];
    assert_eq!(outcomes, expected);
    assert!(lines.iter().all(|line| !line.contains(&text) && !line.contains("hunter2")));
}

#[tokio::test]
async fn the_hook_gets_a_summary_of_the_token_accepted_or_refused() {
    let text = access_token(&[("origins", json!(["northlight.example"]))]);
    let summaries = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&summaries);
    let verifier = verifier().keys(signer().keys()).on_decision(move |decision| {
        let TokenSummary { id, kind, organization, parent, root_serial, .. } = decision.token.unwrap();
        let summary = format!("{id} {kind} {organization} {parent:?} {root_serial}");
        log.lock().unwrap().push((summary, decision.error.is_some()));
    });
    let credentials = Credentials::new(&text, TokenLocation::Bearer);
    verifier.verify(&credentials.from_origin("https://northlight.example"), None).await.unwrap();
    verifier.verify(&credentials.from_origin("https://elsewhere.example"), None).await.unwrap_err();
    let summary = || r#"tmp_1 temporary org_northlight Some("sec_1") 7"#.to_owned();
    assert_eq!(*summaries.lock().unwrap(), [(summary(), false), (summary(), true)]);
}

/// Stores counters by name and label.
#[derive(Clone, Default)]
struct Counters(Arc<Mutex<BTreeMap<String, Arc<AtomicU64>>>>);

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(","));
        Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(name).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn decisions_are_counted_by_outcome_and_the_cache_by_hits() {
    let counters = Counters::default();
    let mut store = Store::default();
    let text = store.add(record(TokenKind::Secret));
    let verifier = metrics::with_local_recorder(&counters, verifier).introspector(store).cache(Cache::new(1 << 20));
    for _ in 0..3 {
        verifier.verify(&Credentials::new(&text, TokenLocation::Bearer), None).await.unwrap();
    }
    let _ = verifier.verify(&Credentials::new("hunter2", TokenLocation::Bearer), None).await;
    let counters = counters.0.lock().unwrap();
    let counts: Vec<_> = counters
        .iter()
        .map(|(name, count)| format!("{name} {}", count.load(Ordering::Relaxed)))
        .filter(|line| !line.ends_with(" 0"))
        .collect();
    let expected = [
        "daypass_cache_total result=hit 2",
        "daypass_cache_total result=miss 2",
        "daypass_decisions_total outcome=admitted 3",
        "daypass_decisions_total outcome=invalid_token 1",
    ];
    assert_eq!(counts, expected);
}
