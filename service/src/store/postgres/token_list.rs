//! Lists of tokens, a page at a time, and their number.

use daypass::TokenKind;
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::types::ToSql;

use super::super::TokenSlice;
use super::sql::{number, rows, signed, signed_option};
use super::tokens::{Compared, RECORD, compare_more, kind, record, state};
use super::{Failure, principals};
use crate::domain::token_list::{PageQuery, TokenFilter};

const COUNT: &str = "
    SELECT kind, count(*) FROM token JOIN organization ON organization.id = token.organization
    WHERE token.organization = $1 AND token.kind <> 'bundle' AND token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > $2)
        AND token.number <= coalesce($3::bigint, token.number)
        AND organization.revoked_at IS NULL AND token.number > coalesce(organization.revoked_up_to, 0)
    GROUP BY kind";

/// How many tokens one statement examines at most.
const MAX_ROWS: usize = 1000;

/// Returns the statement that examines a list from its newest token on: an index has its order. Of a token it reads no more
/// than the filter needs, and how many bytes the rest has.
///
/// The numbers are where the index is entered, and only that index has the order: by an equality the planner may read all
/// tokens from the newest on, in the hope that many are of this organization or owner. `$1` is the organization, or the owner's number.
pub(super) fn statement(filter: &TokenFilter) -> String {
    let column = if filter.owner.is_some() { "owner" } else { "organization" };
    let (columns, values, first) = match filter.kind {
        Some(_) => ("kind, number", "$3, $2", format!("{column} IS NOT NULL AND ({column}, kind) >= ($1, $3)")),
        None => ("number", "$2", format!("{column} >= $1 AND kind <> 'bundle' AND $3::text IS NULL")),
    };
    let order = columns.replace(',', " DESC,");
    format!(
        "SELECT number, name, expires_at, revoked_at, suspended_at,
            (octet_length(grants) + octet_length(origins))::bigint AS bytes
        FROM record WHERE number IN (
            SELECT number FROM token WHERE ({column}, {columns}) < ($1, {values}) AND {first}
            ORDER BY {column} DESC, {order} DESC LIMIT $4
        ) ORDER BY number DESC"
    )
}

/// Reads a page: with statements that examine more and more tokens if the filter includes few, and one for the page.
pub(super) async fn page(
    transaction: &Transaction<'_>,
    organization: &str,
    query: &PageQuery,
) -> Result<TokenSlice, Failure> {
    let (numbers, next) = examine(transaction, organization, query).await?;
    let records = format!("{RECORD} WHERE number = ANY ($1) ORDER BY number DESC");
    let records = rows(transaction, &records, &[&numbers]).await?;
    Ok(TokenSlice { tokens: records.iter().map(record).collect::<Result<_, _>>()?, next })
}

/// Returns the numbers of a page's tokens, and the number below which the list goes on.
async fn examine(
    transaction: &Transaction<'_>,
    organization: &str,
    query: &PageQuery,
) -> Result<(Vec<i64>, Option<u64>), Failure> {
    let PageQuery { filter, before, limit, max_examined, now, .. } = query;
    let (list, kind) = (statement(filter), filter.kind.map(TokenKind::as_str));
    let (mut numbers, mut last, mut examined, mut bytes) = (vec![], *before, 0, 0);
    let owner = match &filter.owner {
        Some(id) => match principals::number_of(transaction, organization, id).await? {
            Some(number) => Some(number),
            None => return Ok((numbers, None)),
        },
        None => None,
    };
    let whose: &(dyn ToSql + Sync) = owner.as_ref().map_or(&organization, |owner| owner);
    let mut most = limit + 1;
    loop {
        let before = last.map_or(Ok(i64::MAX), signed)?;
        let count = i64::try_from(most).map_err(Failure::value)?;
        let batch = rows(transaction, &list, &[whose, &before, &kind, &count]).await?;
        for row in &batch {
            if examined == *max_examined {
                return Ok((numbers, last));
            }
            if filter.includes(row.try_get("name")?, state(row)?, *now) {
                bytes += usize::try_from(row.try_get::<_, i64>("bytes")?).map_err(Failure::value)?;
                if !query.has_room(numbers.len(), bytes) {
                    return Ok((numbers, last));
                }
                numbers.push(row.try_get("number")?);
            }
            last = Some(number(row, "number")?);
            examined += 1;
        }
        if batch.len() < most {
            return Ok((numbers, None));
        }
        most = (2 * most).min(MAX_ROWS);
    }
}

pub(super) async fn count_active(
    client: &impl GenericClient,
    organization: &str,
    issued_before: Option<u64>,
    now: u64,
) -> Result<Vec<(TokenKind, u64)>, Failure> {
    let last = match issued_before {
        Some(time) => {
            let compared = compare_more(client, organization, [time, now], Compared::default()).await?;
            Some(compared.last_before.unwrap_or(0))
        }
        None => None,
    };
    let counts = rows(client, COUNT, &[&organization, &signed(now)?, &signed_option(last)?]).await?;
    counts.iter().map(|row| Ok((kind(row)?, number(row, "count")?))).collect()
}
