//! What is counted of the use of tokens, and for how long, in each store.

use std::sync::Arc;

use daypass::api::{UseReport, UseRow};
use futures_util::future::join_all;

use super::suite::{add_mark, on_every_store, open_with_organization};
use super::{Location, SharedStore};
use crate::domain::days::Days;
use crate::domain::token_use::{ALL_TOKENS, Addition, MOST_VERIFIERS, count};

on_every_store!(
    reports_that_come_at_the_same_time_count_once_each_and_none_is_lost,
    verifiers_that_have_not_reported_lately_are_forgotten_when_there_are_too_many,
    a_day_is_deleted_once_it_is_old_by_its_number_and_by_the_marks_that_followed,
    old_days_that_were_written_lately_do_not_keep_others_from_being_deleted,
);

const DAY: u64 = 20_000;

/// Reports a request with each of these tokens. Returns the tokens that were counted.
async fn report(store: &SharedStore, verifier: &str, sequence: u64, serials: &[u64]) -> Vec<u64> {
    report_on(DAY, store, verifier, sequence, serials).await
}

async fn report_on(day: u64, store: &SharedStore, verifier: &str, sequence: u64, serials: &[u64]) -> Vec<u64> {
    let row = |serial: &u64| UseRow {
        serial: Some(*serial),
        outcome: "accepted".into(),
        count: 1,
        origins: vec![],
        other_origins: 0,
    };
    let rows = serials.iter().map(row).collect();
    let report = UseReport { verifier: verifier.to_owned(), sequence, age_seconds: 0, rows };
    let addition = Arc::new(Addition::of_report(report, "o", Some("o"), day * 86_400).expect("a report"));
    let counted = Arc::clone(&addition);
    store.add_use(addition, Box::new(move |facts| Ok(count(&counted, facts)))).await.expect("an answer")
}

/// Returns how many requests are stored of a token.
async fn requests(store: &SharedStore, token: u64) -> u64 {
    let days = store.token_use("o", token, Days { first: 0, last: DAY }).await.expect("days");
    days.into_iter().map(|(day, counts)| counts.on(day).requests).sum()
}

async fn reports_that_come_at_the_same_time_count_once_each_and_none_is_lost(location: Location) {
    let store = open_with_organization(&location).await;
    // Two verifiers, each of whose reports comes twice.
    for sequence in 1..=10 {
        let twice = ["v", "w", "v", "w"].map(|verifier| report(&store, verifier, sequence, &[1, 99]));
        let counted: Vec<_> = join_all(twice).await.concat();
        assert_eq!(counted, [1, 1], "{sequence}");
        assert_eq!(requests(&store, 1).await, 2 * sequence);
    }
    assert_eq!((requests(&store, ALL_TOKENS).await, requests(&store, 99).await), (20, 0));
    assert_eq!(report(&store, "v", 10, &[1]).await, [0; 0], "it was counted");
    assert_eq!(report(&store, "v", 3, &[1]).await, [0; 0], "a later one was counted");
    assert_eq!(report(&store, "v", 12, &[1]).await, [1], "one that was dropped is missing");
}

async fn verifiers_that_have_not_reported_lately_are_forgotten_when_there_are_too_many(location: Location) {
    let store = open_with_organization(&location).await;
    report(&store, "first", 1, &[1]).await;
    add_mark(&store, 0).await;
    let names: Vec<_> = (0..MOST_VERIFIERS).map(|number| format!("v{number}")).collect();
    for some in names[1..].chunks(50) {
        join_all(some.iter().map(|verifier| report(&store, verifier, 1, &[1]))).await;
    }
    assert_eq!(report(&store, "first", 1, &[1]).await, [0; 0], "there is room for it");
    report(&store, &names[0], 1, &[1]).await;
    assert_eq!(report(&store, &names[0], 1, &[1]).await, [0; 0], "the new one is known");
    assert_eq!(report(&store, "first", 1, &[1]).await, [1], "it is new again");
}

async fn a_day_is_deleted_once_it_is_old_by_its_number_and_by_the_marks_that_followed(location: Location) {
    let store = open_with_organization(&location).await;
    report(&store, "v", 1, &[1]).await;
    let delete = async |before| store.delete_use(before, 1, 100).await.expect("an answer");
    for mark in 0..24 {
        assert_eq!(delete(DAY + 1).await, 0, "a clock may be ahead: {mark}");
        assert_eq!(report(&store, "v", 1, &[1]).await, [0; 0], "its verifier is known: {mark}");
        add_mark(&store, mark).await;
    }
    assert_eq!(delete(DAY).await, 0, "the day is not old");
    assert_eq!(requests(&store, 1).await, 1);
    assert_eq!(delete(DAY + 1).await, 2, "of the token, and of the organization");
    assert_eq!((requests(&store, 1).await, requests(&store, ALL_TOKENS).await), (0, 0));
    assert_eq!(report(&store, "v", 1, &[1]).await, [1], "its verifier is forgotten");
}

async fn old_days_that_were_written_lately_do_not_keep_others_from_being_deleted(location: Location) {
    let store = open_with_organization(&location).await;
    report(&store, "v", 1, &[1]).await;
    for mark in 0..24 {
        add_mark(&store, mark).await;
    }
    // Their clock was days behind: more rows than a step deletes, each older than the one above.
    for day in 1..=4 {
        report_on(DAY - day, &store, "v", 1 + day, &[1]).await;
    }
    let delete = async |most| store.delete_use(DAY + 1, 1, most).await.expect("an answer");
    assert_eq!([delete(1).await, delete(4).await, delete(4).await], [1, 1, 0]);
    assert_eq!(requests(&store, 1).await, 4, "those that were written lately");
}
