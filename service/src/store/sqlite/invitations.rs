//! Invitations of users.

use daypass::api::Role;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::Rule;
use super::super::entry::word;
use super::super::notes::note;
use super::sign_in::{ACCOUNT, account};
use super::{Failure, principals, unreadable};
use crate::domain::audit::change;
use crate::domain::invitation::{Acceptance, InvitationFacts, InviteFacts, Inviter, NewAccount, NewInvitation};

pub(super) fn add(
    transaction: &Transaction<'_>,
    organization: &str,
    principal: &str,
    acting: Option<&str>,
    new: &NewInvitation,
    rule: &Rule<InviteFacts>,
) -> Result<(), Failure> {
    let has_account = "SELECT EXISTS (
        SELECT 1 FROM principal WHERE organization = ?1 AND id = ?2 AND account IS NOT NULL
    )";
    let has_account =
        transaction.prepare_cached(has_account)?.query_row([organization, principal], |row| row.get(0))?;
    let principal = principals::find(transaction, organization, principal)?;
    let number = principal.as_ref().map(|principal| principal.number);
    let acting_user = principals::find_acting(transaction, organization, acting)?;
    let facts = InviteFacts { principal, has_account, acting_user };
    rule(&facts)?;
    facts.principal.iter().for_each(|principal| note(change::invited(principal, new.expires_at)));
    let NewInvitation { hash, created_at, expires_at, inviter } = new;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO invitation (hash, principal, created_at, expires_at, inviter)
            VALUES (?1, ?2, ?3, ?4, (SELECT number FROM principal WHERE organization = ?5 AND id = ?6))",
        )?
        .execute(params![hash, number, created_at, expires_at, organization, inviter])?;
    Ok(())
}

pub(super) fn find(connection: &Connection, hash: [u8; 32]) -> Result<Option<InvitationFacts>, Failure> {
    let find = format!(
        "SELECT {ACCOUNT}, organization.id, organization.name, revoked_at IS NOT NULL, principal.id, principal.name,
            principal.email, principal.removed_at IS NOT NULL, expires_at, accepted_at, principal.role,
            inviter.role, inviter.removed_at IS NOT NULL
        FROM invitation JOIN principal ON principal.number = invitation.principal
        LEFT JOIN principal AS inviter ON inviter.number = invitation.inviter
        JOIN organization ON organization.id = principal.organization
        LEFT JOIN account ON account.email = principal.email WHERE hash = ?1"
    );
    let row = connection.prepare_cached(&find)?.query_row([hash], |row| {
        let has_account = row.get_ref(0)?.data_type() != Type::Null;
        let role = |column| word::<Role>(row.get_ref(column)?.as_str()?).map_err(|cause| unreadable(column, cause));
        let has_inviter = row.get_ref(17)?.data_type() != Type::Null;
        let inviter = || Ok::<_, rusqlite::Error>(Inviter { role: role(17)?, is_removed: row.get(18)? });
        Ok(InvitationFacts {
            account: has_account.then(|| account(row, 0)).transpose()?,
            organization: row.get(7)?,
            organization_name: row.get(8)?,
            is_organization_revoked: row.get(9)?,
            principal: row.get(10)?,
            name: row.get(11)?,
            email: row.get(12)?,
            is_removed: row.get(13)?,
            expires_at: row.get(14)?,
            accepted_at: row.get(15)?,
            role: role(16)?,
            inviter: has_inviter.then(inviter).transpose()?,
        })
    });
    Ok(row.optional()?)
}

pub(super) fn accept(
    transaction: &Transaction<'_>,
    hash: [u8; 32],
    at: u64,
    rule: &Rule<Option<InvitationFacts>, Acceptance>,
) -> Result<u64, Failure> {
    let facts = find(transaction, hash)?;
    let acceptance = rule(&facts)?;
    facts.iter().for_each(|facts| note(change::accepted_invitation(facts, &acceptance)));
    let account = match acceptance {
        Acceptance::Existing(number) => number,
        Acceptance::New(new) => insert_account(transaction, hash, &new)?,
    };
    let give = "UPDATE principal SET account = ?2 WHERE number = (SELECT principal FROM invitation WHERE hash = ?1)";
    transaction.prepare_cached(give)?.execute(params![hash, account])?;
    let accept = "UPDATE invitation SET accepted_at = ?2 WHERE hash = ?1";
    transaction.prepare_cached(accept)?.execute(params![hash, at])?;
    Ok(account)
}

/// Deletes the invitation of a principal, unless it was accepted.
pub(super) fn end(transaction: &Transaction<'_>, organization: &str, principal: &str) -> Result<(), Failure> {
    let delete = "DELETE FROM invitation WHERE accepted_at IS NULL
        AND principal = (SELECT number FROM principal WHERE organization = ?1 AND id = ?2)";
    transaction.prepare_cached(delete)?.execute([organization, principal])?;
    Ok(())
}

/// Adds an account with the email and the name of the invited user.
fn insert_account(transaction: &Transaction<'_>, hash: [u8; 32], new: &NewAccount) -> Result<u64, Failure> {
    let NewAccount { id, password_hash, identity, created_at } = new;
    let (issuer, subject) = identity.as_ref().map(|identity| (&identity.issuer, &identity.subject)).unzip();
    transaction
        .prepare_cached(
            "INSERT INTO account (id, email, name, password_hash, oidc_issuer, oidc_subject, created_at)
            SELECT ?2, email, name, ?3, ?4, ?5, ?6
            FROM principal WHERE number = (SELECT principal FROM invitation WHERE hash = ?1)",
        )?
        .execute(params![hash, id, password_hash, issuer, subject, created_at])?;
    // SQLite numbers from 1.
    Ok(transaction.last_insert_rowid().unsigned_abs())
}
