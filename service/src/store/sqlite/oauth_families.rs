//! OAuth: codes, and the families of refresh tokens that they begin.

use daypass::Error;
use daypass::verify::TokenHash;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::notes::{note, traffic};
use super::super::{Rule, TokenSelector};
use super::oauth::{consent_facts, find_client, given, numbered_client};
use super::tokens::{self, from_json, to_json};
use super::{Failure, principals, revocations};
use crate::domain::audit::change;
use crate::domain::oauth::code::{CodeUse, MOST_UNUSED, NewCode, StoredCode};
use crate::domain::oauth::consent::{ConsentFacts, Parties, Withdrawal};
use crate::domain::oauth::family::{self, NewFamily, RefreshFacts, RefreshUse};
use crate::domain::oauth::removal::ClientRemovalFacts;

/// The families of a user with a client that are not revoked themselves and did not end before a time.
const OF_CONSENT: &str = "
    SELECT number FROM oauth_family JOIN token ON token.number = oauth_family.token
    WHERE client = ?1 AND oauth_family.owner = ?2 AND revoked_at IS NULL AND expires_at >= ?4
    ORDER BY oauth_family.token LIMIT ?3";

/// The families of a client that are not revoked themselves and did not end before a time.
const OF_CLIENT: &str = "
    SELECT number FROM oauth_family JOIN token ON token.number = oauth_family.token
    WHERE client = ?1 AND revoked_at IS NULL AND expires_at >= ?3
    ORDER BY oauth_family.owner, oauth_family.token LIMIT ?2";

/// The families of a user with a client, beyond so many, that began before the others and have not ended.
const SURPLUS: &str = "
    SELECT number FROM oauth_family JOIN token ON token.number = oauth_family.token
    WHERE client = (SELECT client FROM oauth_family WHERE token = ?1)
        AND oauth_family.owner = (SELECT owner FROM oauth_family WHERE token = ?1)
        AND revoked_at IS NULL AND expires_at > ?2
    ORDER BY oauth_family.token DESC LIMIT ?4 OFFSET ?3";

pub(super) fn add_code(transaction: &Transaction<'_>, new: &NewCode, rule: &Rule<ConsentFacts>) -> Result<(), Failure> {
    let facts = consent_facts(transaction, &new.parties)?;
    rule(&facts)?;
    traffic();
    let delete = "DELETE FROM oauth_code WHERE expires_at < ?1";
    transaction.prepare_cached(delete)?.execute([new.delete_before()])?;
    let insert = "INSERT INTO oauth_code (hash, client, owner, redirect_uri, challenge, scopes, jkt, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let client = facts.client.map(|client| client.principal.number);
    let owner = facts.owner.map(|owner| owner.number);
    transaction.prepare_cached(insert)?.execute(params![
        new.hash,
        client,
        owner,
        new.redirect_uri,
        new.challenge,
        to_json(&new.scopes)?,
        new.jkt,
        new.expires_at(),
    ])?;
    let end_oldest = "DELETE FROM oauth_code WHERE hash IN (
        SELECT hash FROM oauth_code WHERE owner = ?3 AND client = ?2 AND family IS NULL
        ORDER BY hash = ?1 DESC, expires_at DESC LIMIT -1 OFFSET ?4)";
    transaction.prepare_cached(end_oldest)?.execute(params![new.hash, client, owner, MOST_UNUSED])?;
    Ok(())
}

pub(super) fn use_code(
    transaction: &Transaction<'_>,
    hash: [u8; 32],
    rule: &Rule<Option<StoredCode>, CodeUse>,
) -> Result<CodeUse, Failure> {
    let mut code_use = rule(&code(transaction, hash)?)?;
    if let CodeUse::Exchange(family) = &mut code_use {
        add_family(transaction, family)?;
        let write = "UPDATE oauth_code SET family = ?2 WHERE hash = ?1";
        transaction.prepare_cached(write)?.execute(params![hash, family.token.record.serial])?;
    }
    Ok(code_use)
}

pub(super) fn code(transaction: &Transaction<'_>, hash: [u8; 32]) -> Result<Option<StoredCode>, Failure> {
    let find = "SELECT client, owner, redirect_uri, challenge, scopes, jkt, expires_at, family
        FROM oauth_code WHERE hash = ?1";
    let row = transaction.prepare_cached(find)?.query_row([hash], |row| {
        let [client, owner]: [u64; 2] = [row.get(0)?, row.get(1)?];
        Ok((client, owner, row.get(2)?, row.get(3)?, from_json(row, 4)?, row.get(5)?, row.get(6)?, row.get(7)?))
    });
    let Some((client, owner, redirect_uri, challenge, scopes, jkt, expires_at, family)) = row.optional()? else {
        return Ok(None);
    };
    let given = given(transaction, owner, client)?;
    let (client, owner) = (numbered_client(transaction, client)?, principals::numbered(transaction, owner)?);
    Ok(Some(StoredCode { client, owner, redirect_uri, challenge, scopes, jkt, expires_at, family, given }))
}

/// Adds a family, and writes its serial number into it.
fn add_family(transaction: &Transaction<'_>, family: &mut NewFamily) -> Result<(), Failure> {
    let serial = tokens::insert(transaction, &family.token, Some(&family.owner))?;
    family.token.record.serial = serial;
    let NewFamily { client, owner, refresh, jkt, .. } = &*family;
    let insert = "INSERT INTO oauth_family (token, client, owner, jkt) VALUES (?1, ?2, ?3, ?4)";
    transaction.prepare_cached(insert)?.execute(params![serial, client, owner.number, jkt])?;
    if let Some(refresh) = refresh {
        let first = "INSERT INTO oauth_refresh_token (hash, family, generation) VALUES (?1, ?2, 1)";
        transaction.prepare_cached(first)?.execute(params![TokenHash::of(refresh).as_bytes(), serial])?;
    }
    Ok(())
}

pub(super) fn surplus(
    connection: &Connection,
    family: u64,
    at: u64,
    kept: usize,
    most: usize,
) -> Result<Vec<u64>, Failure> {
    let mut surplus = connection.prepare_cached(SURPLUS)?;
    let rows = surplus.query_map(params![family, at, kept, most], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn refresh_facts(transaction: &Transaction<'_>, hash: TokenHash) -> Result<Option<RefreshFacts>, Failure> {
    let find = "SELECT family, used_at, client, jkt
        FROM oauth_refresh_token JOIN oauth_family ON token = family WHERE hash = ?1";
    let row = transaction.prepare_cached(find)?.query_row([hash.as_bytes()], |row| {
        Ok((row.get::<_, u64>(0)?, row.get(1)?, row.get::<_, u64>(2)?, row.get(3)?))
    });
    let Some((serial, used_at, client, jkt)) = row.optional()? else { return Ok(None) };
    let family = tokens::token(transaction, &TokenSelector::Serial(serial))?.ok_or(Error::NotFound)?;
    Ok(Some(RefreshFacts { family, client: numbered_client(transaction, client)?, jkt, used_at }))
}

pub(super) fn use_refresh_token(
    transaction: &Transaction<'_>,
    hash: TokenHash,
    next: TokenHash,
    at: u64,
    rule: &Rule<Option<RefreshFacts>, RefreshUse>,
) -> Result<RefreshUse, Failure> {
    let refresh_use = rule(&refresh_facts(transaction, hash)?)?;
    if let RefreshUse::Rotate { family, .. } = &refresh_use {
        traffic();
        let write = "UPDATE oauth_refresh_token SET used_at = ?2 WHERE hash = ?1";
        transaction.prepare_cached(write)?.execute(params![hash.as_bytes(), at])?;
        let add = "INSERT INTO oauth_refresh_token (hash, family, generation)
            SELECT ?2, family, generation + 1 FROM oauth_refresh_token WHERE hash = ?1";
        transaction.prepare_cached(add)?.execute(params![hash.as_bytes(), next.as_bytes()])?;
        let write = "UPDATE token SET expires_at = ?2, last_used_at = ?3 WHERE number = ?1";
        transaction.prepare_cached(write)?.execute(params![family.serial, family.expires_at, at])?;
        let delete = "DELETE FROM oauth_refresh_token WHERE family = ?2
            AND generation <= (SELECT generation FROM oauth_refresh_token WHERE hash = ?1) - ?3";
        transaction.prepare_cached(delete)?.execute(params![next.as_bytes(), family.serial, family::MOST_KEPT])?;
    }
    Ok(refresh_use)
}

pub(super) fn withdraw(
    transaction: &Transaction<'_>,
    parties: &Parties,
    at: u64,
    most: usize,
    rule: &Rule<Vec<u64>, Withdrawal>,
) -> Result<bool, Failure> {
    let ConsentFacts { client: Some(client), owner: Some(owner), .. } = consent_facts(transaction, parties)? else {
        return Err(Error::NotFound.into());
    };
    let user = owner;
    let (client, owner) = (client.principal.number, user.number);
    let delete = "DELETE FROM oauth_code WHERE owner = ?1 AND client = ?2 AND family IS NULL";
    transaction.prepare_cached(delete)?.execute([owner, client])?;
    traffic();
    let mut families = transaction.prepare_cached(OF_CONSENT)?;
    let families =
        families.query_map(params![client, owner, most + 1, family::revocable_from(at)], |row| row.get(0))?;
    let Withdrawal { revoked, is_last } = rule(&families.collect::<Result<_, _>>()?)?;
    if is_last {
        let delete = "DELETE FROM oauth_consent WHERE owner = ?1 AND client = ?2";
        if transaction.prepare_cached(delete)?.execute([owner, client])? > 0 {
            note(change::consent_withdrawn(parties, &user));
        }
    }
    for target in &revoked {
        revocations::enter(transaction, Some(&parties.organization), target, at)?;
    }
    Ok(is_last)
}

pub(super) fn remove_client(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    at: u64,
    most: usize,
    rule: &Rule<ClientRemovalFacts, Withdrawal>,
) -> Result<bool, Failure> {
    let client = find_client(transaction, id)?.filter(|client| client.principal.organization == organization);
    let families = match &client {
        Some(client) => {
            let mut families = transaction.prepare_cached(OF_CLIENT)?;
            let limits = params![client.principal.number, most + 1, family::revocable_from(at)];
            families.query_map(limits, |row| row.get(0))?.collect::<Result<_, _>>()?
        }
        None => vec![],
    };
    let facts = ClientRemovalFacts { client, families };
    let Withdrawal { revoked, is_last } = rule(&facts)?;
    let client = facts.client.ok_or(Error::NotFound)?;
    traffic();
    if is_last {
        let consents = empty_client(transaction, organization, client.principal.number)?;
        note(change::client_removed(&client, consents));
    }
    for target in &revoked {
        revocations::enter(transaction, Some(organization), target, at)?;
    }
    Ok(is_last)
}

/// Deletes the settings of a client, and what waits for it. Returns how many users had let it have something.
fn empty_client(transaction: &Transaction<'_>, organization: &str, client: u64) -> Result<u64, Failure> {
    // By their users, since indexes begin with these.
    let of_users = "client = ?1 AND owner IN (
        SELECT number FROM principal WHERE organization = ?2 AND kind = 'user' AND removed_at IS NULL)";
    let delete = format!("DELETE FROM oauth_code WHERE {of_users} AND family IS NULL");
    transaction.prepare_cached(&delete)?.execute(params![client, organization])?;
    let delete = format!("DELETE FROM oauth_consent WHERE {of_users}");
    let consents = transaction.prepare_cached(&delete)?.execute(params![client, organization])?;
    transaction.prepare_cached("DELETE FROM oauth_request WHERE client = ?1")?.execute([client])?;
    let empty = "UPDATE oauth_client
        SET is_confidential = 0, redirect_uris = '[]', scopes = '[]', grant_types = '[]' WHERE principal = ?1";
    transaction.prepare_cached(empty)?.execute([client])?;
    Ok(consents as u64)
}
