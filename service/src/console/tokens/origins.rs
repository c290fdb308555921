//! What patterns of origins match, by examples: the same that the page shows while a person types.

use daypass_console_origins::{Explanation, explain};
use maud::{Markup, html};

use super::super::text::outside;

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
    patterns.iter().any(|pattern| matches!(explain(pattern), Explanation::Wrong { .. }))
}

fn one(pattern: &str) -> Markup {
    match explain(pattern) {
        Explanation::Pattern { examples } => html! {
            li {
                code { (outside(pattern)) }
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
        Explanation::International => html! {
            li { code { (outside(pattern)) } p.note { "An international name: the service writes it in ASCII." } }
        },
    }
}
