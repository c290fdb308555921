//! A token's parts, as several pages show them.

use daypass::api::TokenRecord;
use daypass::{OriginPattern, Scope};
use maud::{Markup, html};

use super::super::text::outside;
use crate::domain::token::{TokenStatus, status};

/// How many scopes or origins a row of a list names.
const FEW: usize = 3;

/// Shows whether a token can be used.
pub(super) fn state(record: &TokenRecord, now: u64) -> Markup {
    let name = status(record, now).as_str();
    html! { span class={ "state " (name) } { (name) } }
}

/// Returns whether a token can be used, or will be once its organization is resumed.
pub(super) fn is_usable(record: &TokenRecord, now: u64) -> bool {
    matches!(status(record, now), TokenStatus::Active | TokenStatus::Suspended)
}

/// Shows the beginning and the end of a token, by which its holder recognizes it.
pub(super) fn ends(record: &TokenRecord) -> Markup {
    html! { code.ends { (record.kind.prefix().unwrap_or_default()) "…" (record.last_chars) } }
}

/// Returns the scopes of all grants, each once.
fn scopes(record: &TokenRecord) -> Vec<&Scope> {
    let mut scopes: Vec<_> = record.grants.iter().flat_map(|grant| grant.scopes.iter()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Shows a scope, which may break into lines after a colon.
pub(super) fn scope(scope: &Scope) -> Markup {
    let parts = scope.as_str().split_inclusive(':');
    html! { code { @for part in parts { (part) wbr; } } }
}

/// Shows some of a token's scopes; a dash for a token without any.
pub(super) fn some_scopes(record: &TokenRecord) -> Markup {
    some(scopes(record).into_iter().map(scope).collect())
}

/// Shows some of a token's origins; a dash for a token without any.
pub(super) fn some_origins(origins: &[OriginPattern]) -> Markup {
    some(origins.iter().map(|origin| html! { code { (outside(&origin.to_string())) } }).collect())
}

/// Shows some of many parts, and how many more there are; a dash for none.
fn some(parts: Vec<Markup>) -> Markup {
    let more = parts.len().saturating_sub(FEW);
    html! {
        @if parts.is_empty() {
            span.none { "–" }
        } @else {
            ul.some {
                @for part in parts.iter().take(FEW) { li { (part) } }
                @if more > 0 { li.note { "and " (more) " more" } }
            }
        }
    }
}
