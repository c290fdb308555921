//! The removal of a client's settings: the application is a client no more.

use daypass::Error;

use super::client::{Client, MeantFor};
use super::consent::{Withdrawal, withdraw};

/// What the store knows when the settings of a client are removed.
pub(crate) struct ClientRemovalFacts {
    /// The client, if the organization has it.
    pub(crate) client: Option<Client>,
    /// The serial numbers of its families that are not revoked and did not end long ago.
    pub(crate) families: Vec<u64>,
}

/// What ends with the settings of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientEnd {
    /// How many users let it have something.
    pub(crate) consents: u64,
    /// How many of its families are active.
    pub(crate) families: u64,
}

/// Returns what a transaction of the removal does that revokes so many families at most. The last one removes the
/// settings.
///
/// # Errors
/// [`Error::NotFound`] without a client or of an application that was removed, [`Error::VersionConflict`] if it has other
/// settings than the removal is meant for.
pub(crate) fn remove(facts: &ClientRemovalFacts, meant_for: &MeantFor, most: usize) -> Result<Withdrawal, Error> {
    let client = facts.client.as_ref().filter(|client| client.principal.removed_at.is_none()).ok_or(Error::NotFound)?;
    meant_for.require(&client.principal, Some(&client.settings))?;
    Ok(withdraw(&facts.families, most))
}

#[cfg(test)]
mod tests {
    use super::super::client::tests::client;
    use super::*;
    use crate::domain::principal::Principal;
    use crate::domain::principal::tests::code;

    #[test]
    fn a_client_is_removed_that_is_there_and_has_the_settings_that_a_person_saw() {
        let removed = || Client { principal: Principal { removed_at: Some(7), ..client().principal }, ..client() };
        let shown = MeantFor::Shown(Some(client().settings));
        for (client, meant_for, families, expected) in [
            (Some(client()), &MeantFor::Any, vec![], Ok(true)),
            (Some(client()), &shown, vec![3], Ok(true)),
            (Some(client()), &shown, vec![3, 5], Ok(false)),
            (Some(client()), &MeantFor::Shown(None), vec![], Err("version_conflict")),
            (Some(removed()), &MeantFor::Any, vec![], Err("not_found")),
            (None, &MeantFor::Any, vec![], Err("not_found")),
        ] {
            let facts = ClientRemovalFacts { client, families };
            let removal = remove(&facts, meant_for, 1).map(|removal| removal.is_last);
            assert_eq!(code(removal), expected, "{meant_for:?} {:?}", facts.families);
        }
    }
}
