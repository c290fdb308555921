//! Invitations: when one may be made, and who accepts it.

use daypass::Error;
use daypass::api::{PrincipalKind, Role};

use super::account::{Account, Identity};
use super::principal::{Actor, Principal};
use super::role::may_manage;

/// How long an invitation can be accepted, in seconds: 7 days.
const LIFETIME: u64 = 7 * 86_400;

/// An invitation to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewInvitation {
    /// The hash of the secret in its link.
    pub(crate) hash: [u8; 32],
    /// When it is made.
    pub(crate) created_at: u64,
    /// When it expires.
    pub(crate) expires_at: u64,
    /// The id of the user who makes it; none for a token and the operator.
    pub(crate) inviter: Option<String>,
}

impl NewInvitation {
    /// An invitation that an actor makes now.
    pub(crate) fn new(hash: [u8; 32], actor: &Actor, now: u64) -> NewInvitation {
        let inviter = match actor {
            Actor::Operator | Actor::Token(_) => None,
            Actor::User(id, _) => Some(id.clone()),
        };
        NewInvitation { hash, created_at: now, expires_at: now.saturating_add(LIFETIME), inviter }
    }
}

/// What the store knows of the principal to invite.
pub(crate) struct InviteFacts {
    /// The principal, if the organization has it.
    pub(crate) principal: Option<Principal>,
    /// Whether a person's account is its already.
    pub(crate) has_account: bool,
    /// The user that invites it, if one does.
    pub(crate) acting_user: Option<Principal>,
}

/// Requires that a principal may be invited.
///
/// # Errors
/// [`Error::NotFound`] without such a principal, [`Error::InvalidRequest`] if it is no invited user or the actor may not
/// have to do with its role.
pub(crate) fn may_invite(facts: &InviteFacts, actor: &Actor) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::InvalidRequest(why.into()));
    actor.require_still(facts.acting_user.as_ref())?;
    let principal = facts.principal.as_ref().filter(|principal| principal.removed_at.is_none());
    let principal = principal.ok_or(Error::NotFound)?;
    if principal.kind != PrincipalKind::User {
        return refuse("Only users are invited: a service account and an application do not sign in.");
    }
    if facts.has_account {
        return refuse("The user has accepted an invitation already, and can sign in.");
    }
    // SECURITY: who has the link gets the role.
    actor.require(principal.role)
}

/// The user who made an invitation.
#[derive(Clone, Copy)]
pub(crate) struct Inviter {
    /// The user's role.
    pub(crate) role: Role,
    /// Whether the user was removed.
    pub(crate) is_removed: bool,
}

impl Inviter {
    fn may_invite(self, role: Role) -> bool {
        !self.is_removed && may_manage(self.role, role)
    }
}

/// What the store knows of an invitation.
#[derive(Clone)]
pub(crate) struct InvitationFacts {
    /// The organization that it is for.
    pub(crate) organization: String,
    /// The organization's name.
    pub(crate) organization_name: String,
    /// Whether the organization was revoked.
    pub(crate) is_organization_revoked: bool,
    /// The id of the user that it is for.
    pub(crate) principal: String,
    /// The user's name.
    pub(crate) name: String,
    /// The user's email.
    pub(crate) email: String,
    /// The user's role.
    pub(crate) role: Role,
    /// Whether the user was removed.
    pub(crate) is_removed: bool,
    /// When it expires.
    pub(crate) expires_at: u64,
    /// When it was accepted, if it was.
    pub(crate) accepted_at: Option<u64>,
    /// The account that has the invited email, if there is one.
    pub(crate) account: Option<Account>,
    /// The user who made it; none if a token or the operator did.
    pub(crate) inviter: Option<Inviter>,
}

/// Requires that an invitation can be accepted.
///
/// SECURITY: an invitation is worth no more than its inviter: it ends with the user who made it, and with that user's role.
///
/// # Errors
/// [`Error::InvalidInvitation`]: one answer whatever the cause.
pub(crate) fn require_open(facts: Option<&InvitationFacts>, now: u64) -> Result<&InvitationFacts, Error> {
    let is_open = |facts: &&InvitationFacts| {
        let is_used = facts.accepted_at.is_some() || facts.is_removed || facts.is_organization_revoked;
        let may_invite = facts.inviter.is_none_or(|inviter| inviter.may_invite(facts.role));
        !is_used && may_invite && now < facts.expires_at
    };
    facts.filter(is_open).ok_or(Error::InvalidInvitation)
}

/// Who accepts an invitation.
#[derive(Clone)]
pub(crate) enum Acceptor {
    /// A person who is signed in, by the number of the account.
    SignedIn(u64),
    /// A person who gets an account.
    New(NewAccount),
}

/// An account to be stored. It gets the name and the email of the invited user.
#[derive(Clone)]
pub(crate) struct NewAccount {
    /// Its id.
    pub(crate) id: String,
    /// The hash of the password, if one was set.
    pub(crate) password_hash: Option<String>,
    /// The identity at the OpenID Connect provider, if the person came through it.
    pub(crate) identity: Option<Identity>,
    /// When it is made.
    pub(crate) created_at: u64,
}

/// What an acceptance writes.
#[derive(Clone)]
pub(crate) enum Acceptance {
    /// The user belongs to this account from then on.
    Existing(u64),
    /// The user belongs to a new account.
    New(NewAccount),
}

/// Decides whose account the invited user gets.
///
/// SECURITY: the holder of the link never gets an account that exists. The link proves nothing about it: only its session
/// does.
///
/// # Errors
/// [`Error::InvalidInvitation`]; [`Error::NotSignedIn`] if an account has the invited email and the acceptor is not signed
/// in as that; [`Error::InvalidRequest`] if no account has it and the acceptor is signed in as another.
pub(crate) fn accept(facts: Option<&InvitationFacts>, acceptor: &Acceptor, now: u64) -> Result<Acceptance, Error> {
    let facts = require_open(facts, now)?;
    match (&facts.account, acceptor) {
        (Some(account), Acceptor::SignedIn(number)) if account.number == *number => Ok(Acceptance::Existing(*number)),
        (Some(_), _) => Err(Error::NotSignedIn(
            "An account with the invited email exists: accepting the invitation needs a session of that account.",
        )),
        (None, Acceptor::New(new)) => Ok(Acceptance::New(new.clone())),
        (None, Acceptor::SignedIn(_)) => {
            let why = "The invitation is for another email than that of your account: accept it with a new `password`.";
            Err(Error::InvalidRequest(why.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::principal::tests::{code, principal, stored, user};

    fn account(number: u64) -> Account {
        let (id, email, name) = ("acc_1".into(), "ada@example.com".into(), "Ada".into());
        Account { number, id, email, name, password_hash: None, identity: None }
    }

    fn facts(account: Option<Account>) -> InvitationFacts {
        InvitationFacts {
            organization: "o".into(),
            organization_name: "O".into(),
            is_organization_revoked: false,
            principal: "usr_1".into(),
            name: "Ada".into(),
            email: "ada@example.com".into(),
            role: Role::Admin,
            is_removed: false,
            expires_at: 1000,
            accepted_at: None,
            account,
            inviter: None,
        }
    }

    #[test]
    fn an_invitation_is_open_until_it_expires_is_accepted_or_a_user_of_it_may_not() {
        let open = facts(None);
        let by = |role, is_removed| InvitationFacts { inviter: Some(Inviter { role, is_removed }), ..facts(None) };
        for (facts, now, is_open) in [
            (Some(open.clone()), 999, true),
            (Some(open.clone()), 1000, false),
            (Some(InvitationFacts { accepted_at: Some(1), ..open.clone() }), 999, false),
            (Some(InvitationFacts { is_removed: true, ..open.clone() }), 999, false),
            (Some(InvitationFacts { is_organization_revoked: true, ..open }), 999, false),
            (Some(by(Role::Admin, false)), 999, true),
            (Some(by(Role::Admin, true)), 999, false),
            (Some(by(Role::Developer, false)), 999, false),
            (Some(InvitationFacts { role: Role::Owner, ..by(Role::Admin, false) }), 999, false),
            (Some(InvitationFacts { role: Role::Owner, ..by(Role::Owner, false) }), 999, true),
            (None, 0, false),
        ] {
            assert_eq!(require_open(facts.as_ref(), now).is_ok(), is_open, "{now}");
        }
        let new = NewInvitation::new([7; 32], &user(Role::Admin), 100);
        assert_eq!((new.expires_at, new.inviter.as_deref()), (100 + 7 * 86_400, Some("usr_2")));
    }

    #[test]
    fn an_account_that_exists_accepts_with_its_own_session_alone() {
        let new =
            || Acceptor::New(NewAccount { id: "acc_2".into(), password_hash: None, identity: None, created_at: 1 });
        for (account, acceptor, expected) in [
            (None, new(), Ok(None)),
            (None, Acceptor::SignedIn(7), Err("invalid_request")),
            (Some(account(7)), new(), Err("not_signed_in")),
            (Some(account(7)), Acceptor::SignedIn(7), Ok(Some(7))),
            (Some(account(7)), Acceptor::SignedIn(8), Err("not_signed_in")),
        ] {
            let accepted = accept(Some(&facts(account)), &acceptor, 999);
            let number = accepted.map(|acceptance| match acceptance {
                Acceptance::Existing(number) => Some(number),
                Acceptance::New(_) => None,
            });
            assert_eq!(code(number), expected);
        }
        assert_eq!(code(accept(None, &new(), 0).map(drop)), Err("invalid_invitation"));
    }

    #[test]
    fn a_user_without_an_account_is_invited_by_those_who_may_give_the_role() {
        use PrincipalKind::{Application, ServiceAccount, User};
        for (kind, role, removed_at, has_account, actor, expected) in [
            (User, Some(Role::Owner), None, false, Actor::Operator, Ok(())),
            (User, Some(Role::Owner), None, false, user(Role::Owner), Ok(())),
            (User, Some(Role::Owner), None, false, user(Role::Admin), Err("invalid_request")),
            (User, Some(Role::Admin), None, false, user(Role::Admin), Ok(())),
            (User, Some(Role::Viewer), None, false, user(Role::Developer), Err("invalid_request")),
            (User, Some(Role::Viewer), None, true, Actor::Operator, Err("invalid_request")),
            (User, Some(Role::Viewer), Some(9), false, Actor::Operator, Err("not_found")),
            (ServiceAccount, None, None, false, Actor::Operator, Err("invalid_request")),
            (Application, None, None, false, Actor::Operator, Err("invalid_request")),
        ] {
            let principal = Some(principal(kind, role, removed_at));
            let facts = InviteFacts { principal, has_account, acting_user: stored(&actor) };
            assert_eq!(code(may_invite(&facts, &actor)), expected, "{kind} {role:?} {actor:?}");
        }
        let missing = InviteFacts { principal: None, has_account: false, acting_user: None };
        assert_eq!(code(may_invite(&missing, &Actor::Operator)), Err("not_found"));
    }
}
