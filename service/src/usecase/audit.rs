//! Lists, exports and deletes entries of the audit trail.

use std::time::Duration;

use daypass::Error;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::domain::audit::action::Action;
use crate::domain::audit::list::{AuditCursor, AuditFilter, AuditQuery};
use crate::domain::audit::{Entry, Facts, NewEntry, Outcome};
use crate::domain::page_limit::PageLimit;
use crate::store::{Acting, AuditSlice, SharedStore, Store};

/// How many entries of an export are read at once.
const AT_ONCE: usize = 500;
/// How many of the newest entries a search for a request reads.
pub(crate) const SEARCHED: usize = 10_000;
/// How many old entries one transaction deletes.
const MOST_DELETED: usize = 500;
/// The time between two deletions.
const PAUSE: Duration = Duration::from_secs(600);
/// The same while there is more to delete: others have the store too, and not more is added than deleted.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// A page of the trail, newest first.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditPage {
    /// The entries.
    pub(crate) entries: Vec<Entry>,
    /// The cursor of the next page, if there is one.
    pub(crate) next_cursor: Option<String>,
    /// The time of the oldest entry that is kept.
    pub(crate) oldest_at: Option<u64>,
}

/// Returns a page of the trail.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn list(
    store: &dyn Store,
    filter: AuditFilter,
    cursor: Option<AuditCursor>,
    limit: PageLimit,
) -> Result<AuditPage, Error> {
    let AuditSlice { entries, next, oldest_at } = store.audit_page(AuditQuery::new(filter, cursor, limit)).await?;
    Ok(AuditPage { entries, next_cursor: next.map(AuditCursor::encode), oldest_at })
}

/// Returns the newest entries of an organization about the request with this id, among so many of the newest as a search
/// reads.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn of_request(store: &dyn Store, organization: &str, request_id: &str) -> Result<Vec<Entry>, Error> {
    let (mut found, mut cursor) = (vec![], None);
    for _ in 0..SEARCHED / AT_ONCE {
        let filter = AuditFilter { organization: Some(organization.to_owned()), ..AuditFilter::default() };
        let query = AuditQuery::new(filter, cursor, PageLimit::at_most(AT_ONCE));
        let AuditSlice { entries, next, .. } = store.audit_page(query).await?;
        found.extend(entries.into_iter().filter(|entry| entry.request_id.as_deref() == Some(request_id)));
        cursor = next;
        if cursor.is_none() || !found.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// An export of the trail, which is read page by page.
pub(crate) struct Export {
    store: SharedStore,
    filter: AuditFilter,
    /// Where it goes on; `None` at its end.
    next: Option<Option<AuditCursor>>,
}

impl Export {
    /// Begins an export, which is an entry of the trail itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub(crate) async fn begin(store: SharedStore, filter: AuditFilter) -> Result<Export, Error> {
        let acting = Acting::current();
        let entry = NewEntry {
            organization: filter.organization.clone(),
            actor: acting.actor(),
            action: Action::AuditExport,
            target: None,
            address: acting.address(),
            request_id: acting.request_id(),
            outcome: Outcome::Ok,
            code: None,
            facts: facts(&filter),
        };
        store.add_audit_entries(vec![entry]).await?;
        Ok(Export { store, filter, next: Some(None) })
    }

    /// Returns the next entries, newest first; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Entry>>, Error> {
        let Some(cursor) = self.next else { return Ok(None) };
        let query = AuditQuery::new(self.filter.clone(), cursor, PageLimit::at_most(AT_ONCE));
        let AuditSlice { entries, next, .. } = self.store.audit_page(query).await?;
        self.next = next.map(Some);
        Ok(Some(entries))
    }
}

/// What an entry tells of an export: the times that it is limited to.
fn facts(filter: &AuditFilter) -> Facts {
    let times = [("since", filter.since), ("until", filter.until)];
    times.into_iter().filter_map(|(name, time)| Some((name.to_owned(), Value::from(time?)))).collect()
}

/// Deletes entries that are so many days old, for ever.
pub(crate) async fn delete_old(store: SharedStore, days: u64) {
    loop {
        // The store logs a failure; the next time tries again.
        let deleted = store.delete_audit_entries(days, MOST_DELETED).await.unwrap_or_default();
        let is_more = deleted >= MOST_DELETED as u64;
        tokio::time::sleep(if is_more { SHORT_PAUSE } else { PAUSE }).await;
    }
}
