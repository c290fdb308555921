//! Principals, and what ends with them.

use daypass::api::{PrincipalKind, Role};
use daypass::{Error, TokenKind};
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::super::entry::word;
use super::super::notes::{note, traffic};
use super::super::principals::PrincipalStore;
use super::super::{Rule, StoreFuture};
use super::sql::{Parameters, execute, find as find_row, number, number_option, row, rows, signed};
use super::tokens::{from_json, kind};
use super::{Failure, PostgresStore, feed, invitations, organizations};
use crate::domain::audit::change;
use crate::domain::principal::{AddPrincipalFacts, Principal};
use crate::domain::principal_edit::{EditedPrincipal, OwnedToken, PrincipalFacts, Removal, TokenRange};

const PRINCIPAL: &str = "
    SELECT number, organization, id, kind, name, email, role, created_at, created_by, removed_at, version FROM principal";

const COUNT: &str = "
    SELECT kind, count(*) FROM record
    WHERE number IN (
            SELECT token.number FROM token JOIN principal ON token.owner = principal.number
            WHERE principal.organization = $1 AND principal.id = $2
            UNION ALL
            SELECT oauth_family.token FROM oauth_family JOIN principal ON oauth_family.client = principal.number
            WHERE principal.organization = $1 AND principal.id = $2
        )
        AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)
    GROUP BY kind";

const OTHER_OWNER: &str = "
    SELECT EXISTS (
        SELECT 1 FROM principal WHERE organization = $1 AND id <> $2 AND role = 'owner' AND removed_at IS NULL
    ) AS has_other";

/// The tokens of a principal that are not revoked themselves, in a range of an index that has their order: by an
/// equality the planner may read all tokens in that order, in the hope that many are of this owner. Then those of users
/// that it has as an OAuth client.
pub(super) const OWNED: &str = "
    SELECT * FROM (
        SELECT number FROM token
        WHERE (owner, number) > ($1, $2) AND owner <= $1 AND revoked_at IS NULL ORDER BY owner, number LIMIT $3
    ) AS own
    UNION ALL
    SELECT * FROM (
        SELECT number FROM oauth_family JOIN token ON token.number = oauth_family.token
        WHERE client = $1 AND revoked_at IS NULL LIMIT $3
    ) AS of_users
    LIMIT $3";

/// The same, with what they grant.
const GRANTED: &str = "
    SELECT number, kind, grants FROM token
    WHERE (owner, number) > ($1, $2) AND owner <= $1 AND revoked_at IS NULL ORDER BY owner, number LIMIT $3";

impl PrincipalStore for PostgresStore {
    fn principal<'a>(&'a self, organization: &'a str, id: &'a str) -> StoreFuture<'a, Option<Principal>> {
        Box::pin(self.read((organization, id), |client, (organization, id)| Box::pin(find(client, organization, id))))
    }

    fn principals<'a>(
        &'a self,
        organization: &'a str,
        kind: Option<PrincipalKind>,
        after: u64,
        most: usize,
    ) -> StoreFuture<'a, Vec<Principal>> {
        Box::pin(self.read((organization, kind, after, most), |client, (organization, kind, after, most)| {
            Box::pin(page(client, organization, *kind, *after, *most))
        }))
    }

    fn count_owned<'a>(
        &'a self,
        organization: &'a str,
        id: &'a str,
        now: u64,
    ) -> StoreFuture<'a, Vec<(TokenKind, u64)>> {
        Box::pin(self.read_list((organization, id, now), |client, (organization, id, now)| {
            Box::pin(count(client, organization, id, *now))
        }))
    }

    fn add_principal(&self, new: Principal, rule: Rule<AddPrincipalFacts>) -> StoreFuture<'_, u64> {
        Box::pin(self.add((new, rule), |transaction, (new, rule)| Box::pin(add(transaction, new, rule))))
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
        Box::pin(async move {
            self.require_space()?;
            self.revoking_much(
                (organization, id, acting, range, at, rule),
                |transaction, (organization, id, acting, range, at, rule)| {
                    Box::pin(edit(transaction, organization, id, *acting, *range, *at, rule))
                },
            )
            .await
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
        Box::pin(self.revoking_much(
            (organization, id, acting, at, most, rule),
            |transaction, (organization, id, acting, at, most, rule)| {
                Box::pin(remove(transaction, organization, id, *acting, *at, *most, rule))
            },
        ))
    }
}

pub(super) async fn find(
    client: &impl GenericClient,
    organization: &str,
    id: &str,
) -> Result<Option<Principal>, Failure> {
    let find = format!("{PRINCIPAL} WHERE organization = $1 AND id = $2");
    find_row(client, &find, &[&organization, &id]).await?.map(|row| principal(&row)).transpose()
}

/// Returns the principal with this number.
pub(super) async fn numbered(client: &impl GenericClient, number: i64) -> Result<Principal, Failure> {
    principal(&row(client, &format!("{PRINCIPAL} WHERE number = $1"), &[&number]).await?)
}

/// Finds the user that asks for a change, if one does.
pub(super) async fn find_acting(
    client: &impl GenericClient,
    organization: &str,
    id: Option<&str>,
) -> Result<Option<Principal>, Failure> {
    match id {
        Some(id) => find(client, organization, id).await,
        None => Ok(None),
    }
}

/// Returns the number of the principal with this id, as rows refer to it.
pub(super) async fn number_of(
    client: &impl GenericClient,
    organization: &str,
    id: &str,
) -> Result<Option<i64>, Failure> {
    let find = "SELECT number FROM principal WHERE organization = $1 AND id = $2";
    Ok(find_row(client, find, &[&organization, &id]).await?.map(|row| row.try_get("number")).transpose()?)
}

/// Finds the principal that a token belongs to.
pub(super) async fn owner(client: &impl GenericClient, serial: u64) -> Result<Option<Principal>, Failure> {
    let owner = format!("{PRINCIPAL} WHERE number = (SELECT owner FROM token WHERE number = $1)");
    find_row(client, &owner, &[&signed(serial)?]).await?.map(|row| principal(&row)).transpose()
}

/// Returns the statement that reads a list from a number on: an index has its order.
///
/// The organization is a range of one, so that the order begins with it, as in the lists of tokens.
fn statement(kind: Option<PrincipalKind>) -> String {
    let condition = if kind.is_some() { "kind = $3" } else { "$3::text IS NULL" };
    format!(
        "{PRINCIPAL} WHERE organization BETWEEN $1 AND $1 AND number > $2 AND {condition} AND removed_at IS NULL
        ORDER BY organization, number LIMIT $4"
    )
}

async fn page(
    client: &impl GenericClient,
    organization: &str,
    kind: Option<PrincipalKind>,
    after: u64,
    most: usize,
) -> Result<Vec<Principal>, Failure> {
    let most = i64::try_from(most).map_err(Failure::value)?;
    let name = kind.map(PrincipalKind::as_str);
    let page = rows(client, &statement(kind), &[&organization, &signed(after)?, &name, &most]).await?;
    page.iter().map(principal).collect()
}

async fn count(
    client: &impl GenericClient,
    organization: &str,
    id: &str,
    now: u64,
) -> Result<Vec<(TokenKind, u64)>, Failure> {
    let counts = rows(client, COUNT, &[&organization, &id, &signed(now)?]).await?;
    counts.iter().map(|row| Ok((kind(row)?, number(row, "count")?))).collect()
}

async fn add(transaction: &Transaction<'_>, new: &Principal, rule: &Rule<AddPrincipalFacts>) -> Result<u64, Failure> {
    let organization = organizations::find_locked(transaction, &new.organization).await?;
    let taken = "SELECT EXISTS (
            SELECT 1 FROM principal WHERE organization = $1 AND email = $2 AND removed_at IS NULL
        ) AS is_taken";
    let is_email_taken = row(transaction, taken, &[&new.organization, &new.email]).await?.try_get("is_taken")?;
    let creator = find_acting(transaction, &new.organization, new.created_by.as_deref()).await?;
    let count = "SELECT count(*) AS count
        FROM (SELECT 1 FROM principal WHERE organization = $1 AND removed_at IS NULL LIMIT $2) AS counted";
    let count_to = organization.as_ref().and_then(|organization| organization.limits.principals);
    let count = row(transaction, count, &[&new.organization, &i64::from(count_to.unwrap_or(0))]).await?;
    let count = usize::try_from(number(&count, "count")?).map_err(Failure::value)?;
    rule(&AddPrincipalFacts { organization, count, is_email_taken, creator })?;
    let insert = "INSERT INTO principal (organization, id, kind, name, email, role, created_at, created_by, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING number";
    let added = row(
        transaction,
        insert,
        &[
            &new.organization,
            &new.id,
            &new.kind.as_str(),
            &new.name,
            &new.email,
            &new.role.map(Role::as_str),
            &signed(new.created_at)?,
            &new.created_by,
            &signed(new.version)?,
        ],
    )
    .await?;
    note(change::principal_added(new));
    number(&added, "number")
}

/// Reads the facts, and excludes other changes of the organization's principals. The tokens are those that a statement
/// finds.
async fn facts<T>(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    acting: Option<&str>,
    range: TokenRange,
    tokens: &str,
    token: fn(&Row) -> Result<T, Failure>,
) -> Result<PrincipalFacts<T>, Failure> {
    organizations::find_locked(transaction, organization).await?;
    let acting_user = find_acting(transaction, organization, acting).await?;
    let Some(principal) = find(transaction, organization, id).await? else {
        return Ok(PrincipalFacts { principal: None, acting_user, has_other_owner: false, tokens: vec![] });
    };
    let has_other_owner = row(transaction, OTHER_OWNER, &[&organization, &id]).await?.try_get("has_other")?;
    let most = i64::try_from(range.most + 1).map_err(Failure::value)?;
    let in_range: Parameters<'_> = &[&signed(principal.number)?, &signed(range.after)?, &most];
    let tokens = rows(transaction, tokens, in_range).await?;
    let tokens = tokens.iter().map(token).collect::<Result<_, _>>()?;
    Ok(PrincipalFacts { principal: Some(principal), acting_user, has_other_owner, tokens })
}

async fn edit(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    acting: Option<&str>,
    range: TokenRange,
    at: u64,
    rule: &Rule<PrincipalFacts<OwnedToken>, Option<EditedPrincipal>>,
) -> Result<(Principal, Option<u64>), Failure> {
    feed::lock(transaction).await?;
    let facts = facts(transaction, organization, id, acting, range, GRANTED, |row| {
        Ok(OwnedToken { serial: number(row, "number")?, kind: kind(row)?, grants: from_json(row, "grants")? })
    });
    let (facts, mut looked_at) = (facts.await?, None);
    if let Some(edited) = rule(&facts)? {
        match &facts.principal {
            Some(before) if edited.next.is_none() => note(change::principal_edited(before, &edited)),
            _ => traffic(),
        }
        let EditedPrincipal { name, role, version, revoked, next, ends_invitation } = edited;
        if next.is_none() {
            let edit = "UPDATE principal SET name = $3, role = $4, version = $5 WHERE organization = $1 AND id = $2";
            let role = role.map(Role::as_str);
            execute(transaction, edit, &[&organization, &id, &name, &role, &signed(version)?]).await?;
        }
        if ends_invitation {
            invitations::end(transaction, organization, id).await?;
        }
        feed::enter(transaction, Some(organization), &revoked, at).await?;
        looked_at = next;
    }
    Ok((find(transaction, organization, id).await?.ok_or(Error::NotFound)?, looked_at))
}

async fn remove(
    transaction: &Transaction<'_>,
    organization: &str,
    id: &str,
    acting: Option<&str>,
    at: u64,
    most: usize,
    rule: &Rule<PrincipalFacts<u64>, Option<Removal>>,
) -> Result<Principal, Failure> {
    feed::lock(transaction).await?;
    let range = TokenRange { after: 0, most };
    let facts = facts(transaction, organization, id, acting, range, OWNED, |row| number(row, "number")).await?;
    if let Some(Removal { revoked, is_last }) = rule(&facts)? {
        if is_last {
            let remove = "UPDATE principal SET removed_at = $3 WHERE organization = $1 AND id = $2";
            execute(transaction, remove, &[&organization, &id, &signed(at)?]).await?;
            facts.principal.iter().for_each(|principal| note(change::principal_removed(principal)));
        }
        feed::enter(transaction, Some(organization), &revoked, at).await?;
    }
    Ok(find(transaction, organization, id).await?.ok_or(Error::NotFound)?)
}

/// The principal in a row of [`PRINCIPAL`].
pub(super) fn principal(row: &Row) -> Result<Principal, Failure> {
    Ok(Principal {
        number: number(row, "number")?,
        organization: row.try_get("organization")?,
        id: row.try_get("id")?,
        kind: word(row.try_get("kind")?).map_err(Failure::value)?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        role: row.try_get::<_, Option<_>>("role")?.map(word).transpose().map_err(Failure::value)?,
        created_at: number(row, "created_at")?,
        created_by: row.try_get("created_by")?,
        removed_at: number_option(row, "removed_at")?,
        version: number(row, "version")?,
    })
}
