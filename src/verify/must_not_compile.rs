//! Programs that must not compile. Each stands beside one that differs in a single line and
//! compiles, so that nothing else can be what the compiler refuses.

/// An [`Access`](super::Access) is what verification returns:
///
/// ```
/// # use daypass::{Error, verify::{Access, Credentials, Verifier}};
/// async fn access(verifier: &Verifier, credentials: &Credentials<'_>) -> Result<Access, Error> {
///     verifier.verify(credentials, None).await
/// }
/// ```
///
/// A product cannot make one from its fields:
///
/// ```compile_fail,E0451
/// # use daypass::{Error, verify::{Access, Credentials, Verifier}};
/// async fn access(verifier: &Verifier, credentials: &Credentials<'_>) -> Result<Access, Error> {
///     let made = |access: Access| Access { observer: None, ..access };
///     verifier.verify(credentials, None).await
/// }
/// ```
///
/// nor call the constructor:
///
/// ```compile_fail,E0624
/// # use daypass::{Error, verify::{Access, Credentials, Verifier}};
/// async fn access(verifier: &Verifier, credentials: &Credentials<'_>) -> Result<Access, Error> {
///     let make = Access::new;
///     verifier.verify(credentials, None).await
/// }
/// ```
struct AccessIsNotMade;

/// A [`Decision`](super::Decision) describes the token:
///
/// ```
/// # use daypass::verify::{Access, Decision, TokenSummary};
/// fn summary<'a>(decision: &Decision<'a>) -> Option<TokenSummary<'a>> {
///     decision.token
/// }
/// ```
///
/// but it is not a door to an [`Access`](super::Access):
///
/// ```compile_fail,E0308
/// # use daypass::verify::{Access, Decision, TokenSummary};
/// fn summary<'a>(decision: &Decision<'a>) -> Option<Access> {
///     decision.token
/// }
/// ```
///
/// ```compile_fail,E0609
/// # use daypass::verify::{Access, Decision, TokenSummary};
/// fn summary<'a>(decision: &Decision<'a>) -> Option<TokenSummary<'a>> {
///     decision.access
/// }
/// ```
struct AccessIsNotInADecision;

/// A JWT has claims to read once its signature was verified:
///
/// ```
/// # use daypass::{jwt::{Claims, UnverifiedJwt}, verify::PublicKey};
/// fn claims(jwt: UnverifiedJwt<'_>, key: &PublicKey) -> Option<Claims> {
///     jwt.verify(key)?.claims()
/// }
/// ```
///
/// and not before:
///
/// ```compile_fail,E0599
/// # use daypass::{jwt::{Claims, UnverifiedJwt}, verify::PublicKey};
/// fn claims(jwt: UnverifiedJwt<'_>, key: &PublicKey) -> Option<Claims> {
///     jwt.claims()
/// }
/// ```
///
/// ```compile_fail,E0616
/// # use daypass::{jwt::{Claims, UnverifiedJwt}, verify::PublicKey};
/// fn claims(jwt: UnverifiedJwt<'_>, key: &PublicKey) -> Option<Claims> {
///     jwt.payload.parse().ok()
/// }
/// ```
struct ClaimsAreVerified;

/// A handler with a [`Scoped`](super::Scoped) gets a [`Permit`](super::Permit) for a tenant:
///
/// ```
/// # use daypass::{Error, verify::{Permit, Scoped}};
/// # daypass::scopes! { READ: Read = "floor:read"; UPDATE: Update = "floor:update"; }
/// # fn load(permit: &Permit<'_, Read>) {}
/// fn show(scoped: &Scoped<Read>, tenant: &str) -> Result<(), Error> {
///     let permit = scoped.tenant(tenant).check()?;
///     Ok(load(&permit))
/// }
/// ```
///
/// and none where the tenant was forgotten:
///
/// ```compile_fail,E0599
/// # use daypass::{Error, verify::{Permit, Scoped}};
/// # daypass::scopes! { READ: Read = "floor:read"; UPDATE: Update = "floor:update"; }
/// # fn load(permit: &Permit<'_, Read>) {}
/// fn show(scoped: &Scoped<Read>, tenant: &str) -> Result<(), Error> {
///     let permit = scoped.check()?;
///     Ok(load(&permit))
/// }
/// ```
///
/// nor the check:
///
/// ```compile_fail,E0308
/// # use daypass::{Error, verify::{Permit, Scoped}};
/// # daypass::scopes! { READ: Read = "floor:read"; UPDATE: Update = "floor:update"; }
/// # fn load(permit: &Permit<'_, Read>) {}
/// fn show(scoped: &Scoped<Read>, tenant: &str) -> Result<(), Error> {
///     let permit = scoped.tenant(tenant);
///     Ok(load(&permit))
/// }
/// ```
///
/// nor of another scope:
///
/// ```compile_fail,E0308
/// # use daypass::{Error, verify::{Permit, Scoped}};
/// # daypass::scopes! { READ: Read = "floor:read"; UPDATE: Update = "floor:update"; }
/// # fn load(permit: &Permit<'_, Read>) {}
/// fn show(scoped: &Scoped<Update>, tenant: &str) -> Result<(), Error> {
///     let permit = scoped.tenant(tenant).check()?;
///     Ok(load(&permit))
/// }
/// ```
///
/// A scope that was not declared is no type:
///
/// ```compile_fail,E0425
/// # use daypass::{Error, verify::{Permit, Scoped}};
/// # daypass::scopes! { READ: Read = "floor:read"; UPDATE: Update = "floor:update"; }
/// # fn load(permit: &Permit<'_, Read>) {}
/// fn show(scoped: &Scoped<Raed>, tenant: &str) -> Result<(), Error> {
///     let permit = scoped.tenant(tenant).check()?;
///     Ok(load(&permit))
/// }
/// ```
///
/// A product cannot make a permit from its fields:
///
/// ```compile_fail,E0451
/// # use daypass::{Error, verify::{Permit, Scoped}};
/// # daypass::scopes! { READ: Read = "floor:read"; UPDATE: Update = "floor:update"; }
/// # fn load(permit: &Permit<'_, Read>) {}
/// fn show<'a>(scoped: &'a Scoped<Read>, tenant: &'a str, other: Permit<'a, Update>) -> Result<(), Error> {
///     let permit = Permit::<Read> { access: other.access(), ..scoped.tenant(tenant).check()? };
///     Ok(load(&permit))
/// }
/// ```
struct PermitsAreChecked;
