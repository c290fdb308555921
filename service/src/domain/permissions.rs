//! Public and private tokens, as Threekit tells them apart: which tokens of the one model they are.

use daypass::api::{CreateTokenRequest, PrincipalKind};
use daypass::{Catalog, Error, TokenKind};
use serde::{Deserialize, Serialize};

use super::catalogs::Catalogs;
use super::grantor::Grantor;
use super::principal::Principal;

/// What a token of Threekit may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Permissions {
    /// Uses the configurator, saves configurations and sends analytics, in pages of its domains.
    Public,
    /// Does what its creator may do within the organization.
    Private,
}

impl Permissions {
    /// Returns what Threekit calls a stored token of this kind; `None` for kinds that are not access tokens there.
    pub(crate) fn of(kind: TokenKind) -> Option<Permissions> {
        match kind {
            TokenKind::Publishable => Some(Permissions::Public),
            TokenKind::Secret | TokenKind::Personal | TokenKind::Application => Some(Permissions::Private),
            _ => None,
        }
    }
}

/// A token to be created, as Threekit describes it.
#[derive(Debug, Clone)]
pub(crate) struct NewAccessToken {
    /// What it may do.
    pub(crate) permissions: Permissions,
    /// A name to recognize it by.
    pub(crate) name: String,
    /// The sites that may use a public token, as people write origins.
    pub(crate) domains: Vec<String>,
    /// Whether those may be below a suffix that many owners share.
    pub(crate) accept_shared_suffix: bool,
    /// The id of the service account that a public token belongs to.
    pub(crate) service_account: Option<String>,
}

impl NewAccessToken {
    /// Returns the token of the one model. `owner` is the principal that the service account's id names, if there is one.
    ///
    /// SECURITY: a public token has Threekit's three scopes alone, whatever else the catalogue publishes, and belongs to a
    /// service account, so that it does not depend on a person. A private token has what its creator can give, and no more.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`], which names the field, and those of [`Grantor::everything`].
    pub(crate) fn request(
        self,
        owner: Option<&Principal>,
        grantor: &Grantor<'_>,
        catalogs: &Catalogs,
    ) -> Result<CreateTokenRequest, Error> {
        let NewAccessToken { permissions, name, domains: origins, accept_shared_suffix, service_account } = self;
        let (kind, scopes) = match (permissions, &service_account) {
            (Permissions::Public, None) => {
                return refuse("A public token needs a `serviceAccountId`: the id of a service account.");
            }
            (Permissions::Public, Some(id)) => {
                if owner.is_none_or(|owner| owner.kind != PrincipalKind::ServiceAccount) {
                    return refuse(format!("The `serviceAccountId` {id:?} names no service account."));
                }
                (TokenKind::Publishable, Catalog::threekit().publishable())
            }
            (Permissions::Private, Some(_)) => {
                return refuse("A private token belongs to its creator: leave out the `serviceAccountId`.");
            }
            (Permissions::Private, None) if !origins.is_empty() => {
                return refuse("Only a public token has `domains`: no browser may hold a private one.");
            }
            (Permissions::Private, None) => grantor.everything(catalogs)?,
        };
        Ok(CreateTokenRequest {
            kind,
            name,
            scopes: Some(scopes),
            origins,
            resources: vec![],
            tenant: None,
            grants: None,
            expires_at: None,
            id: None,
            owner: service_account,
            accept_shared_suffix,
        })
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::InvalidRequest(why.into()))
}

#[cfg(test)]
mod tests {
    use daypass::Scope;
    use daypass::api::Role;

    use super::super::membership::Membership;
    use super::super::principal::tests::{code, principal};
    use super::*;

    fn catalogs() -> Catalogs {
        let [mut union, more] = [Catalog::space_api(), Catalog::threekit()];
        union.scopes.extend(more.scopes);
        Catalogs::new(union)
    }

    fn user(role: Role) -> Membership {
        let (organization, organization_name) = ("o".to_owned(), "O".to_owned());
        Membership { organization, organization_name, suspended_at: None, principal: "usr_2".into(), role }
    }

    fn private() -> NewAccessToken {
        let (permissions, name) = (Permissions::Private, "n".to_owned());
        NewAccessToken { permissions, name, domains: vec![], accept_shared_suffix: false, service_account: None }
    }

    fn public(domains: &[&str]) -> NewAccessToken {
        let domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
        let service_account = Some("svc_1".to_owned());
        NewAccessToken { permissions: Permissions::Public, domains, service_account, ..private() }
    }

    #[test]
    fn a_private_token_has_what_its_creator_can_give_and_is_of_a_kind_that_ends_with_the_role() {
        let catalogs = catalogs();
        for (role, kind, own) in [
            (Role::Developer, TokenKind::Personal, ""),
            (Role::Admin, TokenKind::Secret, "token:create token:read token:revoke"),
            (
                Role::Owner,
                TokenKind::Secret,
                "bundle:create daypass:administer token:create token:introspect token:read token:report token:revoke",
            ),
        ] {
            let user = user(role);
            let grantor = Grantor::user(&user, &catalogs);
            let request = private().request(None, &grantor, &catalogs).expect("a request");
            assert_eq!((request.kind, request.owner), (kind, None), "{role}: it belongs to its creator");
            let scopes = request.scopes.expect("scopes");
            let of_daypass = scopes.iter().filter(|scope| scope.is_of_daypass()).map(Scope::to_string);
            assert_eq!(of_daypass.collect::<Vec<_>>().join(" "), own, "{role}");
            assert!(scopes.covers_all(&catalogs.product().all()), "{role}");
        }
        let viewer = user(Role::Viewer);
        let nothing = private().request(None, &Grantor::user(&viewer, &catalogs), &catalogs);
        assert_eq!(code(nothing.map(drop)), Err("invalid_scope"));
    }

    #[test]
    fn a_public_token_has_three_scopes_and_belongs_to_a_service_account() {
        let catalogs = catalogs();
        let grantor = Grantor::operator("o");
        let account = principal(PrincipalKind::ServiceAccount, None, None);
        let request = public(&["a.example"]).request(Some(&account), &grantor, &catalogs).expect("a request");
        let scopes = request.scopes.expect("scopes").to_string();
        assert_eq!(
            (request.kind, &*scopes),
            (TokenKind::Publishable, "analytics:create configuration:create configurator:read")
        );
        assert_eq!((request.owner.as_deref(), &*request.origins), (Some("svc_1"), &["a.example".to_owned()][..]));

        let person = principal(PrincipalKind::User, Some(Role::Owner), None);
        let without = NewAccessToken { service_account: None, ..public(&["a.example"]) };
        let of_account = NewAccessToken { permissions: Permissions::Private, ..public(&[]) };
        let with_domains = NewAccessToken { domains: vec!["a.example".into()], ..private() };
        for (new, owner, says) in [
            (without, None, "needs a `serviceAccountId`"),
            (public(&["a.example"]), None, "names no service account"),
            (public(&["a.example"]), Some(&person), "names no service account"),
            (of_account, Some(&account), "belongs to its creator"),
            (with_domains, None, "Only a public token has `domains`"),
        ] {
            let error = new.clone().request(owner, &grantor, &catalogs).expect_err("refused");
            assert!(error.code().as_str() == "invalid_request" && error.to_string().contains(says), "{new:?}: {error}");
        }
    }

    #[test]
    fn each_kind_is_public_or_private_or_no_access_token() {
        for kind in TokenKind::ALL {
            let permissions = Permissions::of(kind);
            // What a page may have is never called private, and what it may not have never public.
            let expected = match kind {
                TokenKind::OauthRefresh => None,
                _ if kind.is_backend_only() => Some(Permissions::Private),
                TokenKind::Publishable => Some(Permissions::Public),
                _ => None,
            };
            assert_eq!(permissions, expected, "{kind}");
        }
    }
}
