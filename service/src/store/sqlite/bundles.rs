//! What bundle references stand for, and their redemptions.

use daypass::verify::TokenHash;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::Rule;
use super::super::notes::traffic;
use super::tokens::{from_json, insert, state, to_json};
use super::{Failure, marks, organizations};
use crate::domain::bundle::{
    ActiveBundles, BundleAddition, BundleFacts, BundleUsage, MOST_COUNTED, MOST_DELETED, NewBundle, Redeemer,
    Redemption, RedemptionFacts, SingleUse, StoredBundle, delete_before,
};

pub(super) fn add(
    transaction: &Transaction<'_>,
    new: &NewBundle,
    rule: &Rule<BundleFacts, BundleAddition>,
) -> Result<u64, Failure> {
    let (number, parent) = state(transaction, new.parent)?.unzip();
    let (newest_mark, organization) = (marks::newest(transaction)?.number, &new.token.record.organization);
    let limits = organizations::find(transaction, organization)?.map(|found| found.limits).unwrap_or_default();
    let usage = usage(transaction, organization, newest_mark)?;
    let BundleAddition { expires_at, mark, delete_before, bytes } =
        rule(&BundleFacts { parent, newest_mark, limits, usage })?;
    let delete = format!(
        "DELETE FROM token WHERE number IN (SELECT token FROM bundle WHERE mark < ?1 ORDER BY mark LIMIT {MOST_DELETED})"
    );
    transaction.prepare_cached(&delete)?.execute([delete_before])?;
    let reference = insert(transaction, &new.token.expiring(expires_at), None)?;
    let single_use = new.single_use.as_ref();
    let grants = single_use.map(|single_use| to_json(&single_use.grants)).transpose()?;
    let sealed = single_use.and_then(|single_use| single_use.sealed.as_ref());
    transaction
        .prepare_cached(
            "INSERT INTO bundle (token, parent, parameters, grants, sealed, mark) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![reference, number, new.parameters, grants, sealed, mark])?;
    transaction
        .prepare_cached("DELETE FROM usage WHERE organization = ?1 AND kind = 'bundle' AND mark < ?2")?
        .execute(params![organization, delete_before])?;
    transaction
        .prepare_cached(
            "INSERT INTO usage (organization, kind, mark, number, bytes) VALUES (?1, 'bundle', ?2, 1, ?3)
            ON CONFLICT DO UPDATE SET number = number + 1, bytes = bytes + excluded.bytes",
        )?
        .execute(params![organization, mark, bytes])?;
    Ok(expires_at)
}

fn usage(transaction: &Transaction<'_>, organization: &str, newest_mark: u64) -> Result<BundleUsage, Failure> {
    let usage = "SELECT coalesce(sum(number), 0), coalesce(sum(bytes), 0)
        FROM usage WHERE organization = ?1 AND kind = 'bundle' AND mark >= ?2";
    Ok(transaction.prepare_cached(usage)?.query_row(params![organization, delete_before(newest_mark)], |row| {
        Ok(BundleUsage { number: row.get(0)?, bytes: row.get(1)? })
    })?)
}

pub(super) fn count(connection: &Connection, parent: u64, now: u64) -> Result<ActiveBundles, Failure> {
    // The index has the references of a token in their order.
    let count = "SELECT count(*), max(expires_at) FROM (
        SELECT token.expires_at FROM bundle JOIN token ON token.number = bundle.token
        WHERE bundle.parent = ?1 AND token.revoked_at IS NULL AND token.expires_at > ?2
        ORDER BY bundle.token DESC LIMIT ?3)";
    Ok(connection.prepare_cached(count)?.query_row(params![parent, now, MOST_COUNTED + 1], |row| {
        Ok(ActiveBundles { number: row.get(0)?, last_end: row.get(1)? })
    })?)
}

pub(super) fn bundle(connection: &Connection, reference: TokenHash) -> Result<Option<StoredBundle>, Failure> {
    let bundle = "SELECT parent.id, bundle.parameters, bundle.grants, bundle.sealed
        FROM token JOIN bundle ON bundle.token = token.number
        JOIN token AS parent ON parent.number = bundle.parent WHERE token.hash = ?1";
    let row = connection.prepare_cached(bundle)?.query_row([reference.as_bytes()], |row| {
        let is_single_use = row.get_ref(2)?.data_type() != Type::Null;
        let single_use = is_single_use
            .then(|| Ok::<_, rusqlite::Error>(SingleUse { grants: from_json(row, 2)?, sealed: row.get(3)? }));
        Ok(StoredBundle { parent: row.get(0)?, parameters: row.get(1)?, single_use: single_use.transpose()? })
    });
    Ok(row.optional()?)
}

pub(super) fn redeem(
    transaction: &Transaction<'_>,
    reference: TokenHash,
    rule: &Rule<Option<RedemptionFacts>, Option<Redemption>>,
) -> Result<(), Failure> {
    let (number, state) = state(transaction, reference)?.unzip();
    let facts = match state {
        Some(state) => Some(RedemptionFacts { state, first: first_redemption(transaction, number)? }),
        None => None,
    };
    if let Some(Redemption { at, redeemer }) = rule(&facts)? {
        traffic();
        transaction
            .prepare_cached("UPDATE bundle SET redeemed_at = ?2, redeemer = ?3 WHERE token = ?1")?
            .execute(params![number, at, redeemer.0])?;
    }
    Ok(())
}

fn first_redemption(transaction: &Transaction<'_>, number: Option<u64>) -> rusqlite::Result<Option<Redemption>> {
    transaction
        .prepare_cached("SELECT redeemed_at, redeemer FROM bundle WHERE token = ?1 AND redeemed_at IS NOT NULL")?
        .query_row([number], |row| Ok(Redemption { at: row.get(0)?, redeemer: Redeemer(row.get(1)?) }))
        .optional()
}
