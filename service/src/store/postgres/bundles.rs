//! What bundle references stand for, and their redemptions.

use daypass::verify::TokenHash;
use deadpool_postgres::GenericClient;

use super::super::Rule;
use super::super::notes::traffic;
use super::sql::{execute, find, number, number_option, row, rows, signed};
use super::tokens::{from_json, insert, locked_state, state};
use super::{Failure, marks, organizations};
use crate::domain::bundle::{
    ActiveBundles, BundleAddition, BundleFacts, BundleUsage, MOST_COUNTED, MOST_DELETED, NewBundle, Redeemer,
    Redemption, RedemptionFacts, SingleUse, StoredBundle, delete_before,
};

pub(super) async fn add(
    transaction: &impl GenericClient,
    new: &NewBundle,
    rule: &Rule<BundleFacts, BundleAddition>,
) -> Result<u64, Failure> {
    let (number, parent) = locked_state(transaction, new.parent).await?.unzip();
    let (newest_mark, organization) = (marks::newest(transaction).await?.number, &new.token.record.organization);
    let limits = organizations::find(transaction, organization).await?.map(|found| found.limits).unwrap_or_default();
    let usage = usage(transaction, organization, newest_mark).await?;
    let BundleAddition { expires_at, mark, delete_before, bytes } =
        rule(&BundleFacts { parent, newest_mark, limits, usage })?;
    // Another node may be deleting the same ones.
    let delete = format!(
        "DELETE FROM token WHERE number IN (
            SELECT number FROM bundle JOIN token ON number = bundle.token
            WHERE mark < $1 ORDER BY mark LIMIT {MOST_DELETED} FOR UPDATE OF token SKIP LOCKED)"
    );
    execute(transaction, &delete, &[&signed(delete_before)?]).await?;
    let reference = signed(insert(transaction, &new.token.expiring(expires_at), None).await?)?;
    let single_use = new.single_use.as_ref();
    let grants = single_use.map(|single_use| serde_json::to_string(&single_use.grants)).transpose();
    let sealed = single_use.and_then(|single_use| single_use.sealed.as_ref());
    let insert = "INSERT INTO bundle (token, parent, parameters, grants, sealed, mark) VALUES ($1, $2, $3, $4, $5, $6)";
    let grants = grants.map_err(Failure::value)?;
    execute(transaction, insert, &[&reference, &number, &new.parameters, &grants, &sealed, &signed(mark)?]).await?;
    count(transaction, organization, signed(mark)?, signed(bytes)?, signed(delete_before)?).await?;
    Ok(expires_at)
}

/// Counts another reference. Its row is the last that the transaction locks.
async fn count(
    transaction: &impl GenericClient,
    organization: &str,
    mark: i64,
    bytes: i64,
    delete_before: i64,
) -> Result<(), Failure> {
    let delete = "DELETE FROM usage WHERE organization = $1 AND kind = 'bundle' AND mark < $2";
    execute(transaction, delete, &[&organization, &delete_before]).await?;
    let add = "INSERT INTO usage (organization, kind, mark, number, bytes) VALUES ($1, 'bundle', $2, 1, $3)
        ON CONFLICT (organization, kind, mark)
        DO UPDATE SET number = usage.number + 1, bytes = usage.bytes + excluded.bytes";
    execute(transaction, add, &[&organization, &mark, &bytes]).await?;
    Ok(())
}

/// Those that are added at the same time may be missing.
async fn usage(transaction: &impl GenericClient, organization: &str, newest_mark: u64) -> Result<BundleUsage, Failure> {
    let usage = "SELECT coalesce(sum(number), 0)::bigint AS number, coalesce(sum(bytes), 0)::bigint AS bytes
        FROM usage WHERE organization = $1 AND kind = 'bundle' AND mark >= $2";
    let usage = row(transaction, usage, &[&organization, &signed(delete_before(newest_mark))?]).await?;
    Ok(BundleUsage { number: number(&usage, "number")?, bytes: number(&usage, "bytes")? })
}

pub(super) async fn count_active(client: &impl GenericClient, parent: u64, now: u64) -> Result<ActiveBundles, Failure> {
    let count = "SELECT count(*) AS number, max(expires_at) AS last_end FROM (
        SELECT token.expires_at FROM bundle JOIN token ON token.number = bundle.token
        WHERE bundle.parent = $1 AND token.revoked_at IS NULL AND token.expires_at > $2 LIMIT $3) AS active";
    let most = signed(MOST_COUNTED + 1)?;
    let counted = row(client, count, &[&signed(parent)?, &signed(now)?, &most]).await?;
    Ok(ActiveBundles { number: number(&counted, "number")?, last_end: number_option(&counted, "last_end")? })
}

pub(super) async fn find_bundle(
    client: &impl GenericClient,
    reference: TokenHash,
) -> Result<Option<StoredBundle>, Failure> {
    let bundle = "SELECT parent.id, bundle.parameters, bundle.grants, bundle.sealed
        FROM token JOIN bundle ON bundle.token = token.number
        JOIN token AS parent ON parent.number = bundle.parent WHERE token.hash = $1";
    let Some(row) = find(client, bundle, &[&&reference.as_bytes()[..]]).await? else { return Ok(None) };
    let single_use = match row.try_get::<_, Option<&str>>("grants")? {
        Some(_) => Some(SingleUse { grants: from_json(&row, "grants")?, sealed: row.try_get("sealed")? }),
        None => None,
    };
    Ok(Some(StoredBundle { parent: row.try_get("id")?, parameters: row.try_get("parameters")?, single_use }))
}

pub(super) async fn redeem(
    transaction: &impl GenericClient,
    reference: TokenHash,
    rule: &Rule<Option<RedemptionFacts>, Option<Redemption>>,
) -> Result<(), Failure> {
    let hash = &reference.as_bytes()[..];
    // Revocations of the reference and of its parent keep these rows locked, and so do other redemptions. What follows sees
    // what was committed by then.
    let lock = "SELECT number FROM token WHERE hash = $1
            OR number = (SELECT parent FROM bundle JOIN token AS own ON own.number = bundle.token WHERE own.hash = $1)
        ORDER BY number FOR NO KEY UPDATE";
    rows(transaction, lock, &[&hash]).await?;
    let of_hash = "SELECT record.number, expires_at, revoked_at, suspended_at, redeemed_at, redeemer
        FROM record LEFT JOIN bundle ON bundle.token = record.number WHERE hash = $1";
    let row = find(transaction, of_hash, &[&hash]).await?;
    let facts = match &row {
        Some(row) => {
            let at = number_option(row, "redeemed_at")?;
            let redeemer = row.try_get::<_, Option<Vec<u8>>>("redeemer")?.map(<[u8; 32]>::try_from).transpose();
            let redeemer = redeemer.map_err(|_| Failure::value("a redeemer is 32 bytes"))?;
            let first = at.zip(redeemer).map(|(at, redeemer)| Redemption { at, redeemer: Redeemer(redeemer) });
            Some(RedemptionFacts { state: state(row)?, first })
        }
        None => None,
    };
    if let (Some(Redemption { at, redeemer }), Some(row)) = (rule(&facts)?, &row) {
        traffic();
        let write = "UPDATE bundle SET redeemed_at = $2, redeemer = $3 WHERE token = $1";
        execute(transaction, write, &[&signed(number(row, "number")?)?, &signed(at)?, &&redeemer.0[..]]).await?;
    }
    Ok(())
}
