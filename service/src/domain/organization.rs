//! Organizations: the tenants of the service. When one may be created, renamed and suspended, and its limits.

use daypass::api::{OrganizationLimits, OrganizationRecord, OrganizationState, RevocationTarget, UpdateLimitsRequest};
use daypass::{Error, TokenKind};

use super::token_fields::{check_name, is_id};

/// The id of the organization that administers the service. A first start makes it.
pub(crate) const OPERATOR: &str = "operator";

/// An organization as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Organization {
    /// Its id.
    pub(crate) id: String,
    /// A name by which people recognize it.
    pub(crate) name: String,
    /// Whether its tokens may administer the service.
    pub(crate) is_operator: bool,
    /// When it was created.
    pub(crate) created_at: u64,
    /// The time before which its tokens are revoked, if there is one.
    pub(crate) issued_before: Option<u64>,
    /// The last token that is revoked by that: all with this serial number or a lower one are.
    pub(crate) revoked_up_to: Option<u64>,
    /// Since when it is suspended, if it is.
    pub(crate) suspended_at: Option<u64>,
    /// When it was revoked, if it was.
    pub(crate) revoked_at: Option<u64>,
    /// How many active tokens it may have.
    pub(crate) limits: OrganizationLimits,
}

impl Organization {
    /// An organization that is created now.
    pub(crate) fn new(id: String, name: String, now: u64) -> Organization {
        Organization {
            id,
            name,
            is_operator: false,
            created_at: now,
            issued_before: None,
            revoked_up_to: None,
            suspended_at: None,
            revoked_at: None,
            limits: OrganizationLimits::default(),
        }
    }

    /// Returns how many active tokens of this kind it may have, if there is a limit.
    pub(crate) fn most_active(&self, kind: TokenKind) -> Option<usize> {
        let OrganizationLimits { publishable, secret, application, personal, .. } = self.limits;
        let most = match kind {
            TokenKind::Publishable => publishable,
            TokenKind::Secret => secret,
            TokenKind::Application => application,
            TokenKind::Personal => personal,
            _ => None,
        };
        most.and_then(|most| most.try_into().ok())
    }
}

impl From<Organization> for OrganizationRecord {
    fn from(organization: Organization) -> OrganizationRecord {
        let Organization { id, name, is_operator, created_at, issued_before, suspended_at, revoked_at, limits, .. } =
            organization;
        let state = match (revoked_at, suspended_at) {
            (Some(_), _) => OrganizationState::Revoked,
            (None, Some(_)) => OrganizationState::Suspended,
            (None, None) => OrganizationState::Active,
        };
        OrganizationRecord { id, name, state, is_operator, created_at, issued_before, suspended_at, revoked_at, limits }
    }
}

/// Returns what a limit on tokens of this kind counts.
pub(crate) const fn active_tokens(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Publishable => "active publishable tokens",
        TokenKind::Secret => "active secret tokens",
        TokenKind::Application => "active application tokens",
        TokenKind::Personal => "active personal tokens",
        _ => "active tokens of this kind",
    }
}

/// Checks the fields of a new organization.
///
/// # Errors
/// [`Error::InvalidRequest`], which names the first field that is wrong.
pub(crate) fn check(name: &str, id: Option<&str>) -> Result<(), Error> {
    check_name(name)?;
    // It becomes part of paths and command lines, and it is a tenant: `*` would stand for all of them.
    if id.is_none_or(is_id) {
        Ok(())
    } else {
        let why = "The `id` must be 1 to 128 letters, digits, `.`, `_`, `~` and `-`, and begin with a letter or digit.";
        Err(Error::InvalidRequest(why.into()))
    }
}

/// Requires that no organization has the id, revoked ones included: their tokens are refused by that name for ever.
///
/// # Errors
/// [`Error::AlreadyExists`] if one has.
pub(crate) fn may_create(existing: Option<&Organization>) -> Result<(), Error> {
    if existing.is_some() { Err(Error::AlreadyExists) } else { Ok(()) }
}

/// Requires that an organization may be renamed, and its limits be set: also when it is revoked, since lists show it.
///
/// # Errors
/// [`Error::NotFound`] if it does not exist.
pub(crate) fn may_change(existing: Option<&Organization>) -> Result<(), Error> {
    existing.map(|_| ()).ok_or(Error::NotFound)
}

/// Returns the limits of an organization after a change of them.
pub(crate) fn changed_limits(limits: OrganizationLimits, change: UpdateLimitsRequest) -> OrganizationLimits {
    let UpdateLimitsRequest { publishable, secret, application, personal, principals, bundles, bundle_bytes } = change;
    OrganizationLimits {
        publishable: publishable.unwrap_or(limits.publishable),
        secret: secret.unwrap_or(limits.secret),
        application: application.unwrap_or(limits.application),
        personal: personal.unwrap_or(limits.personal),
        principals: principals.unwrap_or(limits.principals),
        bundles: bundles.unwrap_or(limits.bundles),
        bundle_bytes: bundle_bytes.unwrap_or(limits.bundle_bytes),
    }
}

/// Returns the entry of the feed that suspends an organization; none if it is suspended.
///
/// # Errors
/// [`Error::NotFound`] if it does not exist, [`Error::InvalidRequest`] if it was revoked or may administer the service.
pub(crate) fn suspension(existing: Option<&Organization>) -> Result<Option<RevocationTarget>, Error> {
    let organization = require_not_revoked(existing)?;
    if organization.is_operator {
        let why = "The tokens of this organization administer the service: it cannot be suspended.";
        return Err(Error::InvalidRequest(why.into()));
    }
    let entry = RevocationTarget::Suspended { organization: organization.id.clone() };
    Ok(organization.suspended_at.is_none().then_some(entry))
}

/// Returns the entry of the feed that resumes an organization; none if it is not suspended.
///
/// # Errors
/// [`Error::NotFound`] if it does not exist, [`Error::InvalidRequest`] if it was revoked.
pub(crate) fn resumption(existing: Option<&Organization>) -> Result<Option<RevocationTarget>, Error> {
    let organization = require_not_revoked(existing)?;
    let entry = RevocationTarget::Resumed { organization: organization.id.clone() };
    Ok(organization.suspended_at.map(|_| entry))
}

fn require_not_revoked(existing: Option<&Organization>) -> Result<&Organization, Error> {
    let organization = existing.ok_or(Error::NotFound)?;
    if organization.revoked_at.is_some() {
        return Err(Error::InvalidRequest("The organization was revoked, permanently.".into()));
    }
    Ok(organization)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_is_suspended_and_resumed_until_it_is_revoked_and_an_operator_never() {
        let of = |is_operator, suspended_at, revoked_at| Organization {
            is_operator,
            suspended_at,
            revoked_at,
            ..Organization::new("o".into(), "O".into(), 1)
        };
        let organization = || "o".to_owned();
        let suspends = || Ok(Some(RevocationTarget::Suspended { organization: organization() }));
        let resumes = || Ok(Some(RevocationTarget::Resumed { organization: organization() }));
        let refused = || Err("invalid_request");
        for (is_operator, suspended_at, revoked_at, suspension, resumption) in [
            (false, None, None, suspends(), Ok(None)),
            (false, Some(5), None, Ok(None), resumes()),
            (false, None, Some(7), refused(), refused()),
            (false, Some(5), Some(7), refused(), refused()),
            (true, None, None, refused(), Ok(None)),
        ] {
            let organization = of(is_operator, suspended_at, revoked_at);
            let code = |error: Error| error.code().as_str();
            assert_eq!(super::suspension(Some(&organization)).map_err(code), suspension, "{organization:?}");
            assert_eq!(super::resumption(Some(&organization)).map_err(code), resumption, "{organization:?}");
        }
        assert_eq!((suspension(None), resumption(None)), (Err(Error::NotFound), Err(Error::NotFound)));
    }

    #[test]
    fn a_change_of_limits_leaves_the_others() {
        let limits = OrganizationLimits { publishable: Some(7), ..OrganizationLimits::default() };
        let change = UpdateLimitsRequest { secret: Some(None), application: Some(Some(0)), ..<_>::default() };
        let changed = OrganizationLimits { publishable: Some(7), secret: None, application: Some(0), ..limits };
        assert_eq!(changed_limits(limits, change), changed);
    }

    #[test]
    fn an_organization_has_a_name_and_an_id_of_its_own() {
        for (name, id, is_right) in [
            ("Chairs", None, true),
            ("Chairs", Some("chairs.example"), true),
            ("", None, false),
            ("Chairs", Some(""), false),
            ("Chairs", Some("*"), false),
            ("Chairs", Some("-chairs"), false),
            ("Chairs", Some("a chair"), false),
        ] {
            assert_eq!(check(name, id).is_ok(), is_right, "{name:?} {id:?}");
        }
        let mut chairs = Organization::new("chairs".into(), "Chairs".into(), 7);
        assert_eq!((may_create(None), may_change(None)), (Ok(()), Err(Error::NotFound)));
        for revoked_at in [None, Some(9)] {
            chairs.revoked_at = revoked_at;
            assert_eq!((may_create(Some(&chairs)), may_change(Some(&chairs))), (Err(Error::AlreadyExists), Ok(())));
        }
    }
}
