//! Invites users, and lets them accept.

use daypass::Error;

use super::clock::now;
use super::passwords::Passwords;
use super::sign_in::{self, Begun, Session};
use crate::crypto::random;
use crate::crypto::secret::{self, Secret};
use crate::domain::account::{AccountSelector, Identity, Proof};
use crate::domain::invitation::{
    self, Acceptance, Acceptor, InvitationFacts, InviteFacts, NewAccount, NewInvitation, require_open,
};
use crate::domain::password;
use crate::domain::principal::Actor;
use crate::domain::session::SessionLimits;
use crate::store::SignInStore;

/// An invitation that has just been made.
pub(crate) struct Invited {
    /// The secret of its link, which is given out this once.
    secret: Secret,
    /// When it expires.
    pub(crate) expires_at: u64,
}

impl Invited {
    /// Returns the link that the user opens, at a service with this URL.
    ///
    /// SECURITY: the secret is in the fragment, which browsers send to no server, so that no log has it.
    pub(crate) fn link(&self, service: &str) -> String {
        format!("{service}/invitation#{}", self.secret.expose())
    }
}

/// Invites a user of an organization. An earlier invitation ends.
///
/// # Errors
/// Those of [`invitation::may_invite`].
pub(crate) async fn invite(
    store: &dyn SignInStore,
    organization: &str,
    principal: &str,
    actor: Actor,
) -> Result<Invited, Error> {
    let secret = Secret::generate();
    let new = NewInvitation::new(secret.hash(), &actor, now());
    let expires_at = new.expires_at;
    let acting = actor.user().map(str::to_owned);
    let rule = move |facts: &InviteFacts| invitation::may_invite(facts, &actor);
    store.add_invitation(organization, principal, acting.as_deref(), new, Box::new(rule)).await?;
    tracing::info!(id = principal, organization, "user invited");
    Ok(Invited { secret, expires_at })
}

/// Returns the invitation whose link has this secret.
///
/// # Errors
/// [`Error::InvalidInvitation`] if it cannot be accepted.
pub(crate) async fn find(store: &dyn SignInStore, secret: &str) -> Result<InvitationFacts, Error> {
    let facts = store.invitation(secret::hash(secret)).await?;
    require_open(facts.as_ref(), now()).cloned()
}

/// Accepts an invitation with a new account, and signs in.
///
/// # Errors
/// Those of [`invitation::accept`], and [`Error::InvalidRequest`] if the password cannot be one.
pub(crate) async fn accept_with_password(
    store: &dyn SignInStore,
    passwords: &Passwords,
    limits: SessionLimits,
    secret: &str,
    password: String,
) -> Result<Begun, Error> {
    // Before the password is hashed: that costs more than all else.
    let facts = find(store, secret).await?;
    let now = now();
    let new = |password_hash| NewAccount { id: new_id(), password_hash, identity: None, created_at: now };
    invitation::accept(Some(&facts), &Acceptor::New(new(None)), now)?;
    password::check(&password, &facts.email)?;
    let hash = passwords.hash(password).await?;
    accept(store, secret, Acceptor::New(new(Some(hash.clone())))).await?;
    begin(store, limits, AccountSelector::Email(facts.email), Proof::Password(hash)).await
}

/// Accepts an invitation with the account that is signed in.
///
/// # Errors
/// Those of [`invitation::accept`].
pub(crate) async fn accept_signed_in(store: &dyn SignInStore, secret: &str, session: &Session) -> Result<(), Error> {
    accept(store, secret, Acceptor::SignedIn(session.account.number)).await
}

/// Accepts an invitation with an identity that an OpenID Connect provider has confirmed, and signs in.
///
/// # Errors
/// Those of [`invitation::accept`].
pub(crate) async fn accept_with_identity(
    store: &dyn SignInStore,
    limits: SessionLimits,
    secret: &str,
    identity: Identity,
) -> Result<Begun, Error> {
    let linked = store.account(AccountSelector::Identity(identity.clone())).await?;
    let acceptor = match linked {
        // The identity signs in as this account.
        Some(account) => Acceptor::SignedIn(account.number),
        None => {
            let identity = Some(identity.clone());
            Acceptor::New(NewAccount { id: new_id(), password_hash: None, identity, created_at: now() })
        }
    };
    accept(store, secret, acceptor).await?;
    begin(store, limits, AccountSelector::Identity(identity.clone()), Proof::Identity(identity)).await
}

async fn accept(store: &dyn SignInStore, secret: &str, acceptor: Acceptor) -> Result<(), Error> {
    let now = now();
    let rule = move |facts: &Option<InvitationFacts>| -> Result<Acceptance, Error> {
        invitation::accept(facts.as_ref(), &acceptor, now)
    };
    store.accept_invitation(secret::hash(secret), now, Box::new(rule)).await?;
    tracing::info!("invitation accepted");
    Ok(())
}

async fn begin(
    store: &dyn SignInStore,
    limits: SessionLimits,
    selector: AccountSelector,
    proof: Proof,
) -> Result<Begun, Error> {
    let account = store.account(selector).await?.ok_or(Error::Unavailable)?;
    sign_in::begin(store, limits, account, proof, None).await
}

fn new_id() -> String {
    format!("acc_{}", random::id())
}
