//! Authorization requests that are kept for a while: pushed ones (RFC 9126), and those that wait for their user.

/// A request that is kept.
#[derive(Clone)]
pub(crate) struct KeptRequest {
    /// The `client_id`.
    pub(crate) client: String,
    /// Its parameters, as JSON.
    pub(crate) parameters: String,
    /// When it is forgotten.
    pub(crate) expires_at: u64,
}
