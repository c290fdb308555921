//! The organizations of a signed-in person: [`Membership`], and which one a request is about.

use daypass::Error;
use daypass::api::Role;

/// A person's user in one organization, which was not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The organization.
    pub(crate) organization: String,
    /// The organization's name.
    pub(crate) organization_name: String,
    /// Since when the organization is suspended, if it is.
    pub(crate) suspended_at: Option<u64>,
    /// The id of the user.
    pub(crate) principal: String,
    /// The user's role.
    pub(crate) role: Role,
}

/// Returns the membership in this organization. To a person without one, an organization that exists is like one that does
/// not.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::OrganizationSuspended`].
pub(crate) fn find<'a>(memberships: &'a [Membership], organization: &str) -> Result<&'a Membership, Error> {
    let found = memberships.iter().find(|membership| membership.organization == organization).ok_or(Error::NotFound)?;
    if found.suspended_at.is_some() { Err(Error::OrganizationSuspended) } else { Ok(found) }
}

/// Returns the membership that a request is about: the one that it names, or the only one.
///
/// # Errors
/// Those of [`find`], and [`Error::InvalidRequest`] if the request names none of several.
pub(crate) fn choose<'a>(memberships: &'a [Membership], named: Option<&str>) -> Result<&'a Membership, Error> {
    match (named, memberships) {
        (Some(organization), _) => find(memberships, organization),
        (None, [only]) => find(memberships, &only.organization),
        (None, []) => Err(Error::NotFound),
        (None, [..]) => {
            let why = "You are a user of several organizations: name one in the header Daypass-Organization.";
            Err(Error::InvalidRequest(why.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_about_the_organization_that_it_names_or_the_only_one() {
        let of = |organization: &str, suspended_at| Membership {
            organization: organization.into(),
            organization_name: "O".into(),
            suspended_at,
            principal: "usr_1".into(),
            role: Role::Viewer,
        };
        let (none, one) = (vec![], vec![of("a", None)]);
        let several = vec![of("a", None), of("b", Some(7))];
        for (memberships, named, expected) in [
            (&none, None, Err("not_found")),
            (&none, Some("a"), Err("not_found")),
            (&one, None, Ok("a")),
            (&one, Some("a"), Ok("a")),
            (&one, Some("b"), Err("not_found")),
            (&one, Some(""), Err("not_found")),
            (&several, None, Err("invalid_request")),
            (&several, Some("a"), Ok("a")),
            (&several, Some("b"), Err("organization_suspended")),
        ] {
            let chosen = choose(memberships, named).map(|chosen| &*chosen.organization);
            assert_eq!(chosen.map_err(|error| error.code().as_str()), expected, "{memberships:?} {named:?}");
        }
    }
}
