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
