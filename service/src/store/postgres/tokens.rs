//! Tokens.

use daypass::api::{RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Error, TokenKind};
use deadpool_postgres::{GenericClient, Transaction};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use super::super::notes::{note, traffic};
use super::super::{AddedToken, Rule, TokenSelector};
use super::sql::{Parameters, execute, find, number, number_option, row, rows, signed, signed_option};
use super::{Failure, feed, organizations, principals};
use crate::crypto::random;
use crate::domain::audit::change;
use crate::domain::last_use::TokenUse;
use crate::domain::organization::Organization;
use crate::domain::principal::Principal;
use crate::domain::token::{AddFacts, NewToken, TokenState, is_text_taken};
use crate::domain::token_edit::EditedToken;

/// A token as a record. The view has revocations of every level.
pub(super) const RECORD: &str = "
    SELECT id, kind, name, organization, grants, origins, created_at, expires_at, revoked_at, last_chars, number, parent,
        created_by, suspended_at, last_used_at, version, owner
    FROM record";

/// Counts active tokens of a kind, in the two ranges of the index `token_by_expiry`. No more are read than the limit
/// allows.
pub(super) const OF_KIND: &str = "
    SELECT count(*) FROM (
        SELECT * FROM (
            SELECT number FROM token
            WHERE organization = $1 AND kind = $2 AND kind <> 'bundle'
                AND expires_at IS NULL AND number > $3 AND revoked_at IS NULL
            LIMIT $5
        ) AS endless
        UNION ALL
        SELECT * FROM (
            SELECT number FROM token
            WHERE organization = $1 AND kind = $2 AND kind <> 'bundle'
                AND expires_at > $4 AND number > $3 AND revoked_at IS NULL
            LIMIT $5
        ) AS ending
        LIMIT $5
    ) AS active";

/// Finds the last token of an organization, with a greater number than $4 and $5 at most, that is not revoked itself and
/// whose time is before $2, or later than $3. An index has all that is read.
pub(super) const LAST_BEFORE: &str = "
    SELECT number FROM token
    WHERE (organization, number) > ($1, $4) AND (organization, number) <= ($1, $5)
        AND revoked_at IS NULL AND kind <> 'bundle' AND (created_at < $2 OR created_at > $3)
    ORDER BY organization DESC, number DESC LIMIT 1";

/// Which tokens of an organization were compared with a time, by their numbers: one or none is the last from before it.
#[derive(Clone, Copy, Default)]
pub(super) struct Compared {
    pub(super) last_before: Option<u64>,
    up_to: i64,
}

/// Compares the tokens that were not compared yet.
pub(super) async fn compare_more(
    client: &impl GenericClient,
    organization: &str,
    [time, now]: [u64; 2],
    compared: Compared,
) -> Result<Compared, Failure> {
    let last = async |time, up_to| {
        let last: Parameters<'_> = &[&organization, &time, &signed(now)?, &compared.up_to, &up_to];
        find(client, LAST_BEFORE, last).await?.map(|row| number(&row, "number")).transpose()
    };
    // Every time is before this one. Later tokens are compared later.
    let Some(newest) = last(i64::MAX, i64::MAX).await? else { return Ok(compared) };
    let up_to = signed(newest)?;
    Ok(Compared { last_before: last(signed(time)?, up_to).await?.or(compared.last_before), up_to })
}

pub(super) async fn token(
    client: &impl GenericClient,
    selector: &TokenSelector,
) -> Result<Option<TokenRecord>, Failure> {
    let row = match selector {
        TokenSelector::Serial(serial) => {
            find(client, &format!("{RECORD} WHERE number = $1"), &[&signed(*serial)?]).await?
        }
        TokenSelector::Id { organization, id } => {
            let newest = format!("{RECORD} WHERE organization = $1 AND id = $2 ORDER BY number DESC LIMIT 1");
            find(client, &newest, &[organization, id]).await?
        }
    };
    row.map(|row| record(&row)).transpose()
}

pub(super) async fn of_hash(client: &impl GenericClient, hash: TokenHash) -> Result<Option<TokenRecord>, Failure> {
    let row = find(client, &format!("{RECORD} WHERE hash = $1"), &[&&hash.as_bytes()[..]]).await?;
    row.map(|row| record(&row)).transpose()
}

pub(super) async fn add(
    transaction: &Transaction<'_>,
    new: &NewToken,
    count_to: &Rule<Option<Organization>, usize>,
    rule: &Rule<AddFacts, Option<Principal>>,
) -> Result<AddedToken, Failure> {
    let earlier = if new.may_repeat {
        // Two additions with one text exclude each other, and one of them adds an entry.
        feed::lock(transaction).await?;
        of_hash(transaction, new.hash).await?
    } else {
        None
    };
    let owner = rule(&add_facts(transaction, new, earlier.as_ref(), count_to).await?)?;
    if let Some(earlier) = earlier {
        give_up_text(transaction, &earlier, new.record.created_at).await?;
    }
    let serial = insert(transaction, new, owner.as_ref()).await?;
    Ok(AddedToken { serial, owner: owner.map(|owner| owner.id) })
}

/// Gives a token that is no longer active another hash, which no text has, so that a new token can have its text. The
/// entry in the feed makes what is cached under the text void.
async fn give_up_text(transaction: &Transaction<'_>, earlier: &TokenRecord, at: u64) -> Result<(), Failure> {
    let TokenRecord { serial, version, organization, .. } = earlier;
    let mut hash = [0; 32];
    random::fill(&mut hash);
    let version = version + 1;
    let give_up = "UPDATE token SET hash = $2, version = $3 WHERE number = $1";
    execute(transaction, give_up, &[&signed(*serial)?, &&hash[..], &signed(version)?]).await?;
    let entry = RevocationTarget::Changed { serial: *serial, version };
    feed::enter(transaction, Some(organization), &[entry], at).await
}

async fn add_facts(
    transaction: &impl GenericClient,
    new: &NewToken,
    earlier: Option<&TokenRecord>,
    count_to: &Rule<Option<Organization>, usize>,
) -> Result<AddFacts, Failure> {
    let NewToken { record: new, creator, .. } = new;
    let organization = organizations::find_locked(transaction, &new.organization).await?;
    let limit = i64::try_from(count_to(&organization)?).map_err(Failure::value)?;
    let now = signed(new.created_at)?;
    let of_id = "SELECT count(*) FROM record
        WHERE organization = $1 AND id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)";
    let active_of_id = row(transaction, of_id, &[&new.organization, &new.id, &now]).await?;
    // A revoked organization gets no tokens, whatever their number is.
    let after = organization.as_ref().and_then(|organization| organization.revoked_up_to).unwrap_or(0);
    let of_kind = [&new.organization as _, &new.kind.as_str() as _, &signed(after)? as _, &now as _, &limit as _];
    let active_of_kind = row(transaction, OF_KIND, &of_kind).await?;
    let count = |row: &Row| usize::try_from(row.try_get::<_, i64>("count")?).map_err(Failure::value);
    let requested_owner = match &new.owner {
        Some(id) => principals::find(transaction, &new.organization, id).await?,
        None => None,
    };
    let creator_owner = match creator {
        Some(serial) => principals::owner(transaction, *serial).await?,
        None => None,
    };
    let creating_user = new.created_by.as_deref().filter(|_| creator.is_none());
    let creator = principals::find_acting(transaction, &new.organization, creating_user).await?;
    Ok(AddFacts {
        is_text_taken: earlier.is_some_and(|earlier| is_text_taken(earlier, new)),
        organization,
        active_of_id: count(&active_of_id)?,
        active_of_kind: count(&active_of_kind)?,
        requested_owner,
        creator_owner,
        creator,
    })
}

pub(super) async fn edit(
    transaction: &Transaction<'_>,
    serial: u64,
    at: u64,
    rule: &Rule<Option<TokenRecord>, Option<EditedToken>>,
) -> Result<TokenRecord, Failure> {
    feed::lock(transaction).await?;
    let (selector, number) = (TokenSelector::Serial(serial), signed(serial)?);
    find(transaction, "SELECT number FROM token WHERE number = $1 FOR NO KEY UPDATE", &[&number]).await?;
    let before = token(transaction, &selector).await?;
    if let (Some(edited), Some(before)) = (rule(&before)?, &before) {
        note(change::token_edited(before, &edited));
        let EditedToken { name, origins, expires_at, version } = edited;
        let edit = "UPDATE token SET name = $2, origins = $3, expires_at = $4, version = $5 WHERE number = $1";
        let origins = serde_json::to_string(&origins).map_err(Failure::value)?;
        let row: Parameters<'_> = &[&number, &name, &origins, &signed_option(expires_at)?, &signed(version)?];
        execute(transaction, edit, row).await?;
        let entry = RevocationTarget::Changed { serial, version };
        feed::enter(transaction, Some(&before.organization), &[entry], at).await?;
    }
    Ok(token(transaction, &selector).await?.ok_or(Error::NotFound)?)
}

/// Writes uses of different tokens. The rows are locked in their order, because other nodes write too.
pub(super) async fn record_uses(transaction: &Transaction<'_>, uses: &[TokenUse]) -> Result<(), Failure> {
    let column =
        |number: fn(&TokenUse) -> u64| uses.iter().map(|one| signed(number(one))).collect::<Result<Vec<_>, _>>();
    let [serials, times, replaced] = [column(|one| one.serial)?, column(|one| one.at)?, column(|one| one.replaces)?];
    let lock = "SELECT number FROM token WHERE number = ANY ($1) ORDER BY number FOR NO KEY UPDATE";
    rows(transaction, lock, &[&serials]).await?;
    traffic();
    let write = "UPDATE token SET last_used_at = uses.at
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS uses (serial, at, replaces)
        WHERE number = uses.serial AND (last_used_at IS NULL OR last_used_at <= uses.replaces)";
    execute(transaction, write, &[&serials, &times, &replaced]).await?;
    Ok(())
}

/// The number and the state of the token with this hash, after every revocation of it that has begun.
///
/// SECURITY: a revocation keeps the token's row locked until it is committed, and the lock that is taken here waits for
/// that. The state is read afterwards, by a statement that sees what was committed by then.
///
/// The lock excludes others of its kind, since a revocation could wait for ever behind shared ones.
pub(super) async fn locked_state(
    client: &impl GenericClient,
    hash: TokenHash,
) -> Result<Option<(i64, TokenState)>, Failure> {
    let hash = &hash.as_bytes()[..];
    find(client, "SELECT number FROM token WHERE hash = $1 FOR NO KEY UPDATE", &[&hash]).await?;
    let of_hash = "SELECT number, expires_at, revoked_at, suspended_at FROM record WHERE hash = $1";
    let Some(row) = find(client, of_hash, &[&hash]).await? else { return Ok(None) };
    Ok(Some((row.try_get("number")?, state(&row)?)))
}

/// The state of the token with this hash, as it is committed.
pub(super) async fn state_of(client: &impl GenericClient, hash: TokenHash) -> Result<Option<TokenState>, Failure> {
    let of_hash = "SELECT expires_at, revoked_at, suspended_at FROM record WHERE hash = $1";
    find(client, of_hash, &[&&hash.as_bytes()[..]]).await?.map(|row| state(&row)).transpose()
}

pub(super) async fn check(
    client: &impl GenericClient,
    hash: TokenHash,
    rule: &Rule<Option<TokenState>>,
) -> Result<(), Failure> {
    let state = locked_state(client, hash).await?.map(|(_, state)| state);
    Ok(rule(&state)?)
}

/// Adds the row of a new token that belongs to a principal, if one is given, and returns its number.
pub(super) async fn insert(
    transaction: &impl GenericClient,
    new: &NewToken,
    owner: Option<&Principal>,
) -> Result<u64, Failure> {
    let NewToken { record, hash, .. } = new;
    let insert = "INSERT INTO token
        (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at, created_by,
            owner)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING number";
    let [grants, origins] = [serde_json::to_string(&record.grants), serde_json::to_string(&record.origins)];
    let added = row(
        transaction,
        insert,
        &[
            &&hash.as_bytes()[..],
            &record.organization,
            &record.id,
            &record.kind.as_str(),
            &record.name,
            &grants.map_err(Failure::value)?,
            &origins.map_err(Failure::value)?,
            &record.last_chars,
            &signed(record.created_at)?,
            &signed_option(record.expires_at)?,
            &signed_option(record.revoked_at)?,
            &record.created_by,
            &owner.map(|owner| signed(owner.number)).transpose()?,
        ],
    )
    .await?;
    if record.kind == TokenKind::Bundle {
        traffic()
    } else {
        note(change::token_added(record, owner))
    }
    number(&added, "number")
}

/// The record in a row of [`RECORD`].
pub(super) fn record(row: &Row) -> Result<TokenRecord, Failure> {
    Ok(TokenRecord {
        id: row.try_get("id")?,
        serial: number(row, "number")?,
        root_serial: number_option(row, "parent")?,
        kind: kind(row)?,
        name: row.try_get("name")?,
        organization: row.try_get("organization")?,
        grants: from_json(row, "grants")?,
        origins: from_json(row, "origins")?,
        created_at: number(row, "created_at")?,
        expires_at: number_option(row, "expires_at")?,
        revoked_at: number_option(row, "revoked_at")?,
        suspended_at: number_option(row, "suspended_at")?,
        last_used_at: number_option(row, "last_used_at")?,
        created_by: row.try_get("created_by")?,
        owner: row.try_get("owner")?,
        version: number(row, "version")?,
        last_chars: row.try_get("last_chars")?,
    })
}

/// The state in a row of the view.
pub(super) fn state(row: &Row) -> Result<TokenState, Failure> {
    Ok(TokenState {
        expires_at: number_option(row, "expires_at")?,
        revoked_at: number_option(row, "revoked_at")?,
        suspended_at: number_option(row, "suspended_at")?,
    })
}

/// The kind in the column `kind`.
pub(super) fn kind(row: &Row) -> Result<TokenKind, Failure> {
    row.try_get::<_, &str>("kind")?.parse().map_err(Failure::value)
}

/// The value in a column with JSON.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, Failure> {
    serde_json::from_str(row.try_get(column)?).map_err(Failure::value)
}
