//! How tokens are used: takes reports of verifiers, and tells it by the day.

use std::sync::Arc;
use std::time::Duration;

use daypass::Error;
use daypass::api::{UseDay, UseReport};

use super::clock::now;
use super::token_uses::TokenUses;
use super::tokens;
use crate::domain::days::{Days, KEPT, day_of};
use crate::domain::token_use::{ALL_TOKENS, Addition, Counts, count};
use crate::store::{SharedStore, Store};

/// How many old rows one transaction deletes.
const MOST_DELETED: usize = 500;
/// The time between two deletions.
const PAUSE: Duration = Duration::from_secs(600);
/// The same while there is more to delete: others have the store too, and not more is added than deleted.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// Counts what a verifier reports whose token is of the organization `reporter`: the use of tokens of the organization
/// `reach`, or of all without one. Other tokens are ignored, and so is a report that was counted before.
///
/// # Errors
/// [`Error::InvalidRequest`] for a report of another form, [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn add_report(
    store: &dyn Store,
    uses: &TokenUses,
    reporter: &str,
    reach: Option<&str>,
    report: UseReport,
) -> Result<(), Error> {
    let now = now();
    let at = now.saturating_sub(report.age_seconds);
    let addition = Arc::new(Addition::of_report(report, reporter, reach, now)?);
    let counted = add(store, Arc::clone(&addition)).await?;
    addition
        .accepted()
        .filter(|serial| counted.binary_search(serial).is_ok())
        .for_each(|serial| uses.note_at(serial, at));
    Ok(())
}

/// Counts temporary tokens that were minted, by the serial numbers of their parents.
pub(super) async fn add_refreshes(store: &dyn Store, refreshes: &[(u64, u64)]) -> Result<(), Error> {
    let addition = Addition::of_refreshes(refreshes.iter().copied(), now());
    add(store, Arc::new(addition)).await.map(drop)
}

/// Returns the serial numbers of the tokens that were counted, in their order.
async fn add(store: &dyn Store, addition: Arc<Addition>) -> Result<Vec<u64>, Error> {
    let rule = {
        let addition = Arc::clone(&addition);
        move |facts: &_| Ok(count(&addition, facts))
    };
    store.add_use(addition, Box::new(rule)).await
}

/// Returns the use of the most recent token with this id, on each of these days on which there was any, oldest first.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such token.
pub(crate) async fn use_of_token(
    store: &dyn Store,
    organization: &str,
    id: &str,
    days: Days,
) -> Result<Vec<UseDay>, Error> {
    let serial = tokens::find(store, organization, id).await?.serial;
    use_of_serial(store, organization, serial, days).await
}

/// Returns the use of all tokens of an organization, on each of these days on which there was any, oldest first.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn use_of_organization(
    store: &dyn Store,
    organization: &str,
    days: Days,
) -> Result<Vec<UseDay>, Error> {
    use_of_serial(store, organization, ALL_TOKENS, days).await
}

/// Returns the use of the token with this serial number, on each of these days on which there was any, oldest first.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn use_of_serial(
    store: &dyn Store,
    organization: &str,
    serial: u64,
    days: Days,
) -> Result<Vec<UseDay>, Error> {
    let stored = store.token_use(organization, serial, days).await?;
    let is_any = |(_, counts): &(u64, Counts)| *counts != Counts::default();
    Ok(stored.into_iter().filter(is_any).map(|(day, counts)| counts.on(day)).collect())
}

/// Deletes what is older than is kept, for ever.
pub(crate) async fn delete_old(store: SharedStore) {
    loop {
        let before = (day_of(now()) + 1).saturating_sub(KEPT);
        // The store logs a failure; the next time tries again.
        let deleted = store.delete_use(before, KEPT, MOST_DELETED).await.unwrap_or_default();
        let is_more = deleted >= MOST_DELETED as u64;
        tokio::time::sleep(if is_more { SHORT_PAUSE } else { PAUSE }).await;
    }
}
