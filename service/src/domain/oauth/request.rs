//! Authorization requests that are kept for a while: pushed ones (RFC 9126).

use daypass::Error;

/// The most requests of a client that are kept at once.
pub(crate) const MOST: usize = 1000;

/// Longest parameters of a request, in bytes.
const MAX_PARAMETERS: usize = 8000;

/// How long a client with too many of them waits, in seconds.
const PATIENCE: u64 = 60;

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

/// Requires that a request may be kept beside so many others of its client.
///
/// SECURITY: everybody can push requests in the name of a public client. So they take a bounded room.
///
/// # Errors
/// [`Error::InvalidRequest`] if it is too long, [`Error::TooManyRequests`] if there are too many.
pub(crate) fn may_keep(request: &KeptRequest, others: usize) -> Result<(), Error> {
    if request.parameters.len() > MAX_PARAMETERS {
        return Err(Error::InvalidRequest(format!("The parameters are longer than {MAX_PARAMETERS} bytes.")));
    }
    if others >= MOST { Err(Error::TooManyRequests(PATIENCE)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::principal::tests::code;

    #[test]
    fn a_client_has_a_bounded_room_for_its_requests() {
        for (length, others, expected) in
            [(8000, 999, Ok(())), (8001, 0, Err("invalid_request")), (1, 1000, Err("too_many_requests"))]
        {
            let request = KeptRequest { client: "app_1".into(), parameters: "a".repeat(length), expires_at: 100 };
            assert_eq!(code(may_keep(&request, others)), expected, "{length} {others}");
        }
    }
}
