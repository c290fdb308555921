//! OAuth: codes, and the families of refresh tokens that they begin.

use daypass::Error;
use daypass::verify::TokenHash;
use deadpool_postgres::{GenericClient, Transaction};

use super::super::notes::{note, traffic};
use super::super::{Rule, TokenSelector};
use super::oauth::{consent_facts, find_client, given, numbered_client};
use super::sql::{Parameters, execute, find, number, number_option, rows, signed, signed_option};
use super::tokens::{self, from_json};
use super::{Failure, feed, organizations, principals};
use crate::domain::audit::change;
use crate::domain::oauth::code::{CodeUse, MOST_UNUSED, NewCode, StoredCode};
use crate::domain::oauth::consent::{ConsentFacts, Parties, Withdrawal};
use crate::domain::oauth::family::{self, NewFamily, RefreshFacts, RefreshUse};
use crate::domain::oauth::removal::ClientRemovalFacts;

/// The families of a user with a client that are not revoked themselves and did not end before a time.
const OF_CONSENT: &str = "
    SELECT number FROM oauth_family JOIN token ON token.number = oauth_family.token
    WHERE client = $1 AND oauth_family.owner = $2 AND revoked_at IS NULL AND expires_at >= $4
    ORDER BY oauth_family.token LIMIT $3";

/// The families of a client that are not revoked themselves and did not end before a time.
const OF_CLIENT: &str = "
    SELECT number FROM oauth_family JOIN token ON token.number = oauth_family.token
    WHERE client = $1 AND revoked_at IS NULL AND expires_at >= $3
    ORDER BY oauth_family.owner, oauth_family.token LIMIT $2";

/// The families of a user with a client, beyond so many, that began before the others and have not ended.
const SURPLUS: &str = "
    SELECT number FROM oauth_family JOIN token ON token.number = oauth_family.token
    WHERE client = (SELECT client FROM oauth_family WHERE token = $1)
        AND oauth_family.owner = (SELECT owner FROM oauth_family WHERE token = $1)
        AND revoked_at IS NULL AND expires_at > $2
    ORDER BY oauth_family.token DESC LIMIT $4 OFFSET $3";

pub(super) async fn add_code(
    transaction: &impl GenericClient,
    new: &NewCode,
    rule: &Rule<ConsentFacts>,
) -> Result<(), Failure> {
    // Excludes the removal of its client.
    organizations::find_locked(transaction, &new.parties.organization).await?;
    let facts = consent_facts(transaction, &new.parties).await?;
    rule(&facts)?;
    traffic();
    // Another node may be deleting the same ones.
    let delete = "DELETE FROM oauth_code WHERE hash IN (
        SELECT hash FROM oauth_code WHERE expires_at < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)";
    execute(transaction, delete, &[&signed(new.delete_before())?]).await?;
    let insert = "INSERT INTO oauth_code (hash, client, owner, redirect_uri, challenge, scopes, jkt, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let row: Parameters<'_> = &[
        &&new.hash[..],
        &facts.client.map(|client| signed(client.principal.number)).transpose()?,
        &facts.owner.map(|owner| signed(owner.number)).transpose()?,
        &new.redirect_uri,
        &new.challenge,
        &serde_json::to_string(&new.scopes).map_err(Failure::value)?,
        &new.jkt,
        &signed(new.expires_at())?,
    ];
    execute(transaction, insert, row).await?;
    let end_oldest = format!(
        "DELETE FROM oauth_code WHERE hash IN (
            SELECT hash FROM oauth_code WHERE owner = $3 AND client = $2 AND family IS NULL
            ORDER BY hash = $1 DESC, expires_at DESC OFFSET {MOST_UNUSED})"
    );
    execute(transaction, &end_oldest, &row[..3]).await?;
    Ok(())
}

pub(super) async fn use_code(
    transaction: &impl GenericClient,
    hash: [u8; 32],
    rule: &Rule<Option<StoredCode>, CodeUse>,
) -> Result<CodeUse, Failure> {
    let mut code_use = rule(&locked_code(transaction, hash).await?)?;
    if let CodeUse::Exchange(family) = &mut code_use {
        add_family(transaction, family).await?;
        let write = "UPDATE oauth_code SET family = $2 WHERE hash = $1";
        execute(transaction, write, &[&&hash[..], &signed(family.token.record.serial)?]).await?;
    }
    Ok(code_use)
}

/// Reads a code, and excludes other uses of it: the organization is locked first, as for every addition of a token.
async fn locked_code(transaction: &impl GenericClient, hash: [u8; 32]) -> Result<Option<StoredCode>, Failure> {
    let organization = "SELECT organization FROM oauth_code JOIN principal ON number = client WHERE hash = $1";
    let Some(row) = find(transaction, organization, &[&&hash[..]]).await? else { return Ok(None) };
    organizations::find_locked(transaction, row.try_get("organization")?).await?;
    find(transaction, "SELECT 1 FROM oauth_code WHERE hash = $1 FOR UPDATE", &[&&hash[..]]).await?;
    code(transaction, hash).await
}

pub(super) async fn code(transaction: &impl GenericClient, hash: [u8; 32]) -> Result<Option<StoredCode>, Failure> {
    let code = "SELECT client, owner, redirect_uri, challenge, scopes, jkt, expires_at, family
        FROM oauth_code WHERE hash = $1";
    let Some(row) = find(transaction, code, &[&&hash[..]]).await? else { return Ok(None) };
    let (client, owner) = (row.try_get("client")?, row.try_get("owner")?);
    Ok(Some(StoredCode {
        client: numbered_client(transaction, client).await?,
        owner: principals::numbered(transaction, owner).await?,
        redirect_uri: row.try_get("redirect_uri")?,
        challenge: row.try_get("challenge")?,
        scopes: from_json(&row, "scopes")?,
        jkt: row.try_get("jkt")?,
        expires_at: number(&row, "expires_at")?,
        family: number_option(&row, "family")?,
        given: given(transaction, owner, client).await?,
    }))
}

/// Adds a family, and writes its serial number into it.
async fn add_family(transaction: &impl GenericClient, family: &mut NewFamily) -> Result<(), Failure> {
    let serial = tokens::insert(transaction, &family.token, Some(&family.owner)).await?;
    family.token.record.serial = serial;
    let NewFamily { client, owner, refresh, jkt, .. } = &*family;
    let insert = "INSERT INTO oauth_family (token, client, owner, jkt) VALUES ($1, $2, $3, $4)";
    let [client, owner, serial] = [signed(*client)?, signed(owner.number)?, signed(serial)?];
    execute(transaction, insert, &[&serial, &client, &owner, jkt]).await?;
    if let Some(refresh) = refresh {
        let first = "INSERT INTO oauth_refresh_token (hash, family, generation) VALUES ($1, $2, 1)";
        execute(transaction, first, &[&&TokenHash::of(refresh).as_bytes()[..], &serial]).await?;
    }
    Ok(())
}

pub(super) async fn surplus(
    client: &impl GenericClient,
    family: u64,
    at: u64,
    kept: usize,
    most: usize,
) -> Result<Vec<u64>, Failure> {
    let [kept, most] = [kept, most].map(|count| i64::try_from(count).map_err(Failure::value));
    let surplus = rows(client, SURPLUS, &[&signed(family)?, &signed(at)?, &kept?, &most?]).await?;
    surplus.iter().map(|row| number(row, "number")).collect()
}

pub(super) async fn refresh_facts(
    client: &impl GenericClient,
    hash: TokenHash,
) -> Result<Option<RefreshFacts>, Failure> {
    let facts = "SELECT family, used_at, client, jkt
        FROM oauth_refresh_token JOIN oauth_family ON token = family WHERE hash = $1";
    let Some(row) = find(client, facts, &[&&hash.as_bytes()[..]]).await? else { return Ok(None) };
    let family = tokens::token(client, &TokenSelector::Serial(number(&row, "family")?)).await?;
    Ok(Some(RefreshFacts {
        family: family.ok_or(Error::NotFound)?,
        client: numbered_client(client, row.try_get("client")?).await?,
        jkt: row.try_get("jkt")?,
        used_at: number_option(&row, "used_at")?,
    }))
}

pub(super) async fn use_refresh_token(
    transaction: &impl GenericClient,
    hash: TokenHash,
    next: TokenHash,
    at: u64,
    rule: &Rule<Option<RefreshFacts>, RefreshUse>,
) -> Result<RefreshUse, Failure> {
    let old = &hash.as_bytes()[..];
    // Revocations of the family keep its row locked, and so do other uses. What follows sees what was committed by then.
    let lock = "SELECT number FROM token
        WHERE number = (SELECT family FROM oauth_refresh_token WHERE hash = $1) FOR NO KEY UPDATE";
    find(transaction, lock, &[&old]).await?;
    let refresh_use = rule(&refresh_facts(transaction, hash).await?)?;
    if let RefreshUse::Rotate { family, .. } = &refresh_use {
        traffic();
        let now = signed(at)?;
        execute(transaction, "UPDATE oauth_refresh_token SET used_at = $2 WHERE hash = $1", &[&old, &now]).await?;
        let serial = signed(family.serial)?;
        let new = &next.as_bytes()[..];
        let add = "INSERT INTO oauth_refresh_token (hash, family, generation)
            SELECT $2, family, generation + 1 FROM oauth_refresh_token WHERE hash = $1";
        execute(transaction, add, &[&old, &new]).await?;
        let write = "UPDATE token SET expires_at = $2, last_used_at = $3 WHERE number = $1";
        execute(transaction, write, &[&serial, &signed_option(family.expires_at)?, &now]).await?;
        let delete = "DELETE FROM oauth_refresh_token WHERE family = $2
            AND generation <= (SELECT generation FROM oauth_refresh_token WHERE hash = $1) - $3";
        execute(transaction, delete, &[&new, &serial, &signed(family::MOST_KEPT)?]).await?;
    }
    Ok(refresh_use)
}

pub(super) async fn withdraw(
    transaction: &Transaction<'_>,
    parties: &Parties,
    at: u64,
    most: usize,
    rule: &Rule<Vec<u64>, Withdrawal>,
) -> Result<bool, Failure> {
    feed::lock(transaction).await?;
    // Excludes the use of its codes.
    organizations::find_locked(transaction, &parties.organization).await?;
    let ConsentFacts { client: Some(client), owner: Some(owner), .. } = consent_facts(transaction, parties).await?
    else {
        return Err(Error::NotFound.into());
    };
    let user = owner;
    let (client, owner) = (signed(client.principal.number)?, signed(user.number)?);
    let delete = "DELETE FROM oauth_code WHERE owner = $1 AND client = $2 AND family IS NULL";
    execute(transaction, delete, &[&owner, &client]).await?;
    traffic();
    let limit = i64::try_from(most + 1).map_err(Failure::value)?;
    let families =
        rows(transaction, OF_CONSENT, &[&client, &owner, &limit, &signed(family::revocable_from(at))?]).await?;
    let families = families.iter().map(|row| number(row, "number")).collect::<Result<_, _>>()?;
    let Withdrawal { revoked, is_last } = rule(&families)?;
    if is_last {
        let delete = "DELETE FROM oauth_consent WHERE owner = $1 AND client = $2";
        if execute(transaction, delete, &[&owner, &client]).await? > 0 {
            note(change::consent_withdrawn(parties, &user));
        }
    }
    feed::enter(transaction, Some(&parties.organization), &revoked, at).await?;
    Ok(is_last)
}

pub(super) async fn remove_client(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    at: u64,
    most: usize,
    rule: &Rule<ClientRemovalFacts, Withdrawal>,
) -> Result<bool, Failure> {
    feed::lock(transaction).await?;
    // Excludes the use of its codes, consents, and other settings.
    organizations::find_locked(transaction, organization).await?;
    let client = find_client(transaction, id).await?.filter(|client| client.principal.organization == organization);
    let families = match &client {
        Some(client) => {
            let limit = i64::try_from(most + 1).map_err(Failure::value)?;
            let from = signed(family::revocable_from(at))?;
            let families = rows(transaction, OF_CLIENT, &[&signed(client.principal.number)?, &limit, &from]).await?;
            families.iter().map(|row| number(row, "number")).collect::<Result<_, _>>()?
        }
        None => vec![],
    };
    let facts = ClientRemovalFacts { client, families };
    let Withdrawal { revoked, is_last } = rule(&facts)?;
    let client = facts.client.ok_or(Error::NotFound)?;
    traffic();
    if is_last {
        let consents = empty_client(transaction, organization, client.principal.number).await?;
        note(change::client_removed(&client, consents));
    }
    feed::enter(transaction, Some(organization), &revoked, at).await?;
    Ok(is_last)
}

/// Deletes the settings of a client, and what waits for it. Returns how many users had let it have something.
async fn empty_client(transaction: &Transaction<'_>, organization: &str, client: u64) -> Result<u64, Failure> {
    let client = signed(client)?;
    // By their users, since indexes begin with these.
    let of_users = "client = $1 AND owner IN (
        SELECT number FROM principal WHERE organization = $2 AND kind = 'user' AND removed_at IS NULL)";
    let delete = format!("DELETE FROM oauth_code WHERE {of_users} AND family IS NULL");
    execute(transaction, &delete, &[&client, &organization]).await?;
    let delete = format!("DELETE FROM oauth_consent WHERE {of_users}");
    let consents = execute(transaction, &delete, &[&client, &organization]).await?;
    execute(transaction, "DELETE FROM oauth_request WHERE client = $1", &[&client]).await?;
    let empty = "UPDATE oauth_client
        SET is_confidential = false, redirect_uris = '[]', scopes = '[]', grant_types = '[]' WHERE principal = $1";
    execute(transaction, empty, &[&client]).await?;
    Ok(consents)
}
