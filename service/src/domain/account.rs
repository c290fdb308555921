//! Accounts: how people sign in, whatever organizations they are users of.

use daypass::Error;

/// A person's account.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its number in the store.
    pub(crate) number: u64,
    /// Its id.
    pub(crate) id: String,
    /// The email by which the person signs in.
    pub(crate) email: String,
    /// The person's name.
    pub(crate) name: String,
    /// The hash of the password, if it has one.
    pub(crate) password_hash: Option<String>,
    /// The identity at an OpenID Connect provider, if one is linked.
    pub(crate) identity: Option<Identity>,
}

/// A person at an OpenID Connect provider.
///
/// SECURITY: the provider's names for a person are the issuer and the subject together (OpenID Connect Core, section 5.7).
/// An email says nothing: people get one that was another's, and providers let people set any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The provider.
    pub(crate) issuer: String,
    /// The provider's id of the person.
    pub(crate) subject: String,
}

/// Which account is meant.
#[derive(Debug, Clone)]
pub(crate) enum AccountSelector {
    /// The one with this email, lower-cased.
    Email(String),
    /// The one that this identity is linked with.
    Identity(Identity),
}

/// How a person proves to be an account's.
#[derive(Clone)]
pub(crate) enum Proof {
    /// The password with this hash.
    Password(String),
    /// This identity.
    Identity(Identity),
}

/// Requires that what proved the account still does: a password may have been changed since it was compared.
///
/// # Errors
/// [`Error::SignInFailed`].
pub(crate) fn may_sign_in(account: Option<&Account>, proof: &Proof) -> Result<(), Error> {
    let is_proved = account.is_some_and(|account| match proof {
        Proof::Password(hash) => account.password_hash.as_ref() == Some(hash),
        Proof::Identity(identity) => account.identity.as_ref() == Some(identity),
    });
    if is_proved { Ok(()) } else { Err(wrong_password()) }
}

/// Requires that an identity may be linked with an account that has none.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(crate) fn may_link(account: Option<&Account>, linked: Option<&Account>, identity: &Identity) -> Result<(), Error> {
    let account = account.ok_or(Error::NotFound)?;
    if linked.is_some_and(|linked| linked.number != account.number) {
        return Err(Error::InvalidRequest("Another account is linked with this identity.".into()));
    }
    match &account.identity {
        Some(linked) if linked != identity => {
            Err(Error::InvalidRequest("The account is linked with another identity.".into()))
        }
        _ => Ok(()),
    }
}

/// The error for an email or a password that is wrong: one for both.
pub(crate) fn wrong_password() -> Error {
    Error::SignInFailed("The email or the password is wrong.".into())
}
