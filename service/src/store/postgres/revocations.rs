//! Revocations, and what the store knows of a JWT.

use std::time::Duration;

use daypass::Error;
use daypass::api::RevocationTarget;
use daypass::jwt::lineage;
use deadpool_postgres::{GenericClient, Transaction};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;

use super::super::Rule;
use super::sql::{find, number, number_option, row, signed};
use super::tokens::{Compared, compare_more};
use super::{Failure, PostgresStore, feed, organizations};
use crate::domain::revocation::{IssueOrder, JwtFacts, RevocationFacts, RootFacts};

/// How long a revocation looks whether it was made already.
const LOOK: Duration = Duration::from_millis(200);
/// Locks the rows that a statement selects.
const LOCKED: &str = "FOR NO KEY UPDATE";

pub(super) async fn revoke(
    transaction: &Transaction<'_>,
    organization: &str,
    target: &RevocationTarget,
    at: u64,
    rule: &Rule<RevocationFacts, Vec<RevocationTarget>>,
) -> Result<(), Failure> {
    // Before the feed is locked: it takes long if many tokens are from after the time.
    let compared = match target {
        RevocationTarget::IssuedBefore { organization, time } => {
            compare_more(transaction, organization, [*time, at], Compared::default()).await?
        }
        _ => Compared::default(),
    };
    feed::lock(transaction).await?;
    let targets = rule(&facts(transaction, target, at, compared).await?)?;
    feed::enter(transaction, Some(organization), &targets, at).await
}

impl PostgresStore {
    /// Returns whether a token is known to have been revoked itself, so that revoking it again adds nothing.
    ///
    /// SECURITY: that delays no revocation for longer than [`LOOK`], and prevents none: if nothing is known by then, such
    /// as while others read as much as they can, the token is revoked as if it had not been. It uses no connection of
    /// revocations and leaves the feed unlocked. The lock of the token's row is committed, so that this waits for what
    /// the revocation waited for, such as a standby.
    pub(super) async fn is_revoked_already(&self, serial: u64) -> bool {
        let look = async {
            Ok::<_, Error>(
                self.read(serial, |client, serial| Box::pin(is_revoked(client, *serial, ""))).await?
                    && self.write(serial, |client, serial| Box::pin(is_revoked(client, *serial, LOCKED))).await?,
            )
        };
        matches!(timeout(LOOK, look).await, Ok(Ok(true)))
    }
}

/// Reads the facts, and locks the target's row: an organization's before its tokens are read, so that whatever is added
/// later has a greater number.
async fn facts(
    transaction: &impl GenericClient,
    target: &RevocationTarget,
    at: u64,
    compared: Compared,
) -> Result<RevocationFacts, Failure> {
    let (mut order, mut is_last_operator) = (IssueOrder::default(), false);
    let marked = match target {
        RevocationTarget::Token { serial } => mark(transaction, "token", "number", &signed(*serial)?).await?,
        RevocationTarget::Jwt { .. } => Some(feed::newest_entry(transaction, target).await?.map(|entry| entry.at)),
        RevocationTarget::Organization { organization } => {
            let marked = mark(transaction, "organization", "id", organization).await?;
            is_last_operator = marked.is_some() && organizations::is_last_operator(transaction, organization).await?;
            marked
        }
        RevocationTarget::IssuedBefore { organization, time } => {
            let found = organizations::find_locked(transaction, organization).await?;
            order.revoked_up_to = found.as_ref().and_then(|organization| organization.revoked_up_to);
            order.last_before = compare_more(transaction, organization, [*time, at], compared).await?.last_before;
            found.map(|organization| organization.issued_before)
        }
        RevocationTarget::Key { kid } => mark(transaction, "signing_key", "kid", kid).await?,
        // They are made by the one before, or revoke nothing, so that there is nothing to be revoked by them.
        RevocationTarget::IssuedUpTo { .. }
        | RevocationTarget::Changed { .. }
        | RevocationTarget::Suspended { .. }
        | RevocationTarget::Resumed { .. } => None,
    };
    Ok(RevocationFacts { exists: marked.is_some(), mark: marked.flatten(), order, is_last_operator })
}

async fn mark(
    transaction: &impl GenericClient,
    table: &str,
    key: &str,
    value: &(dyn ToSql + Sync),
) -> Result<Option<Option<u64>>, Failure> {
    let mark = format!("SELECT revoked_at FROM {table} WHERE {key} = $1 {LOCKED}");
    find(transaction, &mark, &[value]).await?.map(|row| number_option(&row, "revoked_at")).transpose()
}

async fn is_revoked(client: &impl GenericClient, serial: u64, lock: &str) -> Result<bool, Failure> {
    let find_revoked = format!("SELECT FROM token WHERE number = $1 AND revoked_at IS NOT NULL {lock}");
    Ok(find(client, &find_revoked, &[&signed(serial)?]).await?.is_some())
}

/// Reads what is known of a JWT, as of one moment: with one statement.
pub(super) async fn jwt(client: &impl GenericClient, root_serial: u64, jti: &str) -> Result<JwtFacts, Failure> {
    let facts = "SELECT record.organization, record.revoked_at, organization.issued_before, record.suspended_at,
            (SELECT max(seq) FROM revocation
                WHERE level IN ('issuedBefore', 'issuedUpTo') AND organization = record.organization) AS time_seq,
            EXISTS (SELECT 1 FROM revocation WHERE level = 'jwt' AND name = ANY ($2)) AS has_entry,
            (SELECT seq FROM feed_mark ORDER BY number LIMIT 1) AS deleted_up_to
        FROM (SELECT) AS one
        LEFT JOIN record ON record.number = $1
        LEFT JOIN organization ON organization.id = record.organization";
    let row = row(client, facts, &[&signed(root_serial)?, &lineage(jti).collect::<Vec<_>>()]).await?;
    let root = match row.try_get::<_, Option<String>>("organization")? {
        Some(organization) => Some(RootFacts {
            organization,
            revoked_at: number_option(&row, "revoked_at")?,
            issued_before: number_option(&row, "issued_before")?.zip(number_option(&row, "time_seq")?),
            suspended_at: number_option(&row, "suspended_at")?,
        }),
        None => None,
    };
    Ok(JwtFacts { root, has_entry: row.try_get("has_entry")?, deleted_up_to: number(&row, "deleted_up_to")? })
}
