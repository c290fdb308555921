//! Scopes in signatures: [`Scoped`], and the [`Permit`] that its check returns.

use std::fmt;
use std::marker::PhantomData;

use super::{Access, AccessCheck};
use crate::{Error, RequiredScope, Requirement};

/// An access whose token has the scope `S`, at least for one tenant or resource.
///
/// It gives nothing but the way to a [`Permit`]: name the tenant, then the resources, then check. A function that
/// takes a `Permit<S>` cannot be called where the check was forgotten, or was of another scope.
///
/// SECURITY: the scope alone authorizes nothing, since every customer's token may have it. Who owns what a request
/// asks for is known to the handler alone.
///
/// ```
/// # use daypass::{Error, verify::{Permit, Scoped}};
/// daypass::scopes! {
///     /// Look at a chair
///     CHAIR_VIEW: ChairView = "chair:view";
/// }
///
/// fn show(scoped: &Scoped<ChairView>, owner: &str, id: &str) -> Result<String, Error> {
///     let permit = scoped.tenant(owner).resource(id).check()?;
///     Ok(find(&permit))
/// }
///
/// /// Finds the chair that the permit is for.
/// fn find(permit: &Permit<'_, ChairView>) -> String {
///     format!("chair {} of {}", permit.resource().unwrap_or("?"), permit.tenant())
/// }
/// ```
#[must_use = "a scope authorizes nothing until the tenant is checked"]
pub struct Scoped<S> {
    access: Access,
    scope: PhantomData<fn() -> S>,
}

impl Access {
    /// Requires the scope `S` of the token, for whatever tenant and resource: the beginning of a [`Scoped`] check.
    ///
    /// # Errors
    /// [`Error::InsufficientScope`] if no grant of the token has the scope. This is a decision, which the hook of
    /// [`Verifier::on_decision`](super::Verifier::on_decision) sees.
    pub fn scoped<S: RequiredScope>(&self) -> Result<Scoped<S>, Error> {
        self.check_scope(S::SCOPE)?;
        Ok(Scoped { access: self.clone(), scope: PhantomData })
    }
}

impl<S: RequiredScope> Scoped<S> {
    /// Names the tenant that owns what the request is about.
    pub fn tenant<'a>(&'a self, tenant: &'a str) -> ScopedCheck<'a, S> {
        ScopedCheck { check: self.access.require(S::SCOPE).tenant(tenant), scope: PhantomData }
    }
}

/// A requirement of the scope `S` on a tenant, and on resources.
#[must_use = "a requirement is only checked by `check`"]
pub struct ScopedCheck<'a, S> {
    check: AccessCheck<'a>,
    scope: PhantomData<fn() -> S>,
}

impl<'a, S> ScopedCheck<'a, S> {
    /// Adds a resource of the scope's own type. The token must reach every named resource.
    pub fn resource(self, id: &'a str) -> ScopedCheck<'a, S> {
        ScopedCheck { check: self.check.resource(id), ..self }
    }

    /// Adds a resource of another type, such as the site of a floor. The token must reach every named resource.
    pub fn resource_of_type(self, kind: &'a str, id: &'a str) -> ScopedCheck<'a, S> {
        ScopedCheck { check: self.check.resource_of_type(kind, id), ..self }
    }

    /// Checks that the token meets the requirement, as [`AccessCheck::check`] does.
    ///
    /// # Errors
    /// [`Error::InsufficientScope`] with the required scope.
    pub fn check(self) -> Result<Permit<'a, S>, Error> {
        self.check.decide()?;
        Ok(self.permit())
    }

    /// Returns whether the token meets the requirement, as [`AccessCheck::is_met`] does.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.check.is_met()
    }

    fn permit(self) -> Permit<'a, S> {
        let (access, requirement) = self.check.into_parts();
        Permit { access, requirement, scope: PhantomData }
    }
}

/// The proof that a token was allowed the scope `S` on a tenant and on resources.
///
/// SECURITY: only [`ScopedCheck::check`] makes one. A function that takes one reads the tenant and the resource from
/// it, so that what is checked and what is done cannot differ.
pub struct Permit<'a, S> {
    access: &'a Access,
    requirement: Requirement<'a>,
    scope: PhantomData<fn() -> S>,
}

impl<'a, S> Permit<'a, S> {
    /// Returns the access of the token.
    #[must_use]
    pub fn access(&self) -> &'a Access {
        self.access
    }

    /// Returns the tenant that was checked.
    #[must_use]
    pub fn tenant(&self) -> &'a str {
        self.requirement.tenant()
    }

    /// Returns the resource of the scope's own type that was checked; `None` if the check named none, or several.
    #[must_use]
    pub fn resource(&self) -> Option<&'a str> {
        let mut own = self.requirement.resources_of_type(self.requirement.scope().resource());
        let first = own.next()?;
        own.next().is_none().then_some(first)
    }

    /// Returns what was checked.
    #[must_use]
    pub fn requirement(&self) -> &Requirement<'a> {
        &self.requirement
    }
}

impl<S: RequiredScope> fmt::Debug for Scoped<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").field("scope", S::SCOPE).field("access", &self.access).finish()
    }
}

impl<S> fmt::Debug for Permit<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("requirement", &self.requirement).field("access", self.access).finish()
    }
}
