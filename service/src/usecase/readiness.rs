//! Whether the service can do its work: [`Readiness`].

use std::time::Duration;

use super::feed::Feed;
use super::jwt_issuer::JwtIssuer;
use crate::domain::write_state::WriteState;
use crate::store::Store;

/// How old the last position of the feed may be.
const FRESH: Duration = Duration::from_secs(3);

/// What works, by name.
pub(crate) struct Readiness {
    /// The store answers, and revocations can be written.
    pub(crate) is_store_writable: bool,
    /// A key signs.
    pub(crate) has_key: bool,
    /// The feed was read lately.
    pub(crate) is_feed_fresh: bool,
    /// Tokens and what else is stored can be added. Without it the service still verifies, mints and revokes.
    pub(crate) has_space: bool,
}

impl Readiness {
    /// Checks what the service needs.
    pub(crate) async fn check(store: &dyn Store, feed: &Feed, jwt_issuer: &JwtIssuer) -> Readiness {
        let state = jwt_issuer.writable.state();
        Readiness {
            is_store_writable: state != WriteState::AtRisk && store.first_organization().await.is_ok(),
            has_key: jwt_issuer.keys.keys.require_active().is_ok(),
            is_feed_fresh: feed.position.borrow().at.elapsed() < FRESH,
            has_space: state == WriteState::Open,
        }
    }

    /// Returns whether requests can be sent to the service.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_store_writable && self.has_key && self.is_feed_fresh
    }
}
