//! The principal that a new token belongs to, and with which it is revoked.

use daypass::api::{PrincipalKind, Role};
use daypass::{Error, Grant, Scope, ScopeSet, TokenKind};

use super::catalogs::Catalogs;
use super::personal_token;
use super::principal::Principal;
use super::role;
use super::token::AddFacts;

/// Names another owner than that of the creating token.
pub(crate) const ADMINISTER: Scope = Scope::literal("daypass:administer");

/// What decides which principal a new token belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnerRule {
    /// The id of the requested owner; without one it is that of the creating token.
    pub(crate) requested: Option<String>,
    /// The role by which a user creates it without a token, if one does.
    pub(crate) creator_role: Option<Role>,
    /// Whether the creator may administer the organization.
    pub(crate) is_administrator: bool,
    /// The least role of a user who can have it, if it is a personal token.
    pub(crate) least_role: Option<Role>,
}

/// Returns the least role of a user who can have a new token with these grants, if it is personal.
///
/// SECURITY: a personal token has scopes of the product alone, and on its user's organization alone, whatever its creator
/// holds: a role is one in an organization. It has none that creates others (`tokens:write`, Speckle).
///
/// # Errors
/// [`Error::InvalidRequest`] for another tenant, [`Error::InvalidScope`], which names the first scope that no personal
/// token can have.
pub(crate) fn least_role(
    kind: TokenKind,
    organization: &str,
    grants: &[Grant],
    catalogs: &Catalogs,
) -> Result<Option<Role>, Error> {
    if kind != TokenKind::Personal {
        return Ok(None);
    }
    if grants.iter().any(|grant| grant.tenant != organization) {
        return refuse("A personal token is for its user's own organization: leave out the `tenant`.");
    }
    let product = catalogs.product().all();
    let scopes: ScopeSet = grants.iter().flat_map(|grant| grant.scopes.iter().cloned()).collect();
    match scopes.iter().find(|scope| !product.covers(scope) || scope.covers(&personal_token::WRITE)) {
        Some(scope) => Err(Error::InvalidScope(format!("A personal token cannot hold `{scope}`."))),
        None => Ok(role::least(&scopes, catalogs)),
    }
}

/// Returns the principal that a new token belongs to, if any.
///
/// SECURITY: a token that dies with its owner makes none that outlives it by naming another, unless it may administer
/// the organization.
///
/// # Errors
/// [`Error::NotFound`] if the organization has no such principal, [`Error::InsufficientScope`] if the creator may not name
/// it, [`Error::InvalidRequest`] if it was removed, or if the token is personal and the owner is no user or has a lower
/// role.
pub(crate) fn owner(rule: &OwnerRule, facts: &AddFacts) -> Result<Option<Principal>, Error> {
    let AddFacts { requested_owner, creator_owner, .. } = facts;
    let owner = match &rule.requested {
        Some(_) => Some(requested_owner.as_ref().ok_or(Error::NotFound)?),
        None => creator_owner.as_ref(),
    };
    let is_of_another = creator_owner.as_ref().is_some_and(|own| owner.is_some_and(|owner| owner.number != own.number));
    if is_of_another && !rule.is_administrator {
        return Err(Error::InsufficientScope { scope: ADMINISTER, tenant: None });
    }
    if owner.is_some_and(|owner| owner.removed_at.is_some()) {
        return refuse("The principal that the token would belong to was removed.");
    }
    if let Some(least) = rule.least_role {
        let role = owner.filter(|owner| owner.kind == PrincipalKind::User).and_then(|owner| owner.role);
        match role {
            Some(role) if role >= least => {}
            Some(role) => {
                return refuse(format!("A user with the role {role} cannot have these scopes: they need {least}."));
            }
            None => return refuse("A personal token needs an `owner`: the id of a user."),
        }
    }
    Ok(owner.cloned())
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::InvalidRequest(why.into()))
}

#[cfg(test)]
mod tests {
    use daypass::Catalog;

    use super::super::principal::tests::{code, principal};
    use super::*;

    fn grant(tenant: &str, scopes: &str) -> Grant {
        Grant { tenant: tenant.into(), scopes: serde_json::from_str(scopes).expect("scopes"), resources: vec![] }
    }

    #[test]
    fn a_personal_token_has_scopes_of_the_product_alone() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (kind, scopes, expected) in [
            (TokenKind::Personal, r#"["floor:readPublic"]"#, Ok(Some(Role::Viewer))),
            (TokenKind::Personal, r#"["floor:readPublic","floor:export"]"#, Ok(Some(Role::Developer))),
            (TokenKind::Personal, r#"["floor:export:f1"]"#, Ok(Some(Role::Developer))),
            (TokenKind::Personal, r#"["floor:export","token:read"]"#, Err("invalid_scope")),
            (TokenKind::Personal, r#"["token:create"]"#, Err("invalid_scope")),
            (TokenKind::Personal, r#"["daypass:administer"]"#, Err("invalid_scope")),
            (TokenKind::Personal, r#"["*"]"#, Err("invalid_scope")),
            (TokenKind::Secret, r#"["token:create"]"#, Ok(None)),
        ] {
            let grants = [grant("o", scopes)];
            assert_eq!(code(least_role(kind, "o", &grants, &catalogs)), expected, "{kind} {scopes}");
            // Of several grants all count; a token without any has a user too.
            let grants = [grant("o", r#"["floor:readPublic"]"#), grants[0].clone()];
            assert_eq!(code(least_role(kind, "o", &grants, &catalogs)), expected, "{kind} {scopes}");
        }
        assert_eq!(least_role(TokenKind::Personal, "o", &[], &catalogs), Ok(Some(Role::Viewer)));
        for tenant in ["*", "other"] {
            let grants = [grant("o", r#"["floor:export"]"#), grant(tenant, r#"["floor:export"]"#)];
            let of = |kind| code(least_role(kind, "o", &grants, &catalogs));
            assert_eq!(
                (of(TokenKind::Personal), of(TokenKind::Secret)),
                (Err("invalid_request"), Ok(None)),
                "{tenant}"
            );
        }
    }

    #[test]
    fn a_token_belongs_to_the_requested_owner_or_to_that_of_its_creator() {
        let service = |number, removed_at| {
            Some(Principal { number, ..principal(PrincipalKind::ServiceAccount, None, removed_at) })
        };
        let user = |role| Some(Principal { number: 9, ..principal(PrincipalKind::User, Some(role), None) });
        let [one, two, gone] = [service(1, None), service(2, None), service(3, Some(7))];
        let [viewer, developer] = [user(Role::Viewer), user(Role::Developer)];
        let none = None;
        let personal = Some(Role::Developer);
        for (is_requested, requested, creator, is_administrator, least_role, expected) in [
            (false, &none, &none, false, None, Ok(None)),
            (false, &none, &one, false, None, Ok(Some(1))),
            (true, &one, &none, false, None, Ok(Some(1))),
            (true, &one, &one, false, None, Ok(Some(1))),
            (true, &two, &one, false, None, Err("insufficient_scope")),
            (true, &two, &one, true, None, Ok(Some(2))),
            (true, &none, &one, true, None, Err("not_found")),
            (true, &none, &none, true, None, Err("not_found")),
            (true, &gone, &none, true, None, Err("invalid_request")),
            (false, &none, &gone, true, None, Err("invalid_request")),
            (true, &developer, &none, false, personal, Ok(Some(9))),
            (false, &none, &developer, false, personal, Ok(Some(9))),
            (true, &viewer, &none, true, personal, Err("invalid_request")),
            (true, &one, &none, true, personal, Err("invalid_request")),
            (false, &none, &none, true, personal, Err("invalid_request")),
        ] {
            let requested_id = is_requested.then(|| "id".to_owned());
            let rule = OwnerRule { requested: requested_id, creator_role: None, is_administrator, least_role };
            let facts = AddFacts {
                organization: None,
                active_of_id: 0,
                is_text_taken: false,
                active_of_kind: 0,
                requested_owner: requested.clone(),
                creator_owner: creator.clone(),
                creator: None,
            };
            let owner = code(owner(&rule, &facts)).map(|owner| owner.map(|owner| owner.number));
            assert_eq!(owner, expected, "{rule:?} {requested:?} {creator:?}");
        }
    }
}
