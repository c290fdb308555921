//! The organizations.

use daypass::Error;

use super::{Store, sqlite};

/// An organization as it is stored.
pub(crate) struct StoredOrganization {
    /// Its id.
    pub(crate) id: String,
    /// When it was created.
    pub(crate) created_at: u64,
    /// The time before which its tokens are revoked, if there is one.
    pub(crate) issued_before: Option<u64>,
    /// When it was revoked, if it was.
    pub(crate) revoked_at: Option<u64>,
}

impl Store {
    /// Returns the organizations, oldest first.
    pub(crate) async fn organizations(&self) -> Result<Vec<StoredOrganization>, Error> {
        self.run(|connection| sqlite::organizations(connection)).await
    }
}
