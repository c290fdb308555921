//! Keeps the authorization requests that clients push (RFC 9126).

use daypass::Error;

use crate::crypto::secret::{self, Secret};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::request::{self, KeptRequest};
use crate::store::Store;
use crate::usecase::clock::now;

/// What the names of pushed requests begin with (RFC 9126, section 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// How long a pushed request is kept, in seconds: while its user signs in and reads.
pub(crate) const LIFETIME: u64 = 600;

/// Keeps a request of a client, and returns its name.
pub(crate) async fn keep(store: &dyn Store, client: &str, parameters: &Parameters) -> Result<String, Error> {
    let (secret, now) = (Secret::generate(), now());
    let uri = format!("{PREFIX}{}", secret.expose());
    let parameters = serde_json::to_string(parameters).expect("texts are JSON");
    let request = KeptRequest { client: client.to_owned(), parameters, expires_at: now.saturating_add(LIFETIME) };
    let kept = request.clone();
    let rule = move |others: &usize| request::may_keep(&kept, *others);
    store.keep_oauth_request(secret::hash(&uri), request, now, request::MOST, Box::new(rule)).await?;
    Ok(uri)
}

/// Returns the parameters of a request that this client has pushed.
///
/// # Errors
/// [`Error::InvalidRequest`] if there is no such request, or no longer.
pub(super) async fn find(store: &dyn Store, uri: &str, client: &str) -> Result<Parameters, Error> {
    let kept = store.oauth_request(secret::hash(uri)).await?;
    let kept = kept.filter(|kept| kept.client == client && now() < kept.expires_at).ok_or_else(over)?;
    serde_json::from_str(&kept.parameters).map_err(|cause| {
        tracing::error!(%cause, "a kept authorization request cannot be read");
        Error::Unavailable
    })
}

/// Deletes a request, so that it has one answer alone.
///
/// # Errors
/// [`Error::InvalidRequest`] if it has one.
pub(super) async fn take(store: &dyn Store, uri: &str) -> Result<(), Error> {
    store.take_oauth_request(secret::hash(uri)).await?.map(|_| ()).ok_or_else(over)
}

fn over() -> Error {
    let why =
        "The request_uri is not known: it was answered, or it has expired. Go back to the application and begin again.";
    Error::InvalidRequest(why.into())
}
