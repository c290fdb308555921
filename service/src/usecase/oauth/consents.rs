//! Lists and withdraws what users let clients have.

use daypass::Error;

use crate::domain::account::Account;
use crate::domain::membership::Membership;
use crate::domain::oauth::consent::{self, Consent, Parties};
use crate::domain::principal_edit::MOST_REVOKED;
use crate::store::Store;
use crate::usecase::clock::now;

/// Returns what a person lets clients have, as each of the person's users.
pub(crate) async fn list(store: &dyn Store, account: &Account) -> Result<Vec<(Membership, Consent)>, Error> {
    let mut consents = vec![];
    for user in store.memberships(account.number).await? {
        let given = store.oauth_consents(&user.organization, &user.principal).await?;
        consents.extend(given.into_iter().map(|consent| (user.clone(), consent)));
    }
    Ok(consents)
}

/// Withdraws what a person lets a client have: its tokens for this person are revoked. Idempotent.
///
/// A client with very many of them takes several transactions: what failed before the last is completed by another call.
///
/// # Errors
/// [`Error::NotFound`] if the person belongs to no organization with this client.
pub(crate) async fn withdraw(store: &dyn Store, account: &Account, client: &str) -> Result<(), Error> {
    let client = store.oauth_client(client).await?.ok_or(Error::NotFound)?;
    let users = store.memberships(account.number).await?;
    let user = users.into_iter().find(|user| user.organization == client.principal.organization);
    let Membership { organization, principal: owner, .. } = user.ok_or(Error::NotFound)?;
    withdraw_of(store, Parties { organization, owner, client: client.id().to_owned() }).await
}

/// Like [`withdraw`], of one user.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn withdraw_of(store: &dyn Store, parties: Parties) -> Result<(), Error> {
    loop {
        let rule = |families: &Vec<u64>| Ok(consent::withdraw(families, MOST_REVOKED));
        let is_last = store.withdraw_oauth_consent(parties.clone(), now(), MOST_REVOKED, Box::new(rule)).await?;
        if is_last {
            tracing::info!(client = parties.client, user = parties.owner, "consent withdrawn");
            return Ok(());
        }
    }
}
