//! The log of patterns that anyone may match, for what the audit trail does not tell: [`log_minted`].

use daypass::OriginPattern;
use daypass::verify::Access;

use crate::domain::token_fields::newly_shared;

/// Logs that the holder of `parent` accepted the risk of such patterns for a temporary token or bundle with this id.
pub(super) fn log_minted(origins: &[OriginPattern], id: &str, parent: &Access) {
    let (organization, by) = (parent.organization(), parent.id());
    for pattern in newly_shared(origins, &[]) {
        tracing::warn!(id, organization, by, %pattern, "accepted a pattern below a suffix that many owners share");
    }
}
