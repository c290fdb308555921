//! The log of patterns that anyone may match: [`log`].

use daypass::OriginPattern;
use daypass::verify::Access;

use crate::domain::token_fields::newly_shared;

/// Logs that somebody accepted the risk of such patterns for a token, each that the token did not have `before`. `by` is the
/// id of the token or user that did; none for the operator.
pub(super) fn log(origins: &[OriginPattern], before: &[OriginPattern], id: &str, organization: &str, by: Option<&str>) {
    for pattern in newly_shared(origins, before) {
        let by = by.unwrap_or("operator");
        // A command logs warnings alone.
        tracing::warn!(id, organization, by, %pattern, "accepted a pattern below a suffix that many owners share");
    }
}

/// Like [`log`], of a temporary token or bundle that the holder of `parent` minted.
pub(super) fn log_minted(origins: &[OriginPattern], id: &str, parent: &Access) {
    log(origins, &[], id, parent.organization(), Some(parent.id()));
}
