//! What the users of an organization may do, by their role: pure functions from a role to scopes and other roles.

use daypass::api::Role;
use daypass::{Grant, Scope, ScopeSet};

use super::catalogs::Catalogs;

const READ: Scope = Scope::literal("token:read");
const CREATE: Scope = Scope::literal("token:create");
const REVOKE: Scope = Scope::literal("token:revoke");
const ADMINISTER: Scope = Scope::literal("daypass:administer");

/// Returns the scopes of Daypass that a user has in its own organization.
///
/// An admin uses `daypass:administer` within the limits of [`may_manage`].
pub(crate) fn management(role: Role, catalogs: &Catalogs) -> ScopeSet {
    match role {
        Role::Viewer => ScopeSet::from_iter([READ]),
        Role::Developer => ScopeSet::from_iter([READ, CREATE, REVOKE]),
        Role::Admin => ScopeSet::from_iter([READ, CREATE, REVOKE, ADMINISTER]),
        Role::Owner => catalogs.own().clone(),
    }
}

/// Returns the product's scopes that a user has in its own organization, and can give to its personal tokens.
///
/// A viewer has those that are public anyway.
pub(crate) fn product(role: Role, catalogs: &Catalogs) -> ScopeSet {
    match role {
        Role::Viewer => catalogs.publishable(),
        Role::Developer | Role::Admin | Role::Owner => catalogs.product().all(),
    }
}

/// Returns the scopes that a user can give to the organization's tokens.
///
/// SECURITY: an admin gives no token more than the role may do: one with `daypass:administer` would manage owners.
pub(crate) fn grantable(role: Role, catalogs: &Catalogs) -> ScopeSet {
    let own = match role {
        Role::Viewer => return ScopeSet::default(),
        Role::Developer => ScopeSet::default(),
        Role::Admin => ScopeSet::from_iter([READ, CREATE, REVOKE]),
        Role::Owner => catalogs.own().clone(),
    };
    product(role, catalogs).iter().chain(own.iter()).cloned().collect()
}

/// Returns whether a user may revoke a token with these grants: a developer only one without scopes of Daypass.
pub(crate) fn may_revoke(role: Role, grants: &[Grant]) -> bool {
    let is_of_product = grants.iter().all(|grant| !grant.scopes.iter().any(Scope::is_of_daypass));
    role >= Role::Admin || (role == Role::Developer && is_of_product)
}

/// Returns the least role whose users have all these scopes of the product; `None` if none has.
pub(crate) fn least(scopes: &ScopeSet, catalogs: &Catalogs) -> Option<Role> {
    Role::ALL.into_iter().find(|role| product(*role, catalogs).covers_all(scopes))
}

/// Returns whether a user may add, edit and remove users of another role, and give that role.
///
/// SECURITY: nobody gives a role above their own. Admins leave owners alone.
pub(crate) fn may_manage(role: Role, other: Role) -> bool {
    role >= Role::Admin && role >= other
}

#[cfg(test)]
mod tests {
    use daypass::Catalog;

    use super::*;

    fn scopes(text: &str) -> ScopeSet {
        text.split_whitespace().map(|scope| scope.parse().expect("a scope")).collect()
    }

    #[test]
    fn a_later_role_may_do_all_that_an_earlier_one_may() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (index, role) in Role::ALL.into_iter().enumerate() {
            for earlier in &Role::ALL[..index] {
                assert!(role > *earlier, "{role} {earlier}");
                assert!(management(role, &catalogs).covers_all(&management(*earlier, &catalogs)), "{role} {earlier}");
                assert!(product(role, &catalogs).covers_all(&product(*earlier, &catalogs)), "{role} {earlier}");
            }
        }
    }

    #[test]
    fn each_role_has_its_scopes() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (role, own, others) in [
            (
                Role::Viewer,
                "token:read",
                "token:create token:revoke token:introspect token:report bundle:create daypass:administer",
            ),
            (
                Role::Developer,
                "token:read token:create token:revoke",
                "token:introspect token:report bundle:create daypass:administer",
            ),
            (
                Role::Admin,
                "token:read token:create token:revoke daypass:administer",
                "token:introspect token:report bundle:create",
            ),
            (
                Role::Owner,
                "token:read token:create token:revoke token:introspect token:report bundle:create daypass:administer",
                "",
            ),
        ] {
            let held = management(role, &catalogs);
            assert_eq!(held, scopes(own), "{role}");
            assert!(!scopes(others).iter().any(|scope| held.covers(scope)), "{role}");
            assert!(!product(role, &catalogs).iter().any(Scope::is_of_daypass), "{role}");
        }
    }

    #[test]
    fn a_viewer_has_the_public_scopes_of_the_product_and_every_other_role_has_all() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (text, expected) in [
            ("floor:readPublic", Some(Role::Viewer)),
            ("floor:readPublic:f1", Some(Role::Viewer)),
            ("floor:readPublic floor:export", Some(Role::Developer)),
            ("floor:export", Some(Role::Developer)),
            ("floor:export:f1", Some(Role::Developer)),
            ("token:read", None),
            ("floor:export token:create", None),
            ("daypass:administer", None),
            ("token:*", None),
            ("*", None),
        ] {
            assert_eq!(least(&scopes(text), &catalogs), expected, "{text}");
        }
    }

    #[test]
    fn no_role_gives_a_token_more_than_it_may_do_and_a_viewer_nothing() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (role, given, others) in [
            (Role::Viewer, "", "floor:readPublic token:read"),
            (
                Role::Developer,
                "floor:readPublic floor:export",
                "token:read token:create bundle:create daypass:administer",
            ),
            (Role::Admin, "floor:export token:read token:create token:revoke", "token:introspect daypass:administer *"),
            (Role::Owner, "floor:export token:introspect bundle:create daypass:administer", "*"),
        ] {
            let grantable = grantable(role, &catalogs);
            assert!(grantable.covers_all(&scopes(given)), "{role}");
            assert!(!scopes(others).iter().any(|scope| grantable.covers(scope)), "{role}");
        }
    }

    #[test]
    fn a_developer_revokes_tokens_of_the_product_alone() {
        for (text, revoked_by) in [
            ("floor:readPublic floor:export", Some(Role::Developer)),
            ("floor:export token:read", Some(Role::Admin)),
            ("bundle:create", Some(Role::Admin)),
            ("*", Some(Role::Admin)),
        ] {
            let grants = [Grant { tenant: "o".into(), scopes: scopes(text), resources: vec![] }];
            assert_eq!(Role::ALL.into_iter().find(|role| may_revoke(*role, &grants)), revoked_by, "{text}");
        }
    }

    #[test]
    fn admins_and_owners_manage_users_up_to_their_own_role() {
        for (role, managed) in [
            (Role::Viewer, &[][..]),
            (Role::Developer, &[]),
            (Role::Admin, &[Role::Viewer, Role::Developer, Role::Admin]),
            (Role::Owner, &Role::ALL),
        ] {
            for other in Role::ALL {
                assert_eq!(may_manage(role, other), managed.contains(&other), "{role} {other}");
            }
        }
    }
}
