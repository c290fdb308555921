//! What is wrong with a form: [`Flaw`], which is shown above the form and beside its field.

use daypass::{Error, ErrorCode};
use maud::{Markup, html};

use super::page::help;

/// Why a form was not accepted.
pub(super) struct Flaw {
    /// The name of the field, if it is that of one.
    field: Option<&'static str>,
    /// What is wrong, and what to do.
    message: String,
    /// The status of the response.
    pub(super) status: u16,
    /// The code of the error.
    pub(super) code: ErrorCode,
}

/// The field of a form for a name that messages have in backticks.
const NAMED: [(&str, &str); 11] = [
    ("`name`", "name"),
    ("`origins`", "origins"),
    ("origin", "origins"),
    ("`acceptSharedSuffix`", "origins"),
    ("`expiresAt`", "expires"),
    ("`resources`", "resources"),
    ("resource", "resources"),
    ("`owner`", "owner"),
    ("`email`", "email"),
    ("`role`", "role"),
    ("id must be", "id"),
];

impl Flaw {
    /// A flaw of this field.
    pub(super) fn of(field: &'static str, message: impl Into<String>) -> Flaw {
        let code = ErrorCode::InvalidRequest;
        Flaw { field: Some(field), message: message.into(), status: code.status(), code }
    }

    /// A flaw of the whole form, whichever field the error is about.
    pub(super) fn whole_of(error: Error) -> Flaw {
        Flaw { field: None, ..Flaw::from(error) }
    }

    /// A flaw of the whole form.
    pub(super) fn whole(message: impl Into<String>) -> Flaw {
        Flaw { field: None, ..Flaw::of("", message) }
    }

    /// A flaw of a form whose page showed something that has changed since.
    pub(super) fn stale(message: impl Into<String>) -> Flaw {
        let code = ErrorCode::VersionConflict;
        Flaw { field: None, message: message.into(), status: code.status(), code }
    }

    /// Returns what is wrong, and what to do.
    pub(super) fn into_message(self) -> String {
        self.message
    }

    /// Shows what is wrong with a field, beside it.
    pub(super) fn beside(flaw: Option<&Flaw>, field: &str) -> Markup {
        match flaw.filter(|flaw| flaw.field == Some(field)) {
            Some(flaw) => html! { p.field-problem id={ (field) "-problem" } { (flaw.message) } },
            None => html! {},
        }
    }

    /// Returns whether something is wrong with a field, as `aria-invalid` has it.
    pub(super) fn is_in(flaw: Option<&Flaw>, field: &str) -> Option<&'static str> {
        flaw.filter(|flaw| flaw.field == Some(field)).map(|_| "true")
    }

    /// Shows the summary above a form.
    pub(super) fn summary(flaw: Option<&Flaw>, title: &str) -> Markup {
        let Some(flaw) = flaw else { return html! {} };
        html! {
            section.problem role="alert" tabindex="-1" {
                h2 { (title) }
                p {
                    @match flaw.field {
                        Some(field) => a href={ "#" (field) } { (flaw.message) },
                        None => (flaw.message),
                    }
                }
            }
        }
    }
}

impl From<Error> for Flaw {
    fn from(error: Error) -> Flaw {
        let text = error.to_string();
        let field = match error.code() {
            ErrorCode::InvalidScope => Some("scopes"),
            ErrorCode::AlreadyExists => Some("id"),
            ErrorCode::SignInFailed => Some("password"),
            // What is wrong with an origin begins with its text.
            ErrorCode::InvalidRequest => {
                let named = NAMED.iter().find(|(name, _)| text.contains(name));
                named.map(|(_, field)| *field)
            }
            _ => None,
        };
        let message = match error.code() {
            ErrorCode::InvalidRequest | ErrorCode::InvalidScope => text,
            _ => format!("{text} {}", help(&error)),
        };
        Flaw { field, message, status: error.status(), code: error.code() }
    }
}
