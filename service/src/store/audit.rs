//! The part of the trait that is about the audit trail: [`AuditStore`].

use super::StoreFuture;
use crate::domain::audit::list::{AuditCursor, AuditQuery};
use crate::domain::audit::{Entry, NewEntry};

/// What a store has for a page of the trail.
#[derive(Debug, PartialEq)]
pub(crate) struct AuditSlice {
    /// The entries that the filter includes.
    pub(crate) entries: Vec<Entry>,
    /// The entry before which the list goes on; `None` if it has no more.
    pub(crate) next: Option<AuditCursor>,
    /// The time of the oldest entry of the organization that is kept, if there is one.
    pub(crate) oldest_at: Option<u64>,
}

/// A store of the audit trail. The entries of changes are added by the operations that make them.
pub(crate) trait AuditStore: Send + Sync {
    /// Returns a page of the trail, newest first.
    ///
    /// It costs about the same however many entries there are.
    fn audit_page(&self, query: AuditQuery) -> StoreFuture<'_, AuditSlice>;

    /// Adds entries of what changed nothing else.
    fn add_audit_entries(&self, entries: Vec<NewEntry>) -> StoreFuture<'_, ()>;

    /// Deletes entries that are so many days old, by the clock that wrote their times and by the marks that followed:
    /// the oldest, and so many at most. Returns how many.
    ///
    /// Nothing is deleted before the oldest is a day older than that, so that the entry that tells of the deletion is one
    /// for many.
    fn delete_audit_entries(&self, days: u64, most: usize) -> StoreFuture<'_, u64>;
}
