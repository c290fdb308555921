//! What was made from a token and ends with it.

use daypass::api::{TokenRecord, duration};
use daypass::{Error, TokenKind};
use maud::{Markup, html};

use super::super::text::{count, relative};
use crate::domain::bundle::{ActiveBundles, MOST_COUNTED};
use crate::store::Store;
use crate::usecase::bundles;

/// Finds what was made from a token; nothing for a kind from which nothing is made.
pub(super) async fn find(store: &dyn Store, record: &TokenRecord) -> Result<Option<ActiveBundles>, Error> {
    if !matches!(record.kind, TokenKind::Secret | TokenKind::Application) {
        return Ok(None);
    }
    bundles::count_active(store, record.serial).await.map(Some)
}

/// Shows what was made from a token and can be used now.
pub(super) fn shown(bundles: &ActiveBundles, now: u64) -> Markup {
    html! {
        ul {
            li { (references(bundles, now)) }
            li {
                "Temporary tokens and signed bundles: signed, and not stored, so that they are not counted. Each ends within "
                (count(duration::MOST / 3600, "hour")) " of when it was made, and at once if this token is revoked."
            }
        }
    }
}

/// Says how many bundle references there are, and when the last one ends.
pub(super) fn references(bundles: &ActiveBundles, now: u64) -> String {
    let ActiveBundles { number, last_end } = *bundles;
    match last_end {
        _ if number > MOST_COUNTED => format!("More than {MOST_COUNTED} bundle references."),
        Some(end) => format!("{}; the last one ends {}.", count(number, "bundle reference"), relative(end, now)),
        None => "No bundle references.".into(),
    }
}
