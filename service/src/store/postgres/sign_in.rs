//! Accounts, their sessions, and counters of failed sign-ins.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::super::entry::word;
use super::super::notes::{note, traffic};
use super::super::{Forgiven, Rule, SignInStore, StoreFuture, StoredSession};
use super::sql::{Parameters, execute, find as find_row, number, number_option, row, rows, signed};
use super::{Failure, PostgresStore, invitations};
use crate::domain::account::{Account, AccountSelector, Identity};
use crate::domain::audit::action::Action;
use crate::domain::audit::change;
use crate::domain::invitation::{Acceptance, InvitationFacts, InviteFacts, NewInvitation};
use crate::domain::membership::Membership;
use crate::domain::session::{MOST, NewSession, SessionTimes};
use crate::domain::sign_in_rate::{AttemptKey, Attempts};

/// The columns of an account, for [`account`].
pub(super) const ACCOUNT: &str = "account.number AS account_number, account.id AS account_id,
    account.email AS account_email, account.name AS account_name, password_hash, oidc_issuer, oidc_subject";

impl SignInStore for PostgresStore {
    fn count_attempts(
        &self,
        keys: Vec<AttemptKey>,
        delete_before: u64,
        rule: Rule<Vec<Attempts>, Vec<Attempts>>,
    ) -> StoreFuture<'_, ()> {
        Box::pin(self.write((keys, delete_before, rule), |transaction, (keys, delete_before, rule)| {
            Box::pin(count_attempts(transaction, keys, *delete_before, rule))
        }))
    }

    fn account(&self, selector: AccountSelector) -> StoreFuture<'_, Option<Account>> {
        Box::pin(self.read(selector, |client, selector| {
            Box::pin(async move {
                match selector {
                    AccountSelector::Email(email) => find(client, "email = $1", &[email]).await,
                    AccountSelector::Identity(identity) => linked(client, identity).await,
                }
            })
        }))
    }

    fn add_session(
        &self,
        new: NewSession,
        forgiven: Option<Forgiven>,
        rule: Rule<Option<Account>>,
    ) -> StoreFuture<'_, ()> {
        Box::pin(self.write((new, forgiven, rule), |transaction, (new, forgiven, rule)| {
            Box::pin(add_session(transaction, new, forgiven.as_ref(), rule))
        }))
    }

    fn session(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<StoredSession>> {
        Box::pin(self.read(hash, |client, hash| Box::pin(session(client, *hash))))
    }

    fn touch_session(&self, hash: [u8; 32], at: u64) -> StoreFuture<'_, ()> {
        Box::pin(self.write((hash, at), |transaction, (hash, at)| {
            Box::pin(async move {
                let touch = "UPDATE session SET last_seen_at = greatest(last_seen_at, $2) WHERE hash = $1";
                execute(transaction, touch, &[&&hash[..], &signed(*at)?]).await?;
                traffic();
                Ok(())
            })
        }))
    }

    fn end_session(&self, hash: [u8; 32]) -> StoreFuture<'_, ()> {
        Box::pin(self.write(hash, |transaction, hash| {
            Box::pin(async move {
                let end = "DELETE FROM session WHERE hash = $1 RETURNING account";
                match find_row(transaction, end, &[&&hash[..]]).await? {
                    Some(row) => note_account(transaction, Action::SessionSignOut, number(&row, "account")?).await,
                    None => Ok(()),
                }
            })
        }))
    }

    fn set_password(
        &self,
        account: u64,
        password_hash: String,
        kept_session: [u8; 32],
        forgiven: Forgiven,
        rule: Rule<Option<Account>>,
    ) -> StoreFuture<'_, ()> {
        Box::pin(self.write(
            (account, password_hash, kept_session, forgiven, rule),
            |transaction, (account, hash, kept, forgiven, rule)| {
                Box::pin(async move {
                    rule(&locked(transaction, *account).await?)?;
                    note_account(transaction, Action::SessionChangePassword, *account).await?;
                    let account = signed(*account)?;
                    let set = "UPDATE account SET password_hash = $2 WHERE number = $1";
                    execute(transaction, set, &[&account, hash]).await?;
                    end_others(transaction, account, kept).await?;
                    forgive(transaction, forgiven).await
                })
            },
        ))
    }

    fn link_identity(
        &self,
        account: u64,
        identity: Identity,
        rule: Rule<(Option<Account>, Option<Account>)>,
    ) -> StoreFuture<'_, ()> {
        Box::pin(self.write((account, identity, rule), |transaction, (account, identity, rule)| {
            Box::pin(async move {
                rule(&(locked(transaction, *account).await?, linked(transaction, identity).await?))?;
                let link = "UPDATE account SET oidc_issuer = $2, oidc_subject = $3 WHERE number = $1";
                execute(transaction, link, &[&signed(*account)?, &identity.issuer, &identity.subject]).await?;
                note_account(transaction, Action::SessionLinkIdentity, *account).await
            })
        }))
    }

    fn unlink_identity(
        &self,
        account: u64,
        kept_session: [u8; 32],
        rule: Rule<Option<Account>>,
    ) -> StoreFuture<'_, ()> {
        Box::pin(self.write((account, kept_session, rule), |transaction, (account, kept, rule)| {
            Box::pin(async move {
                rule(&locked(transaction, *account).await?)?;
                note_account(transaction, Action::SessionUnlinkIdentity, *account).await?;
                let account = signed(*account)?;
                let unlink = "UPDATE account SET oidc_issuer = NULL, oidc_subject = NULL WHERE number = $1";
                execute(transaction, unlink, &[&account]).await?;
                end_others(transaction, account, kept).await
            })
        }))
    }

    fn memberships(&self, account: u64) -> StoreFuture<'_, Vec<Membership>> {
        Box::pin(self.read(account, |client, account| Box::pin(memberships(client, *account))))
    }

    fn add_invitation<'a>(
        &'a self,
        organization: &'a str,
        principal: &'a str,
        acting: Option<&'a str>,
        new: NewInvitation,
        rule: Rule<InviteFacts>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.add(
            (organization, principal, acting, new, rule),
            |transaction, (organization, principal, acting, new, rule)| {
                Box::pin(invitations::add(transaction, organization, principal, *acting, new, rule))
            },
        ))
    }

    fn invitation(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<InvitationFacts>> {
        Box::pin(self.read(hash, |client, hash| Box::pin(invitations::find(client, *hash))))
    }

    fn accept_invitation(
        &self,
        hash: [u8; 32],
        at: u64,
        rule: Rule<Option<InvitationFacts>, Acceptance>,
    ) -> StoreFuture<'_, u64> {
        Box::pin(self.add((hash, at, rule), |transaction, (hash, at, rule)| {
            Box::pin(invitations::accept(transaction, *hash, *at, rule))
        }))
    }
}

async fn count_attempts(
    transaction: &impl GenericClient,
    keys: &[AttemptKey],
    delete_before: u64,
    rule: &Rule<Vec<Attempts>, Vec<Attempts>>,
) -> Result<(), Failure> {
    traffic();
    // Those of other transactions are passed over: they are counted just now.
    let delete = "DELETE FROM sign_in_attempt WHERE key IN (
        SELECT key FROM sign_in_attempt WHERE since < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)";
    execute(transaction, delete, &[&signed(delete_before)?]).await?;
    // In one order, so that two transactions do not wait for each other.
    let mut in_order = keys.to_vec();
    in_order.sort();
    for key in in_order {
        // The row must exist to be locked.
        let lock = "INSERT INTO sign_in_attempt (key, since, count) VALUES ($1, $2, 0)
            ON CONFLICT (key) DO UPDATE SET count = sign_in_attempt.count";
        execute(transaction, lock, &[&&key.0[..], &signed(delete_before)?]).await?;
    }
    let mut counted = vec![];
    for key in keys {
        let find = "SELECT since, count FROM sign_in_attempt WHERE key = $1";
        let found = row(transaction, find, &[&&key.0[..]]).await?;
        counted.push(Attempts { since: number(&found, "since")?, count: number(&found, "count")? });
    }
    for (key, Attempts { since, count }) in keys.iter().zip(rule(&counted)?) {
        let write = "UPDATE sign_in_attempt SET since = $2, count = $3 WHERE key = $1";
        execute(transaction, write, &[&&key.0[..], &signed(since)?, &signed(count)?]).await?;
    }
    Ok(())
}

async fn add_session(
    transaction: &impl GenericClient,
    new: &NewSession,
    forgiven: Option<&Forgiven>,
    rule: &Rule<Option<Account>>,
) -> Result<(), Failure> {
    let NewSession { hash, account, created_at, expires_at } = new;
    rule(&locked(transaction, *account).await?)?;
    let created_at = signed(*created_at)?;
    // Another node may be deleting the same ones.
    let delete = "DELETE FROM session WHERE hash IN (
        SELECT hash FROM session WHERE expires_at <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)";
    execute(transaction, delete, &[&created_at]).await?;
    let insert =
        "INSERT INTO session (hash, account, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)";
    execute(transaction, insert, &[&&hash[..], &signed(*account)?, &created_at, &signed(*expires_at)?]).await?;
    let end_oldest = format!(
        "DELETE FROM session WHERE account = $1 AND hash IN (
            SELECT hash FROM session WHERE account = $1 ORDER BY hash = $2 DESC, created_at DESC OFFSET {MOST})"
    );
    execute(transaction, &end_oldest, &[&signed(*account)?, &&hash[..]]).await?;
    note_account(transaction, Action::SessionSignIn, *account).await?;
    match forgiven {
        Some(forgiven) => forgive(transaction, forgiven).await,
        None => Ok(()),
    }
}

/// Notes what the person of an account does.
async fn note_account(client: &impl GenericClient, action: Action, number: u64) -> Result<(), Failure> {
    if let Some(account) = find(client, "number = $1", &[&signed(number)?]).await? {
        change::of_account(action, &account, &memberships(client, number).await?).into_iter().for_each(note);
    }
    Ok(())
}

/// Ends the sessions of an account except one.
async fn end_others(transaction: &impl GenericClient, account: i64, kept_session: &[u8; 32]) -> Result<(), Failure> {
    let end = "DELETE FROM session WHERE account = $1 AND hash <> $2";
    execute(transaction, end, &[&account, &&kept_session[..]]).await?;
    Ok(())
}

async fn forgive(transaction: &impl GenericClient, Forgiven { email, address }: &Forgiven) -> Result<(), Failure> {
    let mut changes = [
        (email, "DELETE FROM sign_in_attempt WHERE key = $1"),
        (address, "UPDATE sign_in_attempt SET count = count - 1 WHERE key = $1 AND count > 0"),
    ];
    // In one order, so that two transactions do not wait for each other.
    changes.sort();
    for (key, change) in changes {
        execute(transaction, change, &[&&key.0[..]]).await?;
    }
    Ok(())
}

async fn session(client: &impl GenericClient, hash: [u8; 32]) -> Result<Option<StoredSession>, Failure> {
    let find = format!(
        "SELECT {ACCOUNT}, last_seen_at, expires_at
        FROM session JOIN account ON account.number = session.account WHERE hash = $1"
    );
    let Some(row) = find_row(client, &find, &[&&hash[..]]).await? else { return Ok(None) };
    let times = SessionTimes { last_seen_at: number(&row, "last_seen_at")?, expires_at: number(&row, "expires_at")? };
    Ok(account(&row)?.map(|account| StoredSession { account, times }))
}

async fn memberships(client: &impl GenericClient, account: u64) -> Result<Vec<Membership>, Failure> {
    let of_account = "SELECT organization.id AS organization, organization.name, suspended_at, principal.id, role
        FROM principal JOIN organization ON organization.id = principal.organization
        WHERE account = $1 AND removed_at IS NULL AND revoked_at IS NULL ORDER BY principal.number";
    let memberships = rows(client, of_account, &[&signed(account)?]).await?;
    let membership = |row: &Row| {
        Ok(Membership {
            organization: row.try_get("organization")?,
            organization_name: row.try_get("name")?,
            suspended_at: number_option(row, "suspended_at")?,
            principal: row.try_get("id")?,
            role: word(row.try_get("role")?).map_err(Failure::value)?,
        })
    };
    memberships.iter().map(membership).collect()
}

/// Returns the account with this number, and locks it.
async fn locked(transaction: &impl GenericClient, number: u64) -> Result<Option<Account>, Failure> {
    let lock = format!("SELECT {ACCOUNT} FROM account WHERE number = $1 FOR NO KEY UPDATE");
    let row = find_row(transaction, &lock, &[&signed(number)?]).await?;
    row.as_ref().map(account).transpose().map(Option::flatten)
}

/// Returns the account that an identity is linked with.
async fn linked(client: &impl GenericClient, identity: &Identity) -> Result<Option<Account>, Failure> {
    find(client, "oidc_issuer = $1 AND oidc_subject = $2", &[&identity.issuer, &identity.subject]).await
}

async fn find(
    client: &impl GenericClient,
    condition: &str,
    parameters: Parameters<'_>,
) -> Result<Option<Account>, Failure> {
    let row = find_row(client, &format!("SELECT {ACCOUNT} FROM account WHERE {condition}"), parameters).await?;
    row.as_ref().map(account).transpose().map(Option::flatten)
}

/// The account in the columns of [`ACCOUNT`]; `None` if they are empty.
pub(super) fn account(row: &Row) -> Result<Option<Account>, Failure> {
    let Some(number) = number_option(row, "account_number")? else { return Ok(None) };
    let (issuer, subject): (Option<_>, Option<_>) = (row.try_get("oidc_issuer")?, row.try_get("oidc_subject")?);
    Ok(Some(Account {
        number,
        id: row.try_get("account_id")?,
        email: row.try_get("account_email")?,
        name: row.try_get("account_name")?,
        password_hash: row.try_get("password_hash")?,
        identity: issuer.zip(subject).map(|(issuer, subject)| Identity { issuer, subject }),
    }))
}
