//! Invitations of users.

use deadpool_postgres::GenericClient;

use super::super::Rule;
use super::super::entry::word;
use super::super::notes::note;
use super::sign_in::{ACCOUNT, account};
use super::sql::{execute, find as find_row, number, number_option, row, signed};
use super::{Failure, principals};
use crate::domain::audit::change;
use crate::domain::invitation::{Acceptance, InvitationFacts, InviteFacts, Inviter, NewAccount, NewInvitation};

pub(super) async fn add(
    transaction: &impl GenericClient,
    organization: &str,
    principal: &str,
    acting: Option<&str>,
    new: &NewInvitation,
    rule: &Rule<InviteFacts>,
) -> Result<(), Failure> {
    // The removal of the principal locks the organization too.
    find_row(transaction, "SELECT id FROM organization WHERE id = $1 FOR NO KEY UPDATE", &[&organization]).await?;
    let has_account = "SELECT account IS NOT NULL AS has FROM principal WHERE organization = $1 AND id = $2";
    let has_account = match find_row(transaction, has_account, &[&organization, &principal]).await? {
        Some(row) => row.try_get("has")?,
        None => false,
    };
    let principal = principals::find(transaction, organization, principal).await?;
    let number = principal.as_ref().map(|principal| signed(principal.number)).transpose()?;
    let acting_user = principals::find_acting(transaction, organization, acting).await?;
    let facts = InviteFacts { principal, has_account, acting_user };
    rule(&facts)?;
    facts.principal.iter().for_each(|principal| note(change::invited(principal, new.expires_at)));
    let NewInvitation { hash, created_at, expires_at, inviter } = new;
    let replace = "INSERT INTO invitation (hash, principal, created_at, expires_at, inviter)
        VALUES ($1, $2, $3, $4, (SELECT number FROM principal WHERE organization = $5 AND id = $6))
        ON CONFLICT (principal) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at,
            expires_at = excluded.expires_at, accepted_at = NULL, inviter = excluded.inviter";
    let times = [signed(*created_at)?, signed(*expires_at)?];
    execute(transaction, replace, &[&&hash[..], &number, &times[0], &times[1], &organization, inviter]).await?;
    Ok(())
}

pub(super) async fn find(client: &impl GenericClient, hash: [u8; 32]) -> Result<Option<InvitationFacts>, Failure> {
    let find = format!(
        "SELECT {ACCOUNT}, organization.id AS organization, organization.name AS organization_name,
            revoked_at IS NOT NULL AS is_revoked, principal.id, principal.name, principal.email,
            principal.removed_at IS NOT NULL AS is_removed, expires_at, accepted_at, principal.role,
            inviter.role AS inviter_role, inviter.removed_at IS NOT NULL AS is_inviter_removed
        FROM invitation JOIN principal ON principal.number = invitation.principal
        LEFT JOIN principal AS inviter ON inviter.number = invitation.inviter
        JOIN organization ON organization.id = principal.organization
        LEFT JOIN account ON account.email = principal.email WHERE hash = $1"
    );
    let Some(row) = find_row(client, &find, &[&&hash[..]]).await? else { return Ok(None) };
    let inviter = match row.try_get::<_, Option<_>>("inviter_role")? {
        Some(role) => {
            let is_removed = row.try_get("is_inviter_removed")?;
            Some(Inviter { role: word(role).map_err(Failure::value)?, is_removed })
        }
        None => None,
    };
    Ok(Some(InvitationFacts {
        organization: row.try_get("organization")?,
        organization_name: row.try_get("organization_name")?,
        is_organization_revoked: row.try_get("is_revoked")?,
        principal: row.try_get("id")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        role: word(row.try_get("role")?).map_err(Failure::value)?,
        is_removed: row.try_get("is_removed")?,
        expires_at: number(&row, "expires_at")?,
        accepted_at: number_option(&row, "accepted_at")?,
        account: account(&row)?,
        inviter,
    }))
}

pub(super) async fn accept(
    transaction: &impl GenericClient,
    hash: [u8; 32],
    at: u64,
    rule: &Rule<Option<InvitationFacts>, Acceptance>,
) -> Result<u64, Failure> {
    // The removal of the principal locks the organization too. What follows sees what was committed by then.
    let lock = "SELECT id FROM organization WHERE id = (
            SELECT organization FROM invitation JOIN principal ON principal.number = invitation.principal WHERE hash = $1
        ) FOR NO KEY UPDATE";
    find_row(transaction, lock, &[&&hash[..]]).await?;
    let facts = find(transaction, hash).await?;
    let acceptance = rule(&facts)?;
    facts.iter().for_each(|facts| note(change::accepted_invitation(facts, &acceptance)));
    let account = match acceptance {
        Acceptance::Existing(number) => number,
        Acceptance::New(new) => insert_account(transaction, hash, &new).await?,
    };
    let give = "UPDATE principal SET account = $2 WHERE number = (SELECT principal FROM invitation WHERE hash = $1)";
    execute(transaction, give, &[&&hash[..], &signed(account)?]).await?;
    let accept = "UPDATE invitation SET accepted_at = $2 WHERE hash = $1";
    execute(transaction, accept, &[&&hash[..], &signed(at)?]).await?;
    Ok(account)
}

/// Deletes the invitation of a principal, unless it was accepted.
pub(super) async fn end(transaction: &impl GenericClient, organization: &str, principal: &str) -> Result<(), Failure> {
    let delete = "DELETE FROM invitation WHERE accepted_at IS NULL
        AND principal = (SELECT number FROM principal WHERE organization = $1 AND id = $2)";
    execute(transaction, delete, &[&organization, &principal]).await?;
    Ok(())
}

/// Adds an account with the email and the name of the invited user.
async fn insert_account(transaction: &impl GenericClient, hash: [u8; 32], new: &NewAccount) -> Result<u64, Failure> {
    let NewAccount { id, password_hash, identity, created_at } = new;
    let (issuer, subject) = identity.as_ref().map(|identity| (&identity.issuer, &identity.subject)).unzip();
    let insert = "INSERT INTO account (id, email, name, password_hash, oidc_issuer, oidc_subject, created_at)
        SELECT $2, email, name, $3, $4, $5, $6
        FROM principal WHERE number = (SELECT principal FROM invitation WHERE hash = $1)
        RETURNING number";
    let created_at = signed(*created_at)?;
    let row = row(transaction, insert, &[&&hash[..], id, password_hash, &issuer, &subject, &created_at]).await?;
    number(&row, "number")
}
