//! OAuth: clients, consents and requests that are kept.

use std::sync::Arc;

use daypass::verify::TokenHash;
use daypass::{Error, ScopeSet};
use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::super::notes::{note, traffic};
use super::super::{OAuthStore, Rule, StoreFuture};
use super::sql::{Parameters, execute, find, number, number_option, row, rows, signed};
use super::tokens::from_json;
use super::{Failure, PostgresStore, oauth_families, organizations, principals};
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
        is_confidential, redirect_uris, oauth_client.scopes AS scopes, grant_types, organization.suspended_at,
        organization.revoked_at AS organization_revoked_at
    FROM oauth_client
    JOIN principal ON principal.number = oauth_client.principal
    JOIN organization ON organization.id = principal.organization";

/// The users of an organization who let a client have something.
const COUNT_CONSENTS: &str = "
    SELECT count(*) FROM principal AS person
    JOIN oauth_consent ON oauth_consent.owner = person.number
    JOIN principal AS application ON application.number = oauth_consent.client
    WHERE person.organization = $1 AND person.kind = 'user' AND person.removed_at IS NULL
        AND application.organization = $1 AND application.id = $2";

impl OAuthStore for PostgresStore {
    fn set_oauth_client<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        rule: Rule<ClientFacts, ClientSettings>,
    ) -> StoreFuture<'a, Client> {
        Box::pin(self.add((organization, id, rule), |transaction, (organization, id, rule)| {
            Box::pin(set_client(transaction, organization, id, rule))
        }))
    }

    fn remove_oauth_client<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        at: u64,
        most: usize,
        rule: Rule<ClientRemovalFacts, Withdrawal>,
    ) -> StoreFuture<'a, bool> {
        let of = (organization, id, at, most, rule);
        Box::pin(self.revoking_much(of, |transaction, (organization, id, at, most, rule)| {
            Box::pin(oauth_families::remove_client(transaction, organization, id, *at, *most, rule))
        }))
    }

    fn count_oauth_consents<'a>(&'a self, organization: &'a str, client: &'a str) -> StoreFuture<'a, u64> {
        Box::pin(self.read((organization, client), |connection, (organization, client)| {
            Box::pin(async move { number(&row(connection, COUNT_CONSENTS, &[organization, client]).await?, "count") })
        }))
    }

    fn oauth_client<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Arc<Client>>> {
        Box::pin(async move {
            let client = self.read(id, |client, id| Box::pin(find_client(client, id))).await?;
            Ok(client.map(Arc::new))
        })
    }

    fn oauth_clients<'a>(&'a self, organization: &'a str, after: u64, most: usize) -> StoreFuture<'a, Vec<Client>> {
        Box::pin(self.read((organization, after, most), |client, (organization, after, most)| {
            Box::pin(clients(client, organization, *after, *most))
        }))
    }

    fn give_oauth_consent(&self, parties: Parties, at: u64, rule: Rule<ConsentFacts, ScopeSet>) -> StoreFuture<'_, ()> {
        Box::pin(self.add((parties, at, rule), |transaction, (parties, at, rule)| {
            Box::pin(give_consent(transaction, parties, *at, rule))
        }))
    }

    fn oauth_consent(&self, parties: Parties) -> StoreFuture<'_, ConsentFacts> {
        Box::pin(self.read_together(&self.readers, parties, |transaction, parties| {
            Box::pin(consent_facts(transaction, parties))
        }))
    }

    fn oauth_consents<'a>(&'a self, organization: &'a str, owner: &'a str) -> StoreFuture<'a, Vec<Consent>> {
        Box::pin(self.read_together(&self.readers, (organization, owner), |transaction, (organization, owner)| {
            Box::pin(consents(transaction, organization, owner))
        }))
    }

    fn withdraw_oauth_consent(
        &self,
        parties: Parties,
        at: u64,
        most: usize,
        rule: Rule<Vec<u64>, Withdrawal>,
    ) -> StoreFuture<'_, bool> {
        Box::pin(self.revoking_much((parties, at, most, rule), |transaction, (parties, at, most, rule)| {
            Box::pin(oauth_families::withdraw(transaction, parties, *at, *most, rule))
        }))
    }

    fn add_oauth_code(&self, new: NewCode, rule: Rule<ConsentFacts>) -> StoreFuture<'_, ()> {
        Box::pin(
            self.add((new, rule), |transaction, (new, rule)| {
                Box::pin(oauth_families::add_code(transaction, new, rule))
            }),
        )
    }

    fn oauth_code(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<StoredCode>> {
        Box::pin(
            self.read_together(&self.readers, hash, |transaction, hash| {
                Box::pin(oauth_families::code(transaction, *hash))
            }),
        )
    }

    fn use_oauth_code(&self, hash: [u8; 32], rule: Rule<Option<StoredCode>, CodeUse>) -> StoreFuture<'_, CodeUse> {
        Box::pin(self.add((hash, rule), |transaction, (hash, rule)| {
            Box::pin(oauth_families::use_code(transaction, *hash, rule))
        }))
    }

    fn surplus_oauth_families(&self, family: u64, at: u64, kept: usize, most: usize) -> StoreFuture<'_, Vec<u64>> {
        Box::pin(self.read((family, at, kept, most), |client, (family, at, kept, most)| {
            Box::pin(oauth_families::surplus(client, *family, *at, *kept, *most))
        }))
    }

    fn refresh_token(&self, hash: TokenHash) -> StoreFuture<'_, Option<RefreshFacts>> {
        Box::pin(self.read_together(&self.readers, hash, |transaction, hash| {
            Box::pin(oauth_families::refresh_facts(transaction, *hash))
        }))
    }

    fn use_refresh_token(
        &self,
        hash: TokenHash,
        next: TokenHash,
        at: u64,
        rule: Rule<Option<RefreshFacts>, RefreshUse>,
    ) -> StoreFuture<'_, RefreshUse> {
        Box::pin(self.add((hash, next, at, rule), |transaction, (hash, next, at, rule)| {
            Box::pin(oauth_families::use_refresh_token(transaction, *hash, *next, *at, rule))
        }))
    }

    fn keep_oauth_request(
        &self,
        hash: [u8; 32],
        request: KeptRequest,
        at: u64,
        count_to: usize,
        rule: Rule<usize>,
    ) -> StoreFuture<'_, ()> {
        Box::pin(self.add((hash, request, at, count_to, rule), |transaction, (hash, request, at, count_to, rule)| {
            Box::pin(keep_request(transaction, *hash, request, *at, *count_to, rule))
        }))
    }

    fn oauth_request(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<KeptRequest>> {
        Box::pin(self.read(hash, |client, hash| {
            Box::pin(async move {
                let request = "SELECT oauth_client.id, parameters, expires_at
                    FROM oauth_request JOIN oauth_client ON oauth_client.principal = oauth_request.client
                    WHERE hash = $1";
                find(client, request, &[&&hash[..]]).await?.map(|row| kept_request(&row)).transpose()
            })
        }))
    }

    fn take_oauth_request(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<KeptRequest>> {
        Box::pin(self.write(hash, |transaction, hash| {
            Box::pin(async move {
                traffic();
                let take = "DELETE FROM oauth_request USING oauth_client
                    WHERE hash = $1 AND oauth_client.principal = oauth_request.client
                    RETURNING oauth_client.id, parameters, expires_at";
                find(transaction, take, &[&&hash[..]]).await?.map(|row| kept_request(&row)).transpose()
            })
        }))
    }
}

async fn set_client(
    transaction: &impl GenericClient,
    organization: &str,
    id: &str,
    rule: &Rule<ClientFacts, ClientSettings>,
) -> Result<Client, Failure> {
    // Excludes its removal.
    organizations::find_locked(transaction, organization).await?;
    let principal = principals::find(transaction, organization, id).await?;
    let before = match &principal {
        Some(_) => find_client(transaction, id).await?.map(|client| client.settings),
        None => None,
    };
    let facts = ClientFacts { principal, settings: before };
    let settings = rule(&facts)?;
    let ClientFacts { principal, settings: before } = facts;
    if let Some(principal) = &principal {
        note(change::client_set(principal, before.as_ref(), &settings));
    }
    let ClientSettings { is_confidential, redirect_uris, scopes, grant_types } = settings;
    let set = "INSERT INTO oauth_client (principal, id, is_confidential, redirect_uris, scopes, grant_types)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (principal) DO UPDATE SET is_confidential = excluded.is_confidential,
            redirect_uris = excluded.redirect_uris, scopes = excluded.scopes, grant_types = excluded.grant_types";
    let [redirect_uris, scopes, grant_types] =
        [serde_json::to_string(&redirect_uris), serde_json::to_string(&scopes), serde_json::to_string(&grant_types)]
            .map(|json| json.map_err(Failure::value));
    let principal = principal.map(|principal| signed(principal.number)).transpose()?;
    let values: Parameters<'_> = &[&principal, &id, &is_confidential, &redirect_uris?, &scopes?, &grant_types?];
    execute(transaction, set, values).await?;
    Ok(find_client(transaction, id).await?.ok_or(Error::NotFound)?)
}

/// Finds a client that has settings.
pub(super) async fn find_client(client: &impl GenericClient, id: &str) -> Result<Option<Client>, Failure> {
    let by_id = format!("{CLIENT} WHERE oauth_client.id = $1 AND oauth_client.scopes <> '[]'");
    find(client, &by_id, &[&id]).await?.map(|row| self::client(&row)).transpose()
}

/// Returns the client whose principal has this number.
pub(super) async fn numbered_client(client: &impl GenericClient, number: i64) -> Result<Client, Failure> {
    let numbered = format!("{CLIENT} WHERE oauth_client.principal = $1");
    self::client(&row(client, &numbered, &[&number]).await?)
}

async fn clients(
    client: &impl GenericClient,
    organization: &str,
    after: u64,
    most: usize,
) -> Result<Vec<Client>, Failure> {
    let page = format!(
        "{CLIENT} WHERE principal.organization BETWEEN $1 AND $1 AND principal.number > $2
            AND principal.kind = 'application' AND removed_at IS NULL AND oauth_client.scopes <> '[]'
        ORDER BY principal.organization, principal.number LIMIT $3"
    );
    let most = i64::try_from(most).map_err(Failure::value)?;
    rows(client, &page, &[&organization, &signed(after)?, &most]).await?.iter().map(self::client).collect()
}

async fn give_consent(
    transaction: &impl GenericClient,
    parties: &Parties,
    at: u64,
    rule: &Rule<ConsentFacts, ScopeSet>,
) -> Result<(), Failure> {
    // Excludes the removal of both, and a withdrawal.
    organizations::find_locked(transaction, &parties.organization).await?;
    let facts = consent_facts(transaction, parties).await?;
    let scopes = rule(&facts)?;
    note(change::consent_given(parties, &facts, &scopes));
    let scopes = serde_json::to_string(&scopes).map_err(Failure::value)?;
    let give = "INSERT INTO oauth_consent (owner, client, scopes, given_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (owner, client) DO UPDATE SET scopes = excluded.scopes, given_at = excluded.given_at";
    let owner = facts.owner.map(|owner| signed(owner.number)).transpose()?;
    let client = facts.client.map(|client| signed(client.principal.number)).transpose()?;
    execute(transaction, give, &[&owner, &client, &scopes, &signed(at)?]).await?;
    Ok(())
}

pub(super) async fn consent_facts(client: &impl GenericClient, parties: &Parties) -> Result<ConsentFacts, Failure> {
    let Parties { organization, owner, client: id } = parties;
    let asking = find_client(client, id).await?.filter(|asking| asking.principal.organization == *organization);
    let owner = principals::find(client, organization, owner).await?;
    let given = match (&owner, &asking) {
        (Some(owner), Some(asking)) => given(client, signed(owner.number)?, signed(asking.principal.number)?).await?,
        _ => None,
    };
    Ok(ConsentFacts { client: asking, owner, given })
}

/// Returns what a user lets a client have, by their numbers.
pub(super) async fn given(client: &impl GenericClient, owner: i64, asking: i64) -> Result<Option<ScopeSet>, Failure> {
    let given = "SELECT scopes FROM oauth_consent WHERE owner = $1 AND client = $2";
    find(client, given, &[&owner, &asking]).await?.map(|row| from_json(&row, "scopes")).transpose()
}

async fn consents(client: &impl GenericClient, organization: &str, owner: &str) -> Result<Vec<Consent>, Failure> {
    let Some(owner) = principals::find(client, organization, owner).await? else { return Ok(vec![]) };
    let list = "SELECT client, scopes, given_at FROM oauth_consent WHERE owner = $1 ORDER BY client";
    let mut consents = vec![];
    for row in rows(client, list, &[&signed(owner.number)?]).await? {
        let asking = numbered_client(client, row.try_get("client")?).await?;
        if asking.principal.removed_at.is_none() {
            let (scopes, given_at) = (from_json(&row, "scopes")?, number(&row, "given_at")?);
            consents.push(Consent { client: asking, scopes, given_at });
        }
    }
    Ok(consents)
}

async fn keep_request(
    transaction: &impl GenericClient,
    hash: [u8; 32],
    request: &KeptRequest,
    at: u64,
    count_to: usize,
    rule: &Rule<usize>,
) -> Result<(), Failure> {
    traffic();
    // Another node may be deleting the same ones.
    let delete = "DELETE FROM oauth_request WHERE hash IN (
        SELECT hash FROM oauth_request WHERE expires_at < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)";
    execute(transaction, delete, &[&signed(at)?]).await?;
    let KeptRequest { client, parameters, expires_at } = request;
    let client = find_client(transaction, client).await?.ok_or(Error::NotFound)?.principal.number;
    // A part of those that have ended may be there still.
    let count = "SELECT count(*) FROM (
        SELECT 1 FROM oauth_request WHERE client = $1 AND expires_at >= $3 LIMIT $2) AS counted";
    let counted = row(transaction, count, &[&signed(client)?, &signed(count_to as u64)?, &signed(at)?]).await?;
    rule(&usize::try_from(number(&counted, "count")?).unwrap_or(usize::MAX))?;
    let keep = "INSERT INTO oauth_request (hash, client, parameters, expires_at) VALUES ($1, $2, $3, $4)";
    execute(transaction, keep, &[&&hash[..], &signed(client)?, parameters, &signed(*expires_at)?]).await?;
    Ok(())
}

fn kept_request(row: &Row) -> Result<KeptRequest, Failure> {
    Ok(KeptRequest {
        client: row.try_get("id")?,
        parameters: row.try_get("parameters")?,
        expires_at: number(row, "expires_at")?,
    })
}

/// The client in a row of [`CLIENT`].
fn client(row: &Row) -> Result<Client, Failure> {
    Ok(Client {
        principal: principals::principal(row)?,
        settings: ClientSettings {
            is_confidential: row.try_get("is_confidential")?,
            redirect_uris: from_json(row, "redirect_uris")?,
            scopes: from_json(row, "scopes")?,
            grant_types: from_json(row, "grant_types")?,
        },
        suspended_at: number_option(row, "suspended_at")?,
        organization_revoked_at: number_option(row, "organization_revoked_at")?,
    })
}
