//! The table of error codes in the docs, the table in Rust and the TypeScript union say the same, and every refusal has its row.
#![allow(missing_docs, reason = "the names of the tests say what they hold")]

use std::collections::BTreeMap;

use daypass::{Denied, LOAD_FAILED, REASONS, Reason};

/// Code to status and whether it can be retried. What the browser half finds by itself has status 0.
fn in_rust() -> BTreeMap<String, (u16, bool)> {
    let all = REASONS.iter().chain([&LOAD_FAILED]);
    let table: BTreeMap<_, _> = all.map(|row| (row.code.to_owned(), (row.status, row.is_retryable))).collect();
    assert_eq!(table.len(), REASONS.len() + 1, "a code stands for two things");
    table
}

#[test]
fn every_refusal_has_its_row_and_no_row_of_the_wire_is_left_over() {
    let refusals: Vec<_> = Denied::examples().iter().map(|denied| Reason::find(denied.code())).collect();
    assert!(refusals.iter().all(Option::is_some));
    assert_eq!(refusals.len(), REASONS.iter().filter(|row| row.status != 0).count());
}

#[test]
fn a_message_has_one_place_for_particulars_at_most() {
    for Reason { code, message, help, .. } in REASONS {
        assert!(message.matches("{}").count() <= 1 && !help.contains("{}"), "{code}");
        assert!(!message.contains('\n') && !help.contains('\n'), "{code}: the browser splits them at a line break");
    }
}

#[test]
fn what_could_not_be_loaded_is_not_needed_to_say_so() {
    let loader = include_str!("../pkg/src/core.js");
    let Reason { code, status, is_retryable, message, help } = LOAD_FAILED;
    let facts = format!("code: '{code}', status: {status}, retryable: {is_retryable},");
    for text in [facts.as_str(), message.trim_end_matches("{}"), help] {
        assert!(loader.contains(text), "{text}");
    }
}

#[test]
fn the_docs_list_every_code_with_its_status() {
    let docs = include_str!("../docs/errors.md").lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let code = cells.next()?.trim_end_matches('`').to_owned();
        let status = cells.next()?.parse().unwrap_or(0);
        Some((code, (status, cells.next()? == "yes")))
    });
    assert_eq!(docs.collect::<BTreeMap<_, _>>(), in_rust());
}

#[test]
fn the_typescript_union_lists_every_code() {
    let types = include_str!("../pkg/types/index.d.ts");
    let union = types.split("DaypassErrorCode =").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
    let codes: Vec<_> = union.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    let mut expected: Vec<_> = in_rust().into_keys().collect();
    let mut sorted = codes.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
}
