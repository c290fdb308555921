//! Signs people in and out, and changes their passwords.

use std::net::IpAddr;

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::Error;
use serde::{Deserialize, Serialize};

use super::clock::now;
use super::passwords::Passwords;
use crate::crypto::secret::{self, Secret};
use crate::domain::account::{self, Account, AccountSelector, Identity, Proof, wrong_password};
use crate::domain::client_network::network;
use crate::domain::password;
use crate::domain::principal::normalize_email;
use crate::domain::session::{NewSession, SessionLimits};
use crate::domain::sign_in_rate::{self, AttemptKey, AttemptSubject, Attempts, WINDOW};
use crate::store::{Forgiven, SignInStore, acting};

/// Why a request that needs a session is refused.
const NO_SESSION: &str = "The request has no session, or the session has ended.";

/// How long a person may take at the provider to link an identity, in seconds.
const LINK_SECONDS: u64 = 600;

/// A session that has just begun.
pub(crate) struct Begun {
    /// The text for the cookie, which is given out this once.
    pub(crate) secret: Secret,
    /// When the session ends at the latest.
    pub(crate) expires_at: u64,
    /// The account that is signed in.
    pub(crate) account: Account,
}

/// A session that a request has.
pub(crate) struct Session {
    /// The hash of the text in the cookie.
    pub(crate) hash: [u8; 32],
    /// The account that is signed in.
    pub(crate) account: Account,
    /// When the session ends at the latest.
    pub(crate) expires_at: u64,
}

/// Signs in with an email and a password.
///
/// SECURITY: an email without an account takes the same time and gets the same answer as a wrong password.
///
/// # Errors
/// [`Error::SignInFailed`], or [`Error::TooManyRequests`] if too many attempts failed.
pub(crate) async fn with_password(
    store: &dyn SignInStore,
    passwords: &Passwords,
    limits: SessionLimits,
    email: &str,
    password: String,
    client: IpAddr,
) -> Result<Begun, Error> {
    // What cannot be an email or a password is no account's.
    let email = normalize_email(email).ok().filter(|_| password::is_possible(&password)).ok_or_else(wrong_password)?;
    let forgiven = count_attempt(store, &email, client).await?;
    let account = store.account(AccountSelector::Email(email)).await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let is_right = verify(store, passwords, password, hash.clone(), &forgiven).await?;
    match (account, hash) {
        (Some(account), Some(hash)) if is_right => {
            begin(store, limits, account, Proof::Password(hash), Some(forgiven)).await
        }
        (account, _) => {
            account.iter().for_each(|account| acting::about("account", &account.id));
            tracing::info!("sign-in failed");
            Err(wrong_password())
        }
    }
}

/// Signs in with an identity that an OpenID Connect provider has confirmed.
///
/// # Errors
/// [`Error::SignInFailed`] if no account is linked with it.
pub(crate) async fn with_identity(
    store: &dyn SignInStore,
    limits: SessionLimits,
    identity: Identity,
) -> Result<Begun, Error> {
    let account = store.account(AccountSelector::Identity(identity.clone())).await?;
    let account = account.ok_or_else(|| {
        let why = "No account is linked with this identity: accept an invitation with it, or sign in and link it.";
        Error::SignInFailed(why.into())
    })?;
    begin(store, limits, account, Proof::Identity(identity), None).await
}

/// Begins a session of an account.
pub(super) async fn begin(
    store: &dyn SignInStore,
    limits: SessionLimits,
    account: Account,
    proof: Proof,
    forgiven: Option<Forgiven>,
) -> Result<Begun, Error> {
    let now = now();
    let (secret, expires_at) = (Secret::generate(), now.saturating_add(limits.total));
    let new = NewSession { hash: secret.hash(), account: account.number, created_at: now, expires_at };
    let rule = move |account: &Option<Account>| account::may_sign_in(account.as_ref(), &proof);
    store.add_session(new, forgiven, Box::new(rule)).await?;
    tracing::info!(id = account.id, "signed in");
    Ok(Begun { secret, expires_at, account })
}

/// Counts an attempt with a password, and returns the counters for the case that it succeeds.
async fn count_attempt(store: &dyn SignInStore, email: &str, client: IpAddr) -> Result<Forgiven, Error> {
    let now = now();
    let key = |subject: &str, name: &str| AttemptKey(secret::hash_parts(&[subject, name]));
    let forgiven = Forgiven { email: key("email", email), address: key("address", &network(client)) };
    let rule = move |counted: &Vec<Attempts>| {
        let subjects = [AttemptSubject::Email, AttemptSubject::Address];
        let counted: Vec<_> = subjects.into_iter().zip(counted.iter().copied()).collect();
        sign_in_rate::count(&counted, now)
    };
    let keys = vec![forgiven.email, forgiven.address];
    store.count_attempts(keys, now.saturating_sub(WINDOW), Box::new(rule)).await?;
    Ok(forgiven)
}

/// Compares a password whose attempt was counted. The attempt is taken back if nothing was compared.
async fn verify(
    store: &dyn SignInStore,
    passwords: &Passwords,
    password: String,
    hash: Option<String>,
    attempt: &Forgiven,
) -> Result<bool, Error> {
    let verified = passwords.verify(password, hash).await;
    if verified.is_err() {
        take_back(store, attempt).await?;
    }
    verified
}

/// Takes an attempt back that has not failed. The others stay counted.
async fn take_back(store: &dyn SignInStore, attempt: &Forgiven) -> Result<(), Error> {
    let rule = |counted: &Vec<Attempts>| Ok(sign_in_rate::take_back(counted));
    let keys = vec![attempt.email, attempt.address];
    store.count_attempts(keys, now().saturating_sub(WINDOW), Box::new(rule)).await
}

/// Returns the session with this text in the cookie.
///
/// # Errors
/// [`Error::NotSignedIn`] if it does not exist or has ended.
pub(crate) async fn find(store: &dyn SignInStore, limits: SessionLimits, text: Option<&str>) -> Result<Session, Error> {
    let Some(text) = text else { return Err(Error::NotSignedIn(NO_SESSION)) };
    let (hash, now) = (secret::hash(text), now());
    let stored = store.session(hash).await?.filter(|stored| stored.times.is_active(limits, now));
    let stored = stored.ok_or(Error::NotSignedIn(NO_SESSION))?;
    if stored.times.needs_update(now) {
        store.touch_session(hash, now).await?;
    }
    Ok(Session { hash, account: stored.account, expires_at: stored.times.expires_at })
}

/// Ends the session with this text in the cookie, if there is one.
pub(crate) async fn end(store: &dyn SignInStore, text: &str) -> Result<(), Error> {
    store.end_session(secret::hash(text)).await
}

/// Changes the password of the account that is signed in. Its other sessions end.
///
/// # Errors
/// [`Error::SignInFailed`] if the old password is wrong, [`Error::TooManyRequests`] if that happens too often, and
/// [`Error::InvalidRequest`] if the new password cannot be one or the account has none.
pub(crate) async fn change_password(
    store: &dyn SignInStore,
    passwords: &Passwords,
    session: &Session,
    old: String,
    new: String,
    client: IpAddr,
) -> Result<(), Error> {
    let account = &session.account;
    let old_hash = require_password(account)?;
    password::check(&new, &account.email)?;
    let forgiven = confirm(store, passwords, account, old, client).await?;
    let new_hash = match passwords.hash(new).await {
        Ok(hash) => hash,
        Err(error) => {
            take_back(store, &forgiven).await?;
            return Err(error);
        }
    };
    let proof = Proof::Password(old_hash);
    let rule = move |account: &Option<Account>| account::may_sign_in(account.as_ref(), &proof);
    store.set_password(account.number, new_hash, session.hash, forgiven, Box::new(rule)).await?;
    tracing::info!(id = account.id, "password changed");
    Ok(())
}

/// Returns the hash of an account's password.
///
/// # Errors
/// [`Error::InvalidRequest`] if the account has none.
fn require_password(account: &Account) -> Result<String, Error> {
    let why = "The account has no password: it signs in by OpenID Connect.";
    account.password_hash.clone().ok_or_else(|| Error::InvalidRequest(why.into()))
}

/// Requires the password of the account that is signed in, and returns the counters of the attempt.
///
/// # Errors
/// [`Error::SignInFailed`] if it is wrong, [`Error::TooManyRequests`] if that happens too often.
async fn confirm(
    store: &dyn SignInStore,
    passwords: &Passwords,
    account: &Account,
    password: String,
    client: IpAddr,
) -> Result<Forgiven, Error> {
    if !password::is_possible(&password) {
        return Err(wrong_password());
    }
    let forgiven = count_attempt(store, &account.email, client).await?;
    if !verify(store, passwords, password, account.password_hash.clone(), &forgiven).await? {
        return Err(wrong_password());
    }
    Ok(forgiven)
}

/// Allows to link an identity with the account that is signed in, and returns the proof of that for [`link`].
///
/// SECURITY: an identity outlives sessions and passwords. A session alone, which may be stolen, adds none.
///
/// # Errors
/// [`Error::SignInFailed`] if the password is wrong, [`Error::TooManyRequests`] if that happens too often, and
/// [`Error::InvalidRequest`] if it is missing.
pub(crate) async fn start_link(
    store: &dyn SignInStore,
    passwords: &Passwords,
    session: &Session,
    password: Option<String>,
    client: IpAddr,
) -> Result<LinkProof, Error> {
    let account = &session.account;
    if account.password_hash.is_some() {
        let why = "Linking an identity needs the `password` of your account.";
        let password = password.ok_or_else(|| Error::InvalidRequest(why.into()))?;
        let attempt = confirm(store, passwords, account, password, client).await?;
        take_back(store, &attempt).await?;
    }
    Ok(LinkProof::new(account, now().saturating_add(LINK_SECONDS)))
}

/// Proves that an account's person has allowed to link an identity with it.
///
/// SECURITY: only who has the hash of the password can make it, which is the service alone. It ends with the password.
#[derive(Serialize, Deserialize)]
pub(crate) struct LinkProof {
    /// When it ends.
    expires_at: u64,
    /// The account and its password, as a hash.
    hash: String,
}

impl LinkProof {
    fn new(Account { id, password_hash, .. }: &Account, expires_at: u64) -> LinkProof {
        let hash = password_hash.as_deref().unwrap_or_default();
        let hash = secret::hash_parts(&["link", id, hash, &expires_at.to_string()]);
        LinkProof { expires_at, hash: Base64UrlUnpadded::encode_string(&hash) }
    }

    fn is_of(&self, account: &Account, now: u64) -> bool {
        let expected = LinkProof::new(account, self.expires_at);
        // Hashes are compared, so that the time tells nothing.
        now < self.expires_at && secret::hash(&self.hash) == secret::hash(&expected.hash)
    }
}

/// Links an identity with the account that is signed in.
///
/// # Errors
/// Those of [`account::may_link`], and [`Error::SignInFailed`] if the proof is not of this account and its password.
pub(crate) async fn link(
    store: &dyn SignInStore,
    session: &Session,
    identity: Identity,
    proof: LinkProof,
) -> Result<(), Error> {
    let (linked, now) = (identity.clone(), now());
    let rule = move |(account, other): &(Option<Account>, Option<Account>)| {
        if !account.as_ref().is_some_and(|account| proof.is_of(account, now)) {
            return Err(Error::SignInFailed("The identity was not linked: begin again.".into()));
        }
        account::may_link(account.as_ref(), other.as_ref(), &linked)
    };
    store.link_identity(session.account.number, identity, Box::new(rule)).await?;
    tracing::info!(id = session.account.id, "identity linked");
    Ok(())
}

/// Unlinks the identity of the account that is signed in. Its other sessions end: they may be by that identity.
///
/// # Errors
/// [`Error::SignInFailed`] if the password is wrong, [`Error::TooManyRequests`] if that happens too often, and
/// [`Error::InvalidRequest`] if the account has none, so that nobody could sign in.
pub(crate) async fn unlink(
    store: &dyn SignInStore,
    passwords: &Passwords,
    session: &Session,
    password: String,
    client: IpAddr,
) -> Result<(), Error> {
    let account = &session.account;
    let hash = require_password(account)?;
    let attempt = confirm(store, passwords, account, password, client).await?;
    take_back(store, &attempt).await?;
    let proof = Proof::Password(hash);
    let rule = move |account: &Option<Account>| account::may_sign_in(account.as_ref(), &proof);
    store.unlink_identity(account.number, session.hash, Box::new(rule)).await?;
    tracing::info!(id = account.id, "identity unlinked");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::suite::on_every_store;
    use crate::store::{Location, open_or_create};

    on_every_store!(an_attempt_without_a_comparison_is_not_counted,);

    async fn an_attempt_without_a_comparison_is_not_counted(location: Location) {
        let store = open_or_create(&location).await.expect("a store");
        let (busy, client) = (Passwords::busy(), IpAddr::from([127, 0, 0, 1]));
        let limits = SessionLimits { idle: 60, total: 60 };
        let wrong = || "wrong horse battery".to_owned();
        let sign_in = async |passwords: &Passwords| {
            with_password(&*store, passwords, limits, "ada@example.com", wrong(), client).await.err()
        };
        for _ in 0..3 {
            assert_eq!(sign_in(&Passwords::default()).await, Some(wrong_password()));
        }
        for _ in 0..20 {
            assert_eq!(sign_in(&busy).await, Some(Error::TooManyRequests(5)));
        }
        for _ in 0..7 {
            assert_eq!(sign_in(&Passwords::default()).await, Some(wrong_password()), "ten have failed");
        }
        assert!(matches!(sign_in(&Passwords::default()).await, Some(Error::TooManyRequests(6..))));
    }
}
