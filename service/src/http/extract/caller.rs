//! The caller of a management request, by a token or a session: [`Caller`].

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use daypass::api::TokenRecord;
use daypass::{Error, Scope};

use super::super::SharedApp;
use super::{SignedIn, TokenCaller};
use crate::domain::audit::actor::Actor as AuditActor;
use crate::domain::grantor::Grantor;
use crate::domain::membership::{self, Membership};
use crate::domain::principal::Actor;
use crate::domain::role;
use crate::store::acting;
use crate::usecase::current_catalog::CatalogView;

/// Names the organization that a request with a session is about.
const ORGANIZATION: HeaderName = HeaderName::from_static("daypass-organization");

/// Who manages tokens, principals and organizations: the holder of a secret token, or a user by the role.
///
/// SECURITY: each check is for both, so that no route can forget one.
pub(crate) enum Caller {
    /// The holder of a token.
    Token(TokenCaller),
    /// A person who is signed in.
    Person(Person),
}

/// A person who is signed in, and what the person's roles are.
pub(crate) struct Person {
    /// The email of the person's account.
    email: String,
    /// The person's users in organizations.
    memberships: Vec<Membership>,
    /// The organization that the request names.
    named: Option<String>,
    /// The catalogue, by which roles have their scopes.
    view: Arc<CatalogView>,
}

impl Person {
    async fn new(SignedIn(session): SignedIn, parts: &Parts, app: &SharedApp) -> Result<Person, Error> {
        let named = parts.headers.get(ORGANIZATION).map(|name| name.to_str().unwrap_or_default().to_owned());
        let memberships = app.store.memberships(session.account.number).await?;
        let users = memberships.iter().map(|user| (user.organization.clone(), user.principal.clone())).collect();
        let (account, email) = (session.account.id, session.account.email);
        acting::authenticated(AuditActor::Person { account, email: email.clone(), users });
        Ok(Person { email, memberships, named, view: app.catalog.view() })
    }

    /// Returns the email of the person's account.
    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    /// Returns the person's users in organizations.
    pub(crate) fn memberships(&self) -> &[Membership] {
        &self.memberships
    }

    /// Returns the user that the request is about.
    pub(crate) fn choose(&self) -> Result<&Membership, Error> {
        let user = membership::choose(&self.memberships, self.named.as_deref())?;
        acting::within(&user.organization);
        Ok(user)
    }

    fn find(&self, organization: &str) -> Result<&Membership, Error> {
        let user =
            membership::find(&self.memberships, organization).inspect_err(|error| acting::refused(error.code()))?;
        acting::within(organization);
        Ok(user)
    }

    /// Requires that a user's role has a scope.
    fn require(&self, user: &Membership, scope: &Scope) -> Result<(), Error> {
        let has_scope = role::management(user.role, &self.view.catalogs).covers(scope);
        if has_scope { Ok(()) } else { Err(Error::InsufficientRole(user.role.to_string())) }
    }
}

impl Caller {
    /// Returns the person of a session, for pages that people visit: a token beside it decides nothing there.
    ///
    /// SECURITY: the product may be on the same host, so that its cookie with a token comes with every visit.
    ///
    /// # Errors
    /// [`Error::CrossSiteRequest`] or [`Error::NotSignedIn`].
    pub(crate) async fn of_session(parts: &Parts, app: &SharedApp) -> Result<Caller, Error> {
        let session = SignedIn::authenticate(parts, app).await?;
        Person::new(session, parts, app).await.map(Caller::Person)
    }

    /// Returns the caller of a request that names its organization where its protocol does.
    ///
    /// # Errors
    /// [`Error::NotFound`] for another organization than the token's, whether it exists or not.
    pub(crate) fn within(mut self, organization: Option<String>) -> Result<Caller, Error> {
        let Some(organization) = organization else { return Ok(self) };
        match &mut self {
            Caller::Token(token) if token.access.organization() != organization => return Err(Error::NotFound),
            Caller::Token(_) => {}
            Caller::Person(person) => person.named = Some(organization),
        }
        Ok(self)
    }

    /// Returns the person who makes the request.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] for the holder of a token.
    pub(crate) fn person(&self) -> Result<&Person, Error> {
        match self {
            Caller::Token(_) => Err(Error::NotSignedIn("This is for people who are signed in, not for tokens.")),
            Caller::Person(person) => Ok(person),
        }
    }

    /// Returns the organization that the request is about.
    pub(crate) fn organization(&self) -> Result<&str, Error> {
        match self {
            Caller::Token(token) => Ok(token.access.organization()),
            Caller::Person(person) => person.choose().map(|user| &*user.organization),
        }
    }

    /// Returns whether the caller holds this token.
    pub(crate) fn is_holder_of(&self, record: &TokenRecord) -> bool {
        match self {
            Caller::Token(token) => token.access.id() == record.id && token.access.root_serial() == record.serial,
            Caller::Person(_) => false,
        }
    }

    /// Requires a secret token with a scope in its own organization, or a role that has the scope, and returns the
    /// organization.
    pub(crate) fn require(&self, scope: &Scope) -> Result<&str, Error> {
        match self {
            Caller::Token(token) => {
                token.require_secret(scope)?;
                Ok(token.access.organization())
            }
            Caller::Person(person) => {
                let user = person.choose()?;
                person.require(user, scope)?;
                Ok(&user.organization)
            }
        }
    }

    /// Requires a secret token with a scope in this organization, or a role in it that has the scope. To a caller without
    /// them, an organization that exists is like one that does not.
    pub(crate) fn require_in(&self, organization: &str, scope: &Scope) -> Result<(), Error> {
        match self {
            Caller::Token(token) => token.require_in(organization, scope),
            Caller::Person(person) => person.require(person.find(organization)?, scope),
        }
    }

    /// Like `require_in`, but a user of the organization needs no more than the scope for users.
    pub(crate) fn require_in_or(&self, organization: &str, scope: &Scope, of_user: &Scope) -> Result<(), Error> {
        let scope = if matches!(self, Caller::Token(_)) { scope } else { of_user };
        self.require_in(organization, scope)
    }

    /// Requires a secret token with a scope, or a role that has it, and returns the organization within which the caller has
    /// it; `None` if that is all of them.
    pub(crate) fn reach(&self, scope: &Scope) -> Result<Option<String>, Error> {
        match self {
            Caller::Token(token) => {
                token.require_secret(scope)?;
                Ok(token.reach(scope).map(str::to_owned))
            }
            Caller::Person(_) => self.require(scope).map(|organization| Some(organization.to_owned())),
        }
    }

    /// Returns the caller as the grantor of tokens.
    pub(crate) fn grantor(&self) -> Result<Grantor<'_>, Error> {
        match self {
            Caller::Token(token) => Ok(Grantor::holder(&token.access)),
            Caller::Person(person) => Ok(Grantor::user(person.choose()?, &person.view.catalogs)),
        }
    }

    /// Returns the caller as one who manages principals of this organization.
    pub(crate) fn actor(&self, organization: &str) -> Result<Actor, Error> {
        match self {
            Caller::Token(token) => Ok(Actor::Token(token.access.id().to_owned())),
            Caller::Person(person) => {
                let user = person.find(organization)?;
                Ok(Actor::User(user.principal.clone(), user.role))
            }
        }
    }
}

impl FromRequestParts<SharedApp> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Caller, Error> {
        let by_token = TokenCaller::from_request_parts(parts, app).await;
        // SECURITY: a request that has any token is decided by it alone, whatever cookie the browser adds.
        match by_token {
            Err(Error::MissingToken) => {}
            by_token => return by_token.map(Caller::Token),
        }
        match Caller::of_session(parts, app).await {
            // A program that knows nothing of sessions hears that its token is missing.
            Err(Error::NotSignedIn(_) | Error::CrossSiteRequest) if !super::session::has_cookie(parts) => {
                Err(Error::MissingToken)
            }
            person => person,
        }
    }
}
