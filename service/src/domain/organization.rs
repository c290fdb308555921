//! Organizations: the tenants of the service. When one may be created, renamed and revoked.

use daypass::Error;
use daypass::api::{OrganizationRecord, OrganizationState};

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
    /// When it was revoked, if it was.
    pub(crate) revoked_at: Option<u64>,
}

impl Organization {
    /// An organization that is created now.
    pub(crate) fn new(id: String, name: String, now: u64) -> Organization {
        Organization { id, name, is_operator: false, created_at: now, issued_before: None, revoked_at: None }
    }
}

impl From<Organization> for OrganizationRecord {
    fn from(organization: Organization) -> OrganizationRecord {
        let Organization { id, name, is_operator, created_at, issued_before, revoked_at } = organization;
        let state = if revoked_at.is_some() { OrganizationState::Revoked } else { OrganizationState::Active };
        OrganizationRecord { id, name, state, is_operator, created_at, issued_before, revoked_at }
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

/// Requires that an organization may be renamed: also when it is revoked, since lists show it.
///
/// # Errors
/// [`Error::NotFound`] if it does not exist.
pub(crate) fn may_rename(existing: Option<&Organization>) -> Result<(), Error> {
    existing.map(|_| ()).ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!((may_create(None), may_rename(None)), (Ok(()), Err(Error::NotFound)));
        for revoked_at in [None, Some(9)] {
            chairs.revoked_at = revoked_at;
            assert_eq!((may_create(Some(&chairs)), may_rename(Some(&chairs))), (Err(Error::AlreadyExists), Ok(())));
        }
    }
}
