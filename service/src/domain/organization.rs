//! Organizations: the tenants of the service.

/// An organization as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Organization {
    /// Its id.
    pub(crate) id: String,
    /// When it was created.
    pub(crate) created_at: u64,
    /// The time before which its tokens are revoked, if there is one.
    pub(crate) issued_before: Option<u64>,
    /// When it was revoked, if it was.
    pub(crate) revoked_at: Option<u64>,
}
