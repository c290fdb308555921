//! Accounts, their sessions, and counters of failed sign-ins.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::entry::word;
use super::super::notes::{note, traffic};
use super::super::{Forgiven, Rule, SignInStore, StoreFuture, StoredSession};
use super::{Failure, SqliteStore, invitations, unreadable};
use crate::domain::account::{Account, AccountSelector, Identity};
use crate::domain::audit::action::Action;
use crate::domain::audit::change;
use crate::domain::invitation::{Acceptance, InvitationFacts, InviteFacts, NewInvitation};
use crate::domain::membership::Membership;
use crate::domain::session::{MOST, NewSession, SessionTimes};
use crate::domain::sign_in_rate::{AttemptKey, Attempts};

/// The columns of an account, for [`account`].
pub(super) const ACCOUNT: &str =
    "account.number, account.id, account.email, account.name, password_hash, oidc_issuer, oidc_subject";

impl SignInStore for SqliteStore {
    fn count_attempts(
        &self,
        keys: Vec<AttemptKey>,
        delete_before: u64,
        rule: Rule<Vec<Attempts>, Vec<Attempts>>,
    ) -> StoreFuture<'_, ()> {
        self.write(move |transaction| count_attempts(transaction, &keys, delete_before, &rule))
    }

    fn account(&self, selector: AccountSelector) -> StoreFuture<'_, Option<Account>> {
        self.read(move |connection| match &selector {
            AccountSelector::Email(email) => find(connection, "email = ?1", [email]),
            AccountSelector::Identity(identity) => linked(connection, identity),
        })
    }

    fn add_session(
        &self,
        new: NewSession,
        forgiven: Option<Forgiven>,
        rule: Rule<Option<Account>>,
    ) -> StoreFuture<'_, ()> {
        self.write(move |transaction| add_session(transaction, &new, forgiven.as_ref(), &rule))
    }

    fn session(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<StoredSession>> {
        self.read(move |connection| session(connection, hash))
    }

    fn touch_session(&self, hash: [u8; 32], at: u64) -> StoreFuture<'_, ()> {
        self.write(move |transaction| {
            let touch = "UPDATE session SET last_seen_at = max(last_seen_at, ?2) WHERE hash = ?1";
            transaction.prepare_cached(touch)?.execute(params![hash, at])?;
            traffic();
            Ok(())
        })
    }

    fn end_session(&self, hash: [u8; 32]) -> StoreFuture<'_, ()> {
        self.write(move |transaction| {
            let end = "DELETE FROM session WHERE hash = ?1 RETURNING account";
            let account = transaction.prepare_cached(end)?.query_row([hash], |row| row.get(0)).optional()?;
            account.map_or(Ok(()), |number| note_account(transaction, Action::SessionSignOut, number))
        })
    }

    fn set_password(
        &self,
        account: u64,
        password_hash: String,
        kept_session: [u8; 32],
        forgiven: Forgiven,
        rule: Rule<Option<Account>>,
    ) -> StoreFuture<'_, ()> {
        self.write(move |transaction| {
            rule(&numbered(transaction, account)?)?;
            let set = "UPDATE account SET password_hash = ?2 WHERE number = ?1";
            transaction.prepare_cached(set)?.execute(params![account, password_hash])?;
            note_account(transaction, Action::SessionChangePassword, account)?;
            end_others(transaction, account, kept_session)?;
            forgive(transaction, &forgiven)
        })
    }

    fn link_identity(
        &self,
        account: u64,
        identity: Identity,
        rule: Rule<(Option<Account>, Option<Account>)>,
    ) -> StoreFuture<'_, ()> {
        self.write(move |transaction| {
            rule(&(numbered(transaction, account)?, linked(transaction, &identity)?))?;
            let link = "UPDATE account SET oidc_issuer = ?2, oidc_subject = ?3 WHERE number = ?1";
            transaction.prepare_cached(link)?.execute(params![account, identity.issuer, identity.subject])?;
            note_account(transaction, Action::SessionLinkIdentity, account)
        })
    }

    fn unlink_identity(
        &self,
        account: u64,
        kept_session: [u8; 32],
        rule: Rule<Option<Account>>,
    ) -> StoreFuture<'_, ()> {
        self.write(move |transaction| {
            rule(&numbered(transaction, account)?)?;
            let unlink = "UPDATE account SET oidc_issuer = NULL, oidc_subject = NULL WHERE number = ?1";
            transaction.prepare_cached(unlink)?.execute([account])?;
            note_account(transaction, Action::SessionUnlinkIdentity, account)?;
            end_others(transaction, account, kept_session)
        })
    }

    fn memberships(&self, account: u64) -> StoreFuture<'_, Vec<Membership>> {
        self.read(move |connection| memberships(connection, account))
    }

    fn add_invitation<'a>(
        &'a self,
        organization: &'a str,
        principal: &'a str,
        acting: Option<&'a str>,
        new: NewInvitation,
        rule: Rule<InviteFacts>,
    ) -> StoreFuture<'a, ()> {
        let (organization, principal) = (organization.to_owned(), principal.to_owned());
        let acting = acting.map(str::to_owned);
        self.add(move |transaction| {
            invitations::add(transaction, &organization, &principal, acting.as_deref(), &new, &rule)
        })
    }

    fn invitation(&self, hash: [u8; 32]) -> StoreFuture<'_, Option<InvitationFacts>> {
        self.read(move |connection| invitations::find(connection, hash))
    }

    fn accept_invitation(
        &self,
        hash: [u8; 32],
        at: u64,
        rule: Rule<Option<InvitationFacts>, Acceptance>,
    ) -> StoreFuture<'_, u64> {
        self.add(move |transaction| invitations::accept(transaction, hash, at, &rule))
    }
}

fn count_attempts(
    transaction: &Transaction<'_>,
    keys: &[AttemptKey],
    delete_before: u64,
    rule: &Rule<Vec<Attempts>, Vec<Attempts>>,
) -> Result<(), Failure> {
    traffic();
    transaction.prepare_cached("DELETE FROM sign_in_attempt WHERE since < ?1")?.execute([delete_before])?;
    let mut find = transaction.prepare_cached("SELECT since, count FROM sign_in_attempt WHERE key = ?1")?;
    let counted = keys.iter().map(|key| {
        let row = find.query_row([key.0], |row| Ok(Attempts { since: row.get(0)?, count: row.get(1)? }));
        row.optional().map(Option::unwrap_or_default)
    });
    let counted = rule(&counted.collect::<Result<_, _>>()?)?;
    let mut write = transaction.prepare_cached(
        "INSERT INTO sign_in_attempt (key, since, count) VALUES (?1, ?2, ?3)
        ON CONFLICT (key) DO UPDATE SET since = excluded.since, count = excluded.count",
    )?;
    for (key, Attempts { since, count }) in keys.iter().zip(counted) {
        write.execute(params![key.0, since, count])?;
    }
    Ok(())
}

fn add_session(
    transaction: &Transaction<'_>,
    new: &NewSession,
    forgiven: Option<&Forgiven>,
    rule: &Rule<Option<Account>>,
) -> Result<(), Failure> {
    let NewSession { hash, account, created_at, expires_at } = *new;
    rule(&numbered(transaction, account)?)?;
    transaction.prepare_cached("DELETE FROM session WHERE expires_at <= ?1")?.execute([created_at])?;
    let insert =
        "INSERT INTO session (hash, account, created_at, last_seen_at, expires_at) VALUES (?1, ?2, ?3, ?3, ?4)";
    transaction.prepare_cached(insert)?.execute(params![hash, account, created_at, expires_at])?;
    let end_oldest = "DELETE FROM session WHERE account = ?1 AND hash IN (
        SELECT hash FROM session WHERE account = ?1 ORDER BY hash = ?2 DESC, created_at DESC LIMIT -1 OFFSET ?3)";
    transaction.prepare_cached(end_oldest)?.execute(params![account, hash, MOST])?;
    note_account(transaction, Action::SessionSignIn, account)?;
    forgiven.map_or(Ok(()), |forgiven| forgive(transaction, forgiven))
}

/// Notes what the person of an account does.
fn note_account(connection: &Connection, action: Action, number: u64) -> Result<(), Failure> {
    if let Some(account) = numbered(connection, number)? {
        change::of_account(action, &account, &memberships(connection, number)?).into_iter().for_each(note);
    }
    Ok(())
}

/// Ends the sessions of an account except one.
fn end_others(transaction: &Transaction<'_>, account: u64, kept_session: [u8; 32]) -> Result<(), Failure> {
    let end = "DELETE FROM session WHERE account = ?1 AND hash <> ?2";
    transaction.prepare_cached(end)?.execute(params![account, kept_session])?;
    Ok(())
}

fn forgive(transaction: &Transaction<'_>, Forgiven { email, address }: &Forgiven) -> Result<(), Failure> {
    transaction.prepare_cached("DELETE FROM sign_in_attempt WHERE key = ?1")?.execute([email.0])?;
    let less = "UPDATE sign_in_attempt SET count = count - 1 WHERE key = ?1 AND count > 0";
    transaction.prepare_cached(less)?.execute([address.0])?;
    Ok(())
}

fn session(connection: &Connection, hash: [u8; 32]) -> Result<Option<StoredSession>, Failure> {
    let find = format!(
        "SELECT {ACCOUNT}, last_seen_at, expires_at
        FROM session JOIN account ON account.number = session.account WHERE hash = ?1"
    );
    let row = connection.prepare_cached(&find)?.query_row([hash], |row| {
        let times = SessionTimes { last_seen_at: row.get(7)?, expires_at: row.get(8)? };
        Ok(StoredSession { account: account(row, 0)?, times })
    });
    Ok(row.optional()?)
}

fn memberships(connection: &Connection, account: u64) -> Result<Vec<Membership>, Failure> {
    let of_account = "SELECT organization.id, organization.name, suspended_at, principal.id, role
        FROM principal JOIN organization ON organization.id = principal.organization
        WHERE account = ?1 AND removed_at IS NULL AND revoked_at IS NULL ORDER BY principal.number";
    let mut memberships = connection.prepare_cached(of_account)?;
    let rows = memberships.query_map([account], |row| {
        Ok(Membership {
            organization: row.get(0)?,
            organization_name: row.get(1)?,
            suspended_at: row.get(2)?,
            principal: row.get(3)?,
            role: word(row.get_ref(4)?.as_str()?).map_err(|cause| unreadable(4, cause))?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns the account with this number.
fn numbered(connection: &Connection, number: u64) -> Result<Option<Account>, Failure> {
    find(connection, "number = ?1", [number])
}

/// Returns the account that an identity is linked with.
fn linked(connection: &Connection, identity: &Identity) -> Result<Option<Account>, Failure> {
    find(connection, "oidc_issuer = ?1 AND oidc_subject = ?2", [&identity.issuer, &identity.subject])
}

fn find(
    connection: &Connection,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<Account>, Failure> {
    let find = format!("SELECT {ACCOUNT} FROM account WHERE {condition}");
    Ok(connection.prepare_cached(&find)?.query_row(parameters, |row| account(row, 0)).optional()?)
}

/// The account in the columns of [`ACCOUNT`], from this one on.
pub(super) fn account(row: &Row<'_>, first: usize) -> rusqlite::Result<Account> {
    let (issuer, subject): (Option<_>, Option<_>) = (row.get(first + 5)?, row.get(first + 6)?);
    Ok(Account {
        number: row.get(first)?,
        id: row.get(first + 1)?,
        email: row.get(first + 2)?,
        name: row.get(first + 3)?,
        password_hash: row.get(first + 4)?,
        identity: issuer.zip(subject).map(|(issuer, subject)| Identity { issuer, subject }),
    })
}
