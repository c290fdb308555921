//! The table of error codes.

use std::collections::BTreeSet;

use daypass::{Error, ErrorCode};

#[test]
fn every_error_has_its_code_and_every_code_of_the_wire_an_error() {
    let of_errors: BTreeSet<_> = Error::examples().iter().map(|error| error.code().as_str()).collect();
    let of_wire = ErrorCode::ALL.iter().filter(|code| code.status() != 0).map(|code| code.as_str());
    assert_eq!(of_errors, of_wire.collect());
    let names: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), ErrorCode::ALL.len(), "a name stands for two codes");
    assert!(ErrorCode::ALL.iter().all(|code| ErrorCode::find(code.as_str()) == Some(*code)));
}

#[test]
fn a_message_has_at_most_one_place_for_particulars() {
    for code in ErrorCode::ALL {
        let (message, help) = (code.message(), code.help());
        assert!(message.matches("{}").count() <= 1 && !help.contains("{}"), "{code}");
        assert!(!message.contains('\n') && !help.contains('\n'), "{code}: the browser splits them at a line break");
    }
}

#[test]
fn the_loader_repeats_the_rows_of_what_fails_without_an_instance() {
    let loader = include_str!("../../pkg/src/core.ts");
    for code in [ErrorCode::LoadFailed, ErrorCode::Interrupted] {
        let facts = format!("code: '{code}', status: {}, retryable: {},", code.status(), code.is_retryable());
        for text in [facts.as_str(), code.message().trim_end_matches("{}"), code.help()] {
            assert!(loader.contains(text), "{text}");
        }
    }
}
