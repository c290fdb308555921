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
pub(super) fn scopes(record: &TokenRecord) -> Vec<&Scope> {
    let mut scopes: Vec<_> = record.grants.iter().flat_map(|grant| grant.scopes.iter()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Shows some of many texts, and how many more there are.
pub(super) fn some<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> Markup {
    let more = texts.len().saturating_sub(FEW);
    html! {
        ul.some {
            @for text in texts.take(FEW) { li { code { (outside(text)) } } }
            @if more > 0 { li.note { "and " (more) " more" } }
        }
    }
}

/// Shows some of a token's origins; a dash for a token without any.
pub(super) fn some_origins(origins: &[OriginPattern]) -> Markup {
    let texts: Vec<_> = origins.iter().map(OriginPattern::to_string).collect();
    if texts.is_empty() {
        html! { span.none { "–" } }
    } else {
        some(texts.iter().map(String::as_str))
    }
}
