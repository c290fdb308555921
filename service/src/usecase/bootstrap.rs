//! A start: what the store lacks of its first organization, a signing key and the operator, all or nothing.

use daypass::{Error, OpaqueToken, Scope};

use super::clock::now;
use super::organizations::{new_id, with_owner, with_token};
use crate::crypto::master_key::MasterKey;
use crate::crypto::signing_key::SigningKey;
use crate::domain::catalogs::Catalogs;
use crate::domain::organization::{OPERATOR, Organization};
use crate::store::{Bootstrap, Store};

/// What a service starts with.
pub(crate) struct Start {
    /// The first organization of the store.
    pub(crate) organization: String,
    /// Its owner token, at the first start only.
    pub(crate) owner_token: Option<OpaqueToken>,
    /// The token that administers the service, at the first start only.
    pub(crate) operator_token: Option<OpaqueToken>,
}

/// Writes what the store needs and lacks.
pub(crate) async fn bootstrap(store: &dyn Store, catalogs: &Catalogs, master_key: &MasterKey) -> Result<Start, Error> {
    let now = now();
    let (owner, first) = with_owner(Organization::new(new_id(), "First organization".into(), now), catalogs);
    let operator = Organization { is_operator: true, ..Organization::new(OPERATOR.into(), "Operator".into(), now) };
    let scopes = [Scope::literal("daypass:administer")].into_iter().collect();
    let (operator_token, operator) = with_token(operator, "Operator", "*", scopes);
    let bootstrap = Bootstrap { first, operator, key: SigningKey::generate(master_key, now, now) };
    // If another process was first, that one has the tokens.
    let done = store.bootstrap(bootstrap).await?;
    Ok(Start {
        organization: done.organization,
        owner_token: done.is_first_new.then_some(owner),
        operator_token: done.is_operator_new.then_some(operator_token),
    })
}
