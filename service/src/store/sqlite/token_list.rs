//! Lists of tokens, a page at a time, and their number.

use daypass::TokenKind;
use rusqlite::{Connection, Row, params};

use super::super::TokenSlice;
use super::tokens::{RECORD, last_before, record};
use super::{Failure, unreadable};
use crate::domain::token::TokenState;
use crate::domain::token_list::{PageQuery, TokenFilter};

const COUNT: &str = "
    SELECT kind, count(*) FROM token JOIN organization ON organization.id = token.organization
    WHERE token.organization = ?1 AND token.kind <> 'bundle' AND token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > ?2)
        AND +token.number <= coalesce(?3, token.number)
        AND organization.revoked_at IS NULL AND +token.number > coalesce(organization.revoked_up_to, 0)
    GROUP BY kind";

/// Returns the statement that reads a list from its newest token on: an index has its order.
fn statement(filter: &TokenFilter) -> String {
    let kind = if filter.kind.is_some() { "kind = ?3" } else { "kind <> 'bundle' AND ?3 IS NULL" };
    // The unary plus keeps the planner from the organization's own indexes, which have other owners' tokens too.
    let owner = match filter.owner {
        Some(_) => {
            "owner_number = (SELECT number FROM principal WHERE organization = ?1 AND id = ?4) AND +organization = ?1"
        }
        None => "organization = ?1 AND ?4 IS NULL",
    };
    format!("{RECORD} WHERE {owner} AND number < ?2 AND {kind} ORDER BY number DESC")
}

pub(super) fn page(connection: &Connection, organization: &str, query: &PageQuery) -> Result<TokenSlice, Failure> {
    let PageQuery { filter, before, max_examined, now, .. } = query;
    let mut list = connection.prepare_cached(&statement(filter))?;
    let before = before.unwrap_or(i64::MAX.unsigned_abs());
    let mut rows = list.query(params![organization, before, filter.kind.map(TokenKind::as_str), filter.owner])?;
    let (mut slice, mut last, mut examined, mut bytes) = (TokenSlice { tokens: vec![], next: None }, None, 0, 0);
    while let Some(row) = rows.next()? {
        if examined == *max_examined {
            slice.next = last;
            break;
        }
        let state = TokenState {
            expires_at: row.get("expires_at")?,
            revoked_at: row.get("revoked_at")?,
            suspended_at: row.get("suspended_at")?,
        };
        if filter.includes(text(row, "name")?, state, *now) {
            bytes += text(row, "grants")?.len() + text(row, "origins")?.len();
            if !query.has_room(slice.tokens.len(), bytes) {
                slice.next = last;
                break;
            }
            slice.tokens.push(record(row)?);
        }
        last = Some(row.get("number")?);
        examined += 1;
    }
    Ok(slice)
}

fn text<'a>(row: &'a Row<'_>, column: &str) -> Result<&'a str, Failure> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

pub(super) fn count_active(
    connection: &Connection,
    organization: &str,
    issued_before: Option<u64>,
    now: u64,
) -> Result<Vec<(TokenKind, u64)>, Failure> {
    let last = match issued_before {
        Some(time) => Some(last_before(connection, organization, time, now)?.unwrap_or(0)),
        None => None,
    };
    let mut count = connection.prepare_cached(COUNT)?;
    let rows = count.query_map(params![organization, now, last], |row| {
        let kind = row.get::<_, String>(0)?.parse().map_err(|cause| unreadable(0, cause))?;
        Ok((kind, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::super::{connection, file, tokens};
    use super::*;
    use crate::domain::token::TokenStatus;
    use crate::domain::token_list::TokenList;

    /// A store of three organizations, of which one is revoked.
    fn store() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        file::create(&path).expect("a file");
        let connection = connection::open_writer(&path).expect("a store");
        let organizations = "INSERT INTO organization (id, created_at, revoked_at)
            VALUES ('own', 1, NULL), ('revoked', 1, 9), ('other', 1, NULL)";
        connection.execute(organizations, []).expect("rows");
        (folder, connection)
    }

    /// Adds a token with the id `t` and its number, and returns the number.
    fn add(connection: &Connection, organization: &str, kind: &str, name: &str, times: [Option<u64>; 3]) -> u64 {
        let [created_at, expires_at, revoked_at] = times;
        let insert = "INSERT INTO token
            (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at)
            VALUES (randomblob(32), ?1, 't', ?2, ?3, '[]', '[]', 'abcd', ?4, ?5, ?6)";
        let row = params![organization, kind, name, created_at, expires_at, revoked_at];
        connection.execute(insert, row).expect("a row");
        connection.last_insert_rowid().unsigned_abs()
    }

    /// Reads a whole list in pages, and returns the serial numbers of each page.
    fn pages(connection: &Connection, filter: &TokenFilter, limit: usize, max_examined: usize) -> Vec<Vec<u64>> {
        let mut query = TokenList { filter: filter.clone(), ..TokenList::default() }.query(100);
        (query.limit, query.max_examined) = (limit, max_examined);
        let mut pages = vec![];
        loop {
            let Ok(slice) = page(connection, "own", &query) else { panic!("a page") };
            pages.push(slice.tokens.iter().map(|token| token.serial).collect());
            query.before = slice.next;
            if query.before.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn pages_have_every_token_once_newest_first_and_end_with_the_last_one() {
        let (_folder, connection) = store();
        let all = TokenFilter::default();
        assert_eq!(pages(&connection, &all, 2, 100), [[0; 0]]);
        let mut numbers = vec![];
        for index in 0..6 {
            let kind = ["secret", "publishable"][index % 2];
            numbers.push(add(&connection, "own", kind, "n", [Some(60), None, None]));
            add(&connection, "own", "bundle", "n", [Some(60), Some(200), None]);
            add(&connection, "other", kind, "n", [Some(60), None, None]);
        }
        numbers.reverse();
        for limit in 1..=7 {
            let expected: Vec<_> = numbers.chunks(limit).map(<[u64]>::to_vec).collect();
            assert_eq!(pages(&connection, &all, limit, 100), expected, "{limit}");
        }
        let secret = TokenFilter { kind: Some(TokenKind::Secret), ..all.clone() };
        assert_eq!(pages(&connection, &secret, 2, 100), [vec![numbers[1], numbers[3]], vec![numbers[5]]]);
        let bundle = TokenFilter { kind: Some(TokenKind::Bundle), ..all };
        assert_eq!(pages(&connection, &bundle, 100, 100).concat().len(), 6);
    }

    #[test]
    fn a_page_compares_a_bounded_number_of_tokens_with_its_filter() {
        let (_folder, connection) = store();
        let revoked = add(&connection, "own", "secret", "n", [Some(60), None, Some(70)]);
        for _ in 0..7 {
            add(&connection, "own", "secret", "n", [Some(60), None, None]);
        }
        let filter = TokenFilter { status: Some(TokenStatus::Revoked), ..TokenFilter::default() };
        assert_eq!(pages(&connection, &filter, 5, 8), [[revoked]]);
        assert_eq!(pages(&connection, &filter, 5, 3), [vec![], vec![], vec![revoked]]);
        assert_eq!(pages(&connection, &filter, 5, 7), [vec![], vec![revoked]]);
        let active = TokenFilter { status: Some(TokenStatus::Active), ..TokenFilter::default() };
        // The first page is full. It ends where it stopped to look for one more.
        assert_eq!(pages(&connection, &active, 7, 7), [vec![8, 7, 6, 5, 4, 3, 2], vec![]]);
    }

    #[test]
    fn only_active_tokens_are_counted_and_to_limits_only_so_far() {
        let (_folder, mut connection) = store();
        let publishable = |times| ("own", "publishable", times);
        for (organization, kind, times) in [
            // They were issued before a time, by their order.
            publishable([Some(60), None, None]),
            publishable([Some(60), Some(101), None]),
            publishable([Some(60), None, None]),
            publishable([Some(60), Some(101), None]),
            publishable([Some(50), None, None]),
            publishable([Some(60), Some(100), None]),
            publishable([Some(60), None, Some(70)]),
            publishable([Some(60), Some(101), Some(70)]),
            ("own", "secret", [Some(60), None, None]),
            ("own", "bundle", [Some(60), Some(101), None]),
            ("revoked", "publishable", [Some(5), None, None]),
            ("other", "publishable", [Some(5), None, None]),
        ] {
            add(&connection, organization, kind, "n", times);
        }
        connection
            .execute("UPDATE organization SET revoked_up_to = 2, revoked_up_to_at = 9 WHERE id = 'own'", [])
            .expect("a time");
        let count = |organization, before| {
            let Ok(mut counts) = count_active(&connection, organization, before, 100) else { panic!("counts") };
            counts.sort_by_key(|(kind, _)| kind.as_str());
            counts
        };
        assert_eq!(count("own", None), [(TokenKind::Publishable, 3), (TokenKind::Secret, 1)]);
        // The last one from before the time is the third.
        assert_eq!(count("own", Some(60)), [(TokenKind::Publishable, 3)]);
        assert_eq!(count("own", Some(50)), []);
        let ahead = add(&connection, "own", "application", "n", [Some(101), None, None]);
        assert_eq!(count("own", Some(50)).len(), 3, "the clock was ahead when the last one was created");
        connection.execute("DELETE FROM token WHERE number = ?1", [ahead]).expect("no row");
        assert_eq!(count("revoked", None), []);
        assert_eq!(count("other", None), [(TokenKind::Publishable, 1)]);

        let revoked = TokenFilter { status: Some(TokenStatus::Revoked), ..TokenFilter::default() };
        assert_eq!(pages(&connection, &revoked, 9, 100), [[8, 7, 2, 1]], "a revocation of any level counts");

        let transaction = connection.transaction().expect("a transaction");
        for (kind, count_to, expected) in [
            (TokenKind::Publishable, 100, 3),
            (TokenKind::Publishable, 3, 3),
            (TokenKind::Publishable, 2, 2),
            (TokenKind::Publishable, 0, 0),
            (TokenKind::Secret, 100, 1),
            (TokenKind::Application, 100, 0),
        ] {
            assert_eq!(tokens::active_of_kind(&transaction, "own", kind, 2, 100, count_to), Ok(expected), "{kind}");
        }
    }

    #[test]
    fn indexes_have_the_order_of_lists_and_the_ranges_of_counts() {
        let (_folder, connection) = store();
        let ranges = [
            "(organization=? AND kind=? AND expires_at=? AND number>?)",
            "(organization=? AND kind=? AND expires_at>?)",
        ];
        let list = |kind, owner: Option<&str>| {
            statement(&TokenFilter { kind, owner: owner.map(str::to_owned), ..TokenFilter::default() })
        };
        let secret = Some(TokenKind::Secret);
        for (statement, index, ranges) in [
            (list(None, None), "token_listed", &["(organization=? AND number<?)"][..]),
            (list(secret, None), "token_by_kind", &["(organization=? AND kind=? AND number<?)"]),
            (list(None, Some("svc_1")), "token_by_owner", &["(owner=? AND number<?)"]),
            (list(secret, Some("svc_1")), "token_by_owner_kind", &["(owner=? AND kind=? AND number<?)"]),
            (tokens::OF_KIND.to_owned(), "token_by_expiry", &ranges),
            (tokens::LAST_BEFORE.to_owned(), "token_listed", &["(organization=?)"]),
            (COUNT.to_owned(), "token_by_kind", &["(organization=?)"]),
        ] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).expect("a statement");
            let mut rows = explain.raw_query();
            let mut plan = vec![];
            while let Some(row) = rows.next().expect("a plan") {
                plan.push(row.get::<_, String>("detail").expect("a step"));
            }
            for range in ranges {
                let searches = ["", "COVERING "].map(|how| format!("SEARCH token USING {how}INDEX {index} {range}"));
                assert!(searches.iter().any(|search| plan.contains(search)), "{searches:?} {plan:#?}");
            }
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}
