//! Registers and finds clients: applications that ask for tokens by OAuth.

use std::sync::Arc;

use daypass::Error;

use crate::domain::catalogs::Catalogs;
use crate::domain::oauth::client;
use crate::domain::oauth::registration::{self, ClientRecord, Registration};
use crate::domain::principal::Principal;
use crate::store::Store;

/// How many clients are read at once.
const PAGE: usize = 100;

/// Makes an application a client, or gives the client that it is other settings.
///
/// # Errors
/// Those of [`registration::check`] and [`client::may_set`].
pub(crate) async fn set(
    store: &dyn Store,
    catalogs: &Catalogs,
    organization: &str,
    id: &str,
    registration: Registration,
) -> Result<ClientRecord, Error> {
    let settings = registration::check(registration, catalogs)?;
    let rule = move |principal: &Option<Principal>| client::may_set(principal.as_ref()).map(|()| settings.clone());
    let client = store.set_oauth_client(organization, id, Box::new(rule)).await?;
    tracing::info!(id, organization, "oauth client set");
    Ok(client.into())
}

/// Returns the clients of an organization that are not removed.
pub(crate) async fn list(store: &dyn Store, organization: &str) -> Result<Vec<ClientRecord>, Error> {
    let (mut clients, mut after) = (vec![], 0);
    loop {
        let page = store.oauth_clients(organization, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(clients) };
        after = last.principal.number;
        clients.extend(page.into_iter().map(ClientRecord::from));
    }
}

/// Returns the client that an application of an organization is.
///
/// # Errors
/// [`Error::NotFound`] if it is no client.
pub(crate) async fn find(store: &dyn Store, organization: &str, id: &str) -> Result<ClientRecord, Error> {
    let client = store.oauth_client(id).await?.filter(|client| client.principal.organization == organization);
    client.map(|client| ClientRecord::from(Arc::unwrap_or_clone(client))).ok_or(Error::NotFound)
}
