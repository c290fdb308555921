//! Revocations, and what the store knows of a JWT.

use daypass::api::RevocationTarget;
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::types::ToSql;

use super::super::Rule;
use super::sql::{find, number, number_option, row, rows, signed};
use super::{Failure, feed, organizations};
use crate::domain::revocation::{JwtFacts, RevocationFacts, RootFacts};

pub(super) async fn revoke(
    transaction: &Transaction<'_>,
    organization: &str,
    target: &RevocationTarget,
    at: u64,
    rule: &Rule<RevocationFacts, Vec<RevocationTarget>>,
) -> Result<(), Failure> {
    feed::lock(transaction).await?;
    let targets = rule(&facts(transaction, target).await?)?;
    feed::enter(transaction, Some(organization), &targets, at).await
}

/// Reads the facts, and locks the target's row: an organization's before its tokens are read, so that whatever is added
/// later is younger.
async fn facts(transaction: &impl GenericClient, target: &RevocationTarget) -> Result<RevocationFacts, Failure> {
    let marked = match target {
        RevocationTarget::Token { serial } => {
            mark(transaction, "revoked_at", "token", "number", &signed(*serial)?).await?
        }
        RevocationTarget::Jwt { .. } => Some(feed::newest_entry(transaction, target).await?.map(|entry| entry.at)),
        RevocationTarget::Organization { organization } => {
            mark(transaction, "revoked_at", "organization", "id", organization).await?
        }
        RevocationTarget::IssuedBefore { organization, .. } => {
            mark(transaction, "issued_before", "organization", "id", organization).await?
        }
        RevocationTarget::Key { kid } => mark(transaction, "revoked_at", "signing_key", "kid", kid).await?,
        // They revoke nothing, so that there is nothing to be revoked by them.
        RevocationTarget::Changed { .. } | RevocationTarget::Suspended { .. } | RevocationTarget::Resumed { .. } => {
            None
        }
    };
    let Some(mark) = marked else {
        return Ok(RevocationFacts { exists: false, mark: None, roots: vec![], is_last_operator: false });
    };
    let (mut roots, mut is_last_operator) = (vec![], false);
    match target {
        RevocationTarget::IssuedBefore { organization, time } => {
            roots = self::roots(transaction, organization, *time).await?;
        }
        RevocationTarget::Organization { organization } => {
            is_last_operator = organizations::is_last_operator(transaction, organization).await?;
        }
        _ => {}
    }
    Ok(RevocationFacts { exists: true, mark, roots, is_last_operator })
}

async fn mark(
    transaction: &impl GenericClient,
    column: &str,
    table: &str,
    key: &str,
    value: &(dyn ToSql + Sync),
) -> Result<Option<Option<u64>>, Failure> {
    let mark = format!("SELECT {column} FROM {table} WHERE {key} = $1 FOR NO KEY UPDATE");
    find(transaction, &mark, &[value]).await?.map(|row| number_option(&row, column)).transpose()
}

async fn roots(transaction: &impl GenericClient, organization: &str, time: u64) -> Result<Vec<u64>, Failure> {
    let roots = "SELECT number FROM token
        WHERE organization = $1 AND created_at < $2 AND revoked_at IS NULL AND kind <> 'bundle' ORDER BY number";
    let rows = rows(transaction, roots, &[&organization, &signed(time)?]).await?;
    rows.iter().map(|row| number(row, "number")).collect()
}

/// Reads what is known of a JWT, as of one moment: with one statement.
pub(super) async fn jwt(client: &impl GenericClient, root_serial: u64, jti: &str) -> Result<JwtFacts, Failure> {
    let facts = "SELECT record.organization, record.revoked_at, organization.issued_before, record.suspended_at,
            EXISTS (SELECT 1 FROM revocation WHERE level = 'jwt' AND name = $2) AS has_entry,
            (SELECT seq FROM feed_mark ORDER BY number LIMIT 1) AS deleted_up_to
        FROM (SELECT) AS one
        LEFT JOIN record ON record.number = $1
        LEFT JOIN organization ON organization.id = record.organization";
    let row = row(client, facts, &[&signed(root_serial)?, &jti]).await?;
    let root = match row.try_get::<_, Option<String>>("organization")? {
        Some(organization) => Some(RootFacts {
            organization,
            revoked_at: number_option(&row, "revoked_at")?,
            issued_before: number_option(&row, "issued_before")?,
            suspended_at: number_option(&row, "suspended_at")?,
        }),
        None => None,
    };
    Ok(JwtFacts { root, has_entry: row.try_get("has_entry")?, deleted_up_to: number(&row, "deleted_up_to")? })
}
