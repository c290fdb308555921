//! Principals, and what ends with them.

use daypass::api::{PrincipalKind, Role};
use daypass::{Error, TokenKind};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::entry::word;
use super::super::notes::{note, traffic};
use super::super::principals::PrincipalStore;
use super::super::{Rule, StoreFuture};
use super::tokens::from_json;
use super::{Failure, SqliteStore, invitations, organizations, revocations, unreadable};
use crate::domain::audit::change;
use crate::domain::principal::{AddPrincipalFacts, Principal};
use crate::domain::principal_edit::{EditedPrincipal, OwnedToken, PrincipalFacts, Removal, TokenRange};

const PRINCIPAL: &str = "
    SELECT number, organization, id, kind, name, email, role, created_at, created_by, removed_at, version FROM principal";

const COUNT: &str = "
    SELECT kind, count(*) FROM record
    WHERE number IN (
            SELECT token.number FROM token JOIN principal ON token.owner = principal.number
            WHERE principal.organization = ?1 AND principal.id = ?2
            UNION ALL
            SELECT oauth_family.token FROM oauth_family JOIN principal ON oauth_family.client = principal.number
            WHERE principal.organization = ?1 AND principal.id = ?2
        )
        AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?3)
    GROUP BY kind";

const OTHER_OWNER: &str = "
    SELECT EXISTS (
        SELECT 1 FROM principal WHERE organization = ?1 AND id <> ?2 AND role = 'owner' AND removed_at IS NULL
    )";

/// The tokens of a principal that are not revoked themselves, and those of users that it has as an OAuth client.
const OWNED: &str = "
    SELECT * FROM (
        SELECT number FROM token
        WHERE owner = ?1 AND number > ?2 AND revoked_at IS NULL ORDER BY number LIMIT ?3
    )
    UNION ALL
    SELECT * FROM (
        SELECT number FROM oauth_family JOIN token ON token.number = oauth_family.token
        WHERE client = ?1 AND revoked_at IS NULL LIMIT ?3
    )
    LIMIT ?3";

/// The tokens of a principal that are not revoked themselves, with what they grant.
const GRANTED: &str = "
    SELECT number, kind, grants FROM token
    WHERE owner = ?1 AND number > ?2 AND revoked_at IS NULL ORDER BY number LIMIT ?3";

impl PrincipalStore for SqliteStore {
    fn principal<'a>(&'a self, organization: &'a str, id: &'a str) -> StoreFuture<'a, Option<Principal>> {
        let (organization, id) = (organization.to_owned(), id.to_owned());
        self.read(move |connection| find(connection, &organization, &id))
    }

    fn principals<'a>(
        &'a self,
        organization: &'a str,
        kind: Option<PrincipalKind>,
        after: u64,
        most: usize,
    ) -> StoreFuture<'a, Vec<Principal>> {
        let organization = organization.to_owned();
        self.read(move |connection| page(connection, &organization, kind, after, most))
    }

    fn count_owned<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        now: u64,
    ) -> StoreFuture<'a, Vec<(TokenKind, u64)>> {
        let (organization, id) = (organization.to_owned(), id.to_owned());
        self.read_list(move |connection| count(connection, &organization, &id, now))
    }

    fn add_principal(&self, new: Principal, rule: Rule<AddPrincipalFacts>) -> StoreFuture<'_, u64> {
        self.add(move |transaction| add(transaction, &new, &rule))
    }

    fn edit_principal<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        acting: Option<&'a str>,
        range: TokenRange,
        at: u64,
        rule: Rule<PrincipalFacts<OwnedToken>, Option<EditedPrincipal>>,
    ) -> StoreFuture<'a, (Principal, Option<u64>)> {
        let (organization, id, acting) = (organization.to_owned(), id.to_owned(), acting.map(str::to_owned));
        Box::pin(async move {
            self.require_space()?;
            let edit = move |transaction: &Transaction<'_>| {
                edit(transaction, &organization, &id, acting.as_deref(), range, at, &rule)
            };
            self.revoking_much(edit).await
        })
    }

    fn remove_principal<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        acting: Option<&'a str>,
        at: u64,
        most: usize,
        rule: Rule<PrincipalFacts<u64>, Option<Removal>>,
    ) -> StoreFuture<'a, Principal> {
        let (organization, id, acting) = (organization.to_owned(), id.to_owned(), acting.map(str::to_owned));
        self.revoking_much(move |transaction| {
            remove(transaction, &organization, &id, acting.as_deref(), at, most, &rule)
        })
    }
}

pub(super) fn find(connection: &Connection, organization: &str, id: &str) -> Result<Option<Principal>, Failure> {
    let find = format!("{PRINCIPAL} WHERE organization = ?1 AND id = ?2");
    Ok(connection.prepare_cached(&find)?.query_row([organization, id], principal).optional()?)
}

/// Returns the principal with this number.
pub(super) fn numbered(connection: &Connection, number: u64) -> Result<Principal, Failure> {
    let find = format!("{PRINCIPAL} WHERE number = ?1");
    Ok(connection.prepare_cached(&find)?.query_row([number], principal)?)
}

/// Finds the user that asks for a change, if one does.
pub(super) fn find_acting(
    connection: &Connection,
    organization: &str,
    id: Option<&str>,
) -> Result<Option<Principal>, Failure> {
    id.map_or(Ok(None), |id| find(connection, organization, id))
}

/// Finds the principal that a token belongs to.
pub(super) fn owner(connection: &Connection, serial: u64) -> Result<Option<Principal>, Failure> {
    let owner = format!("{PRINCIPAL} WHERE number = (SELECT owner FROM token WHERE number = ?1)");
    Ok(connection.prepare_cached(&owner)?.query_row([serial], principal).optional()?)
}

/// Returns the statement that reads a list from a number on: an index has its order.
fn statement(kind: Option<PrincipalKind>) -> String {
    let condition = if kind.is_some() { "kind = ?3" } else { "?3 IS NULL" };
    format!(
        "{PRINCIPAL} WHERE organization = ?1 AND number > ?2 AND {condition} AND removed_at IS NULL
        ORDER BY number LIMIT ?4"
    )
}

fn page(
    connection: &Connection,
    organization: &str,
    kind: Option<PrincipalKind>,
    after: u64,
    most: usize,
) -> Result<Vec<Principal>, Failure> {
    let mut page = connection.prepare_cached(&statement(kind))?;
    let rows = page.query_map(params![organization, after, kind.map(PrincipalKind::as_str), most], principal)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn count(connection: &Connection, organization: &str, id: &str, now: u64) -> Result<Vec<(TokenKind, u64)>, Failure> {
    let mut count = connection.prepare_cached(COUNT)?;
    let rows = count.query_map(params![organization, id, now], |row| {
        let kind = row.get::<_, String>(0)?.parse().map_err(|cause| unreadable(0, cause))?;
        Ok((kind, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn add(transaction: &Transaction<'_>, new: &Principal, rule: &Rule<AddPrincipalFacts>) -> Result<u64, Failure> {
    let taken = "SELECT EXISTS (SELECT 1 FROM principal WHERE organization = ?1 AND email = ?2 AND removed_at IS NULL)";
    let taken = transaction.prepare_cached(taken)?.query_row(params![new.organization, new.email], |row| row.get(0))?;
    let organization = organizations::find(transaction, &new.organization)?;
    let creator = find_acting(transaction, &new.organization, new.created_by.as_deref())?;
    let count =
        "SELECT count(*) FROM (SELECT 1 FROM principal WHERE organization = ?1 AND removed_at IS NULL LIMIT ?2)";
    let count_to = organization.as_ref().and_then(|organization| organization.limits.principals);
    let count = transaction
        .prepare_cached(count)?
        .query_row(params![new.organization, count_to.unwrap_or(0)], |row| row.get(0))?;
    rule(&AddPrincipalFacts { organization, count, is_email_taken: taken, creator })?;
    let insert = "INSERT INTO principal (organization, id, kind, name, email, role, created_at, created_by, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    transaction.prepare_cached(insert)?.execute(params![
        new.organization,
        new.id,
        new.kind.as_str(),
        new.name,
        new.email,
        new.role.map(Role::as_str),
        new.created_at,
        new.created_by,
        new.version,
    ])?;
    note(change::principal_added(new));
    // SQLite numbers from 1.
    Ok(transaction.last_insert_rowid().unsigned_abs())
}

/// Reads the facts, with the tokens that a statement finds.
fn facts<T>(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    acting: Option<&str>,
    range: TokenRange,
    tokens: &str,
    token: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<PrincipalFacts<T>, Failure> {
    let acting_user = find_acting(transaction, organization, acting)?;
    let Some(principal) = find(transaction, organization, id)? else {
        return Ok(PrincipalFacts { principal: None, acting_user, has_other_owner: false, tokens: vec![] });
    };
    let has_other_owner = transaction.prepare_cached(OTHER_OWNER)?.query_row([organization, id], |row| row.get(0))?;
    let mut tokens = transaction.prepare_cached(tokens)?;
    let in_range = params![principal.number, range.after, range.most + 1];
    let tokens = tokens.query_map(in_range, token)?.collect::<Result<_, _>>()?;
    Ok(PrincipalFacts { principal: Some(principal), acting_user, has_other_owner, tokens })
}

fn edit(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    acting: Option<&str>,
    range: TokenRange,
    at: u64,
    rule: &Rule<PrincipalFacts<OwnedToken>, Option<EditedPrincipal>>,
) -> Result<(Principal, Option<u64>), Failure> {
    let facts = facts(transaction, organization, id, acting, range, GRANTED, |row| {
        let kind = row.get_ref(1)?.as_str()?.parse().map_err(|cause| unreadable(1, cause))?;
        Ok(OwnedToken { serial: row.get(0)?, kind, grants: from_json(row, 2)? })
    })?;
    let mut looked_at = None;
    if let Some(edited) = rule(&facts)? {
        match &facts.principal {
            Some(before) if edited.next.is_none() => note(change::principal_edited(before, &edited)),
            _ => traffic(),
        }
        let EditedPrincipal { name, role, version, revoked, next, ends_invitation } = edited;
        if next.is_none() {
            let edit = "UPDATE principal SET name = ?3, role = ?4, version = ?5 WHERE organization = ?1 AND id = ?2";
            let row = params![organization, id, name, role.map(Role::as_str), version];
            transaction.prepare_cached(edit)?.execute(row)?;
        }
        if ends_invitation {
            invitations::end(transaction, organization, id)?;
        }
        for target in &revoked {
            revocations::enter(transaction, Some(organization), target, at)?;
        }
        looked_at = next;
    }
    Ok((find(transaction, organization, id)?.ok_or(Error::NotFound)?, looked_at))
}

fn remove(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    acting: Option<&str>,
    at: u64,
    most: usize,
    rule: &Rule<PrincipalFacts<u64>, Option<Removal>>,
) -> Result<Principal, Failure> {
    let range = TokenRange { after: 0, most };
    let facts = facts(transaction, organization, id, acting, range, OWNED, |row| row.get(0))?;
    if let Some(Removal { revoked, is_last }) = rule(&facts)? {
        if is_last {
            let remove = "UPDATE principal SET removed_at = ?3 WHERE organization = ?1 AND id = ?2";
            transaction.prepare_cached(remove)?.execute(params![organization, id, at])?;
            facts.principal.iter().for_each(|principal| note(change::principal_removed(principal)));
        }
        for target in &revoked {
            revocations::enter(transaction, Some(organization), target, at)?;
        }
    }
    Ok(find(transaction, organization, id)?.ok_or(Error::NotFound)?)
}

/// The principal in a row of [`PRINCIPAL`].
pub(super) fn principal(row: &Row<'_>) -> rusqlite::Result<Principal> {
    let role = row.get_ref(6)?.as_str_or_null()?;
    Ok(Principal {
        number: row.get(0)?,
        organization: row.get(1)?,
        id: row.get(2)?,
        kind: word(row.get_ref(3)?.as_str()?).map_err(|cause| unreadable(3, cause))?,
        name: row.get(4)?,
        email: row.get(5)?,
        role: role.map(word).transpose().map_err(|cause| unreadable(6, cause))?,
        created_at: row.get(7)?,
        created_by: row.get(8)?,
        removed_at: row.get(9)?,
        version: row.get(10)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{connection, file};
    use super::*;

    #[test]
    fn indexes_have_the_order_of_lists_and_the_tokens_of_a_principal() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        file::create(&path).expect("a file");
        let connection = connection::open_writer(&path).expect("a store");
        for (statement, search) in [
            (statement(None), "SEARCH principal USING INDEX principal_listed (organization=? AND number>?)"),
            (
                statement(Some(PrincipalKind::User)),
                "SEARCH principal USING INDEX principal_by_kind (organization=? AND kind=? AND number>?)",
            ),
            (OTHER_OWNER.to_owned(), "SEARCH principal USING INDEX principal_owning (organization=?)"),
            (OWNED.to_owned(), "SEARCH token USING INDEX token_by_owner (owner=? AND number>?)"),
            (GRANTED.to_owned(), "SEARCH token USING INDEX token_by_owner (owner=? AND number>?)"),
        ] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).expect("a statement");
            let mut rows = explain.raw_query();
            let mut plan = vec![];
            while let Some(row) = rows.next().expect("a plan") {
                plan.push(row.get::<_, String>("detail").expect("a step"));
            }
            assert!(plan.iter().any(|step| step == search), "{search} {plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}
