//! What patterns of origins match, by examples: the same that the page shows while a person types.

use daypass_console_origins::{Explanation, explain};
use maud::{Markup, html};

use super::super::text::outside;
use crate::domain::origins::normalize_origin;

/// Shows what each of these patterns would match, and what it would not.
pub(super) fn shown<S: AsRef<str>>(patterns: &[S]) -> Markup {
    html! {
        @if !patterns.is_empty() {
            ul.origins-shown {
                @for pattern in patterns { (one(pattern.as_ref())) }
            }
        }
    }
}

/// Returns whether one of these is no pattern.
pub(super) fn has_wrong(patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| matches!(explain_taken(pattern), (_, Explanation::Wrong { .. })))
}

/// Explains a pattern as the service takes it: an international name in ASCII, which is returned too.
fn explain_taken(pattern: &str) -> (Option<String>, Explanation) {
    if pattern.is_ascii() {
        return (None, explain(pattern));
    }
    match normalize_origin(pattern).map(|ascii| ascii.to_string()) {
        Ok(ascii) => (Some(ascii.clone()), explain(&ascii)),
        Err(cause) => (None, Explanation::Wrong { why: cause.to_string() }),
    }
}

fn one(pattern: &str) -> Markup {
    let (ascii, explanation) = explain_taken(pattern);
    match explanation {
        Explanation::Pattern { examples } => html! {
            li {
                code { (outside(pattern)) }
                @if let Some(ascii) = ascii { p.note { "Browsers send it as " (ascii) "." } }
                ul {
                    @for example in examples {
                        li class=(if example.matches { "matches" } else { "differs" }) {
                            span.hint { (if example.matches { "matches " } else { "does not match " }) }
                            code { (outside(&example.origin)) }
                        }
                    }
                }
            }
        },
        Explanation::Wrong { why } => html! {
            li { code { (outside(pattern)) } p.field-problem { (outside(&why)) } }
        },
    }
}
