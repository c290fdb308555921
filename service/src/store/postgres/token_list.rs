//! Lists of tokens, a page at a time, and their number.

use daypass::TokenKind;
use deadpool_postgres::GenericClient;

use super::super::TokenSlice;
use super::Failure;
use super::sql::{number, rows, signed, signed_option};
use super::tokens::{Compared, RECORD, compare_more, kind, record, state};
use crate::domain::token_list::PageQuery;

const COUNT: &str = "
    SELECT kind, count(*) FROM token JOIN organization ON organization.id = token.organization
    WHERE token.organization = $1 AND token.kind <> 'bundle' AND token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > $2)
        AND token.number <= coalesce($3::bigint, token.number)
        AND organization.revoked_at IS NULL AND token.number > coalesce(organization.revoked_up_to, 0)
    GROUP BY kind";

/// How many tokens one statement reads at most.
const MAX_ROWS: usize = 2000;

/// Returns the statement that reads a list from its newest token on: an index has its order.
///
/// The organization is a range of one, so that the order begins with it. By its number alone the planner may read all
/// tokens from the newest on, in the hope that many are of this organization.
pub(super) fn statement(kind: Option<TokenKind>) -> String {
    let condition = if kind.is_some() { "kind = $3" } else { "kind <> 'bundle' AND $3::text IS NULL" };
    format!(
        "{RECORD} WHERE number IN (
            SELECT number FROM token WHERE organization BETWEEN $1 AND $1 AND number < $2 AND {condition}
            ORDER BY organization DESC, number DESC LIMIT $4
        ) ORDER BY number DESC"
    )
}

/// Reads a page, with statements that read more and more rows if the filter includes few.
pub(super) async fn page(
    client: &impl GenericClient,
    organization: &str,
    query: &PageQuery,
) -> Result<TokenSlice, Failure> {
    let PageQuery { filter, before, limit, max_examined, now } = query;
    let (list, kind) = (statement(filter.kind), filter.kind.map(TokenKind::as_str));
    let (mut slice, mut last, mut examined) = (TokenSlice { tokens: vec![], next: None }, *before, 0);
    let mut most = limit + 1;
    loop {
        let before = last.map_or(Ok(i64::MAX), signed)?;
        let count = i64::try_from(most).map_err(Failure::value)?;
        let batch = rows(client, &list, &[&organization, &before, &kind, &count]).await?;
        for row in &batch {
            if examined == *max_examined {
                slice.next = last;
                return Ok(slice);
            }
            let state = state(row)?;
            if filter.includes(row.try_get("name")?, state, *now) {
                if slice.tokens.len() == *limit {
                    slice.next = last;
                    return Ok(slice);
                }
                slice.tokens.push(record(row)?);
            }
            last = Some(number(row, "number")?);
            examined += 1;
        }
        if batch.len() < most {
            return Ok(slice);
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
