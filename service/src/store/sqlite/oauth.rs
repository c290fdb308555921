//! OAuth: clients, consents and requests that are kept.

use std::sync::Arc;

use daypass::verify::TokenHash;
use daypass::{Error, ScopeSet};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::notes::{note, traffic};
use super::super::{OAuthStore, Rule, StoreFuture};
use super::tokens::{from_json, to_json};
use super::{Failure, SqliteStore, oauth_families, principals};
use crate::domain::audit::change;
use crate::domain::oauth::client::{Client, ClientFacts, ClientSettings};
use crate::domain::oauth::code::{CodeUse, NewCode, StoredCode};
use crate::domain::oauth::consent::{Consent, ConsentFacts, Parties, Withdrawal};
use crate::domain::oauth::family::{RefreshFacts, RefreshUse};
use crate::domain::oauth::removal::ClientRemovalFacts;
use crate::domain::oauth::request::KeptRequest;

/// A client, for [`client`].
const CLIENT: &str = "
    SELECT principal.number, principal.organization, principal.id, principal.kind, principal.name, principal.email,
        principal.role, principal.created_at, principal.created_by, principal.removed_at, principal.version,
        is_confidential, redirect_uris, oauth_client.scopes, grant_types, organization.suspended_at,
        organization.revoked_at
    FROM oauth_client
    JOIN principal ON principal.number = oauth_client.principal
    JOIN organization ON organization.id = principal.organization";

/// The users of an organization who let a client have something.
const COUNT_CONSENTS: &str = "
    SELECT count(*) FROM principal AS person
    JOIN oauth_consent ON oauth_consent.owner = person.number
    JOIN principal AS application ON application.number = oauth_consent.client
    WHERE person.organization = ?1 AND person.kind = 'user' AND person.removed_at IS NULL
        AND application.organization = ?1 AND application.id = ?2";

impl OAuthStore for SqliteStore {
    fn set_oauth_client<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        rule: Rule<ClientFacts, ClientSettings>,
    ) -> StoreFuture<'a, Client> {
        let (organization, id) = (organization.to_owned(), id.to_owned());
        self.add(move |transaction| set_client(transaction, &organization, &id, &rule))
    }

    fn remove_oauth_client<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        at: u64,
        most: usize,
        rule: Rule<ClientRemovalFacts, Withdrawal>,
    ) -> StoreFuture<'a, bool> {
        let (organization, id) = (organization.to_owned(), id.to_owned());
        self.revoking_much(move |transaction| {
            oauth_families::remove_client(transaction, &organization, &id, at, most, &rule)
        })
    }

    fn count_oauth_consents<'a>(&'a self, organization: &'a str, client: &'a str) -> StoreFuture<'a, u64> {
        let (organization, client) = (organization.to_owned(), client.to_owned());
        self.read_list(move |connection| {
            let mut count = connection.prepare_cached(COUNT_CONSENTS)?;
            Ok(count.query_row([organization, client], |row| row.get(0))?)
        })
    }

    fn oauth_client<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Arc<Client>>> {
        Box::pin(self.find_client(id))
    }

    fn oauth_clients<'a>(&'a self, organization: &'a str, after: u64, most: usize) -> StoreFuture<'a, Vec<Client>> {
        let organization = organization.to_owned();
        self.read(move |connection| clients(connection, &organization, after, most))
    }

    fn give_oauth_consent(&self, parties: Parties, at: u64, rule: Rule<ConsentFacts, ScopeSet>) -> StoreFuture<'_, ()> {
        self.add(move |transaction| give_consent(transaction, &parties, at, &rule))
    }

    fn oauth_consent(&self, parties: Parties) -> StoreFuture<'_, ConsentFacts> {
        self.read_together(&self.reader, move |transaction| consent_facts(transaction, &parties))
    }

    fn oauth_consents<'a>(&'a self, organization: &'a str, owner: &'a str) -> StoreFuture<'a, Vec<Consent>> {
        let (organization, owner) = (organization.to_owned(), owner.to_owned());
        self.read(move |connection| consents(connection, &organization, &owner))
    }

    fn withdraw_oauth_consent(
        &self,
        parties: Parties,
        at: u64,
        most: usize,
        rule: Rule<Vec<u64>, Withdrawal>,
    ) -> StoreFuture<'_, bool> {
        self.revoking_much(move |transaction| oauth_families::withdraw(transaction, &parties, at, most, &rule))
    }

    fn add_oauth_code(&self, new: NewCode, rule: Rule<ConsentFacts>) -> StoreFuture<'_, ()> {
        self.add(move |transaction| oauth_families::add_code(transaction, &new, &rule))
    }

    fn oauth_code(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<StoredCode>> {
        self.read_together(&self.reader, move |transaction| oauth_families::code(transaction, hash))
    }

    fn use_oauth_code(&self, hash: [u8; 32], rule: Rule<Option<StoredCode>, CodeUse>) -> StoreFuture<'_, CodeUse> {
        self.add(move |transaction| oauth_families::use_code(transaction, hash, &rule))
    }

    fn surplus_oauth_families(&self, family: u64, at: u64, kept: usize, most: usize) -> StoreFuture<'_, Vec<u64>> {
        self.read(move |connection| oauth_families::surplus(connection, family, at, kept, most))
    }

    fn refresh_token(&self, hash: TokenHash) -> StoreFuture<'_, Option<RefreshFacts>> {
        self.read_together(&self.reader, move |transaction| oauth_families::refresh_facts(transaction, hash))
    }

    fn use_refresh_token(
        &self,
        hash: TokenHash,
        next: TokenHash,
        at: u64,
        rule: Rule<Option<RefreshFacts>, RefreshUse>,
    ) -> StoreFuture<'_, RefreshUse> {
        self.add(move |transaction| oauth_families::use_refresh_token(transaction, hash, next, at, &rule))
    }

    fn keep_oauth_request(
        &self,
        hash: [u8; 32],
        request: KeptRequest,
        at: u64,
        count_to: usize,
        rule: Rule<usize>,
    ) -> StoreFuture<'_, ()> {
        self.add(move |transaction| keep_request(transaction, hash, &request, at, count_to, &rule))
    }

    fn oauth_request(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<KeptRequest>> {
        self.read(move |connection| request(connection, hash))
    }

    fn take_oauth_request(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<KeptRequest>> {
        self.write(move |transaction| {
            traffic();
            let taken = request(transaction, hash)?;
            transaction.prepare_cached("DELETE FROM oauth_request WHERE hash = ?1")?.execute([hash])?;
            Ok(taken)
        })
    }
}

fn set_client(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    rule: &Rule<ClientFacts, ClientSettings>,
) -> Result<Client, Failure> {
    let principal = principals::find(transaction, organization, id)?;
    let before = principal.as_ref().map(|_| find_client(transaction, id)).transpose()?.flatten();
    let facts = ClientFacts { principal, settings: before.map(|client| client.settings) };
    let settings = rule(&facts)?;
    let ClientFacts { principal, settings: before } = facts;
    if let Some(principal) = &principal {
        note(change::client_set(principal, before.as_ref(), &settings));
    }
    let ClientSettings { is_confidential, redirect_uris, scopes, grant_types } = settings;
    let set = "INSERT INTO oauth_client (principal, id, is_confidential, redirect_uris, scopes, grant_types)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (principal) DO UPDATE SET is_confidential = excluded.is_confidential,
            redirect_uris = excluded.redirect_uris, scopes = excluded.scopes, grant_types = excluded.grant_types";
    transaction.prepare_cached(set)?.execute(params![
        principal.map(|principal| principal.number),
        id,
        is_confidential,
        to_json(&redirect_uris)?,
        to_json(&scopes)?,
        to_json(&grant_types)?,
    ])?;
    Ok(find_client(transaction, id)?.ok_or(Error::NotFound)?)
}

impl SqliteStore {
    /// Returns the client with this id, as of a moment after the call.
    async fn find_client(&self, id: &str) -> Result<Option<Arc<Client>>, Error> {
        // Before the client is read: a commit between the two is found by the next comparison.
        let last = self.clients.last_commit().filter(|_| self.file.was_in_place());
        if let Some(client) = last.and_then(|last| self.clients.get(id, last)) {
            return Ok(Some(client));
        }
        let key = id.to_owned();
        let client = self.read(move |connection| find_client(connection, &key)).await?.map(Arc::new);
        if let (Some(last), Some(client)) = (last, &client) {
            self.clients.insert(id.to_owned(), last, Arc::clone(client));
        }
        Ok(client)
    }
}

/// Finds a client that has settings.
pub(super) fn find_client(connection: &Connection, id: &str) -> Result<Option<Client>, Failure> {
    let find = format!("{CLIENT} WHERE oauth_client.id = ?1 AND oauth_client.scopes <> '[]'");
    Ok(connection.prepare_cached(&find)?.query_row([id], client).optional()?)
}

/// Returns the client whose principal has this number.
pub(super) fn numbered_client(connection: &Connection, number: u64) -> Result<Client, Failure> {
    let find = format!("{CLIENT} WHERE oauth_client.principal = ?1");
    Ok(connection.prepare_cached(&find)?.query_row([number], client)?)
}

fn clients(connection: &Connection, organization: &str, after: u64, most: usize) -> Result<Vec<Client>, Failure> {
    let page = format!(
        "{CLIENT} WHERE principal.organization = ?1 AND principal.number > ?2 AND principal.kind = 'application'
            AND removed_at IS NULL AND oauth_client.scopes <> '[]'
        ORDER BY principal.number LIMIT ?3"
    );
    let mut page = connection.prepare_cached(&page)?;
    let rows = page.query_map(params![organization, after, most], client)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn give_consent(
    transaction: &Transaction<'_>,
    parties: &Parties,
    at: u64,
    rule: &Rule<ConsentFacts, ScopeSet>,
) -> Result<(), Failure> {
    let facts = consent_facts(transaction, parties)?;
    let scopes = rule(&facts)?;
    note(change::consent_given(parties, &facts, &scopes));
    let give = "INSERT INTO oauth_consent (owner, client, scopes, given_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (owner, client) DO UPDATE SET scopes = excluded.scopes, given_at = excluded.given_at";
    let owner = facts.owner.map(|owner| owner.number);
    let client = facts.client.map(|client| client.principal.number);
    transaction.prepare_cached(give)?.execute(params![owner, client, to_json(&scopes)?, at])?;
    Ok(())
}

pub(super) fn consent_facts(connection: &Connection, parties: &Parties) -> Result<ConsentFacts, Failure> {
    let Parties { organization, owner, client } = parties;
    let client = find_client(connection, client)?.filter(|client| client.principal.organization == *organization);
    let owner = principals::find(connection, organization, owner)?;
    let given = match (&owner, &client) {
        (Some(owner), Some(client)) => given(connection, owner.number, client.principal.number)?,
        _ => None,
    };
    Ok(ConsentFacts { client, owner, given })
}

/// Returns what a user lets a client have, by their numbers.
pub(super) fn given(connection: &Connection, owner: u64, client: u64) -> Result<Option<ScopeSet>, Failure> {
    let find = "SELECT scopes FROM oauth_consent WHERE owner = ?1 AND client = ?2";
    Ok(connection.prepare_cached(find)?.query_row([owner, client], |row| from_json(row, 0)).optional()?)
}

fn consents(connection: &Connection, organization: &str, owner: &str) -> Result<Vec<Consent>, Failure> {
    let Some(owner) = principals::find(connection, organization, owner)? else { return Ok(vec![]) };
    let list = "SELECT client, scopes, given_at FROM oauth_consent WHERE owner = ?1 ORDER BY client";
    let mut list = connection.prepare_cached(list)?;
    let rows = list.query_map([owner.number], |row| Ok((row.get(0)?, from_json(row, 1)?, row.get(2)?)))?;
    let mut consents = vec![];
    for row in rows {
        let (client, scopes, given_at) = row?;
        let client = numbered_client(connection, client)?;
        if client.principal.removed_at.is_none() {
            consents.push(Consent { client, scopes, given_at });
        }
    }
    Ok(consents)
}

fn keep_request(
    transaction: &Transaction<'_>,
    hash: [u8; 32],
    request: &KeptRequest,
    at: u64,
    count_to: usize,
    rule: &Rule<usize>,
) -> Result<(), Failure> {
    traffic();
    transaction.prepare_cached("DELETE FROM oauth_request WHERE expires_at < ?1")?.execute([at])?;
    let KeptRequest { client, parameters, expires_at } = request;
    let client = find_client(transaction, client)?.ok_or(Error::NotFound)?.principal.number;
    let count = "SELECT count(*) FROM (SELECT 1 FROM oauth_request WHERE client = ?1 AND expires_at >= ?3 LIMIT ?2)";
    rule(&transaction.prepare_cached(count)?.query_row(params![client, count_to, at], |row| row.get(0))?)?;
    let keep = "INSERT INTO oauth_request (hash, client, parameters, expires_at) VALUES (?1, ?2, ?3, ?4)";
    transaction.prepare_cached(keep)?.execute(params![hash, client, parameters, expires_at])?;
    Ok(())
}

fn request(connection: &Connection, hash: [u8; 32]) -> Result<Option<KeptRequest>, Failure> {
    let find = "SELECT oauth_client.id, parameters, expires_at
        FROM oauth_request JOIN oauth_client ON oauth_client.principal = oauth_request.client WHERE hash = ?1";
    let row = connection.prepare_cached(find)?.query_row([hash], |row| {
        Ok(KeptRequest { client: row.get(0)?, parameters: row.get(1)?, expires_at: row.get(2)? })
    });
    Ok(row.optional()?)
}

/// The client in a row of [`CLIENT`].
fn client(row: &Row<'_>) -> rusqlite::Result<Client> {
    Ok(Client {
        principal: principals::principal(row)?,
        settings: ClientSettings {
            is_confidential: row.get(11)?,
            redirect_uris: from_json(row, 12)?,
            scopes: from_json(row, 13)?,
            grant_types: from_json(row, 14)?,
        },
        suspended_at: row.get(15)?,
        organization_revoked_at: row.get(16)?,
    })
}
