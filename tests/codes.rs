//! The table of error codes in the docs, the Rust enums and the TypeScript union say the same. Only the WebAssembly half
//! has all of the codes, so this runs there.
#![cfg(target_arch = "wasm32")]

use std::collections::BTreeMap;

use daypass::Denied;
use daypass::browser::Failure;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Code to status and whether it can be retried. In the browser, a failure that no API reported has status 0.
fn in_rust() -> BTreeMap<String, (u16, bool)> {
    let denied = Denied::examples().into_iter().map(|d| (d.code().to_owned(), (d.status(), d.is_retryable())));
    let failures = Failure::examples().into_iter().map(|f| {
        let (code, retryable, _) = f.row();
        (code.to_owned(), (0, retryable))
    });
    let all: Vec<_> = denied.chain(failures).collect();
    let count = all.len();
    let table: BTreeMap<_, _> = all.into_iter().collect();
    assert_eq!(table.len(), count, "a code stands for two things");
    table
}

#[wasm_bindgen_test]
fn the_docs_list_every_code_with_its_status() {
    let docs = include_str!("../docs/errors.md").lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let code = cells.next()?.trim_end_matches('`').to_owned();
        let status = cells.next()?.parse().unwrap_or(0);
        Some((code, (status, cells.next()? == "yes")))
    });
    assert_eq!(docs.collect::<BTreeMap<_, _>>(), in_rust());
}

#[wasm_bindgen_test]
fn the_typescript_union_lists_every_code() {
    let types = include_str!("../pkg/index.d.ts");
    let union = types.split("DaypassErrorCode =").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
    let codes: Vec<_> = union.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    let mut expected: Vec<_> = in_rust().into_keys().collect();
    let mut sorted = codes.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
}
