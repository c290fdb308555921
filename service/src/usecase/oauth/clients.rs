//! Registers and finds clients: applications that ask for tokens by OAuth.

use std::sync::Arc;

use daypass::{Error, TokenKind};

use crate::domain::catalogs::Catalogs;
use crate::domain::oauth::client::{self, Client, ClientFacts, ClientSettings, MeantFor};
use crate::domain::oauth::registration::{self, ClientRecord, Registration};
use crate::domain::oauth::removal::{self, ClientEnd, ClientRemovalFacts};
use crate::domain::principal_edit::MOST_REVOKED;
use crate::store::Store;
use crate::usecase::clock::now;
use crate::usecase::principals;

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
    meant_for: MeantFor,
) -> Result<ClientRecord, Error> {
    let settings = registration::check(registration, catalogs)?;
    let rule = move |facts: &ClientFacts| client::may_set(facts, &meant_for).map(|()| settings.clone());
    let client = store.set_oauth_client(organization, id, Box::new(rule)).await?;
    tracing::info!(id, organization, "oauth client set");
    Ok(client.into())
}

/// Counts what ends with the settings of a client.
pub(crate) async fn count_ending(store: &dyn Store, organization: &str, id: &str) -> Result<ClientEnd, Error> {
    let consents = store.count_oauth_consents(organization, id).await?;
    let owned = principals::count_owned(store, organization, id).await?;
    let families = owned.into_iter().find(|(kind, _)| *kind == TokenKind::OauthRefresh);
    Ok(ClientEnd { consents, families: families.map_or(0, |(_, count)| count) })
}

/// Removes the settings of a client: the application is a client no more, and what users let it have ends.
///
/// A client with very many families takes several transactions, of which the last one removes the settings: what failed
/// before that is completed by another call.
///
/// # Errors
/// Those of [`removal::remove`].
pub(crate) async fn remove(
    store: &dyn Store,
    organization: &str,
    id: &str,
    mut meant_for: MeantFor,
) -> Result<(), Error> {
    loop {
        let rule = move |facts: &ClientRemovalFacts| removal::remove(facts, &meant_for, MOST_REVOKED);
        if store.remove_oauth_client(organization, id, now(), MOST_REVOKED, Box::new(rule)).await? {
            tracing::info!(id, organization, "oauth client removed");
            return Ok(());
        }
        // What was begun is completed.
        meant_for = MeantFor::Any;
    }
}

/// Returns the clients of an organization that are not removed.
pub(crate) async fn list(store: &dyn Store, organization: &str) -> Result<Vec<Client>, Error> {
    let (mut clients, mut after) = (vec![], 0);
    loop {
        let page = store.oauth_clients(organization, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(clients) };
        after = last.principal.number;
        clients.extend(page);
    }
}

/// Returns the settings of an application of an organization, if it is a client.
pub(crate) async fn settings(store: &dyn Store, organization: &str, id: &str) -> Result<Option<ClientSettings>, Error> {
    let client = store.oauth_client(id).await?.filter(|client| client.principal.organization == organization);
    Ok(client.map(|client| client.settings.clone()))
}

/// Returns the client that an application of an organization is.
///
/// # Errors
/// [`Error::NotFound`] if it is no client.
pub(crate) async fn find(store: &dyn Store, organization: &str, id: &str) -> Result<ClientRecord, Error> {
    let client = store.oauth_client(id).await?.filter(|client| client.principal.organization == organization);
    client.map(|client| ClientRecord::from(Arc::unwrap_or_clone(client))).ok_or(Error::NotFound)
}
