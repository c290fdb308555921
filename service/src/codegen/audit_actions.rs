//! The actions of the audit trail for people, from the table in the service.

use std::fmt::Write;

use crate::domain::audit::action::Action;

/// Returns the rows of the table in `docs/guides/audit.md`.
pub(super) fn rows() -> String {
    let mut rows = "\n| action | what was done |\n| --- | --- |\n".to_owned();
    for action in Action::ALL {
        let _ = writeln!(rows, "| `{}` | {} |", action.as_str(), action.meaning());
    }
    rows + "\n"
}
