//! What a request credentials: [`Credentials`].

use std::fmt;
use std::net::IpAddr;

use crate::{Error, TokenKind};

/// Where in a request a credential was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenLocation {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer,
    /// `Authorization: DPoP …` (RFC 9449): with a proof that the sender has the key that the token is bound to.
    Dpop,
    /// `Authorization: AL-Secret-Token …`, which old clients of the Space API send.
    AlSecretToken,
    /// `Authorization` with the token alone, as Speckle's clients may send it.
    Bare,
    /// The cookie `authn` (Speckle).
    Cookie,
    /// The query parameter `pubtoken` (Space API), `bearer_token` (Threekit), or another that has carried tokens.
    Query,
    /// The header `x-api-key`: a partner's key (seed 002).
    ApiKey,
    /// The header `x-api-token`: a bundle reference (seed 002).
    ApiToken,
}

impl TokenLocation {
    /// Whether tokens of this kind may travel so.
    #[must_use]
    pub fn carries(self, kind: TokenKind) -> bool {
        match self {
            // A refresh token is for the authorization server alone (RFC 6749, section 1.5).
            TokenLocation::Bearer => kind != TokenKind::OauthRefresh,
            TokenLocation::Dpop => matches!(kind, TokenKind::Temporary | TokenKind::OauthAccess),
            TokenLocation::AlSecretToken => kind == TokenKind::Secret,
            TokenLocation::Bare | TokenLocation::Cookie => kind == TokenKind::Personal,
            TokenLocation::Query => kind == TokenKind::Publishable,
            TokenLocation::ApiKey => kind == TokenKind::Application,
            TokenLocation::ApiToken => kind == TokenKind::Bundle,
        }
    }
}

/// One credential as it was credentials. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The token's text, nothing of which is known yet: not even that it is text.
    pub text: &'a [u8],
    /// Where it was.
    pub location: TokenLocation,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("location", &self.location).finish_non_exhaustive()
    }
}

/// The request's `Origin` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OriginHeader<'a> {
    /// There was none.
    #[default]
    None,
    /// There was one, `null` included.
    One(&'a str),
    /// There was more than one, or one that is not text.
    Odd,
}

/// What a request that carries a proof says of itself (RFC 9449, section 4). `Debug` does not show the proof.
#[derive(Clone, Copy, Default)]
pub struct ProofContext<'a> {
    /// The header `DPoP`, empty unless there was exactly one.
    pub proof: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The request's path, without the query.
    pub path: &'a str,
}

impl fmt::Debug for ProofContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofContext").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

/// What a request credentials. Nothing is copied: it all lies in the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'a> {
    found: Found<'a>,
    pub(super) origin: OriginHeader<'a>,
    pub(super) proof: ProofContext<'a>,
    pub(super) client: Option<IpAddr>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Found<'a> {
    #[default]
    None,
    One(Credential<'a>),
    Many,
}

impl<'a> Credentials<'a> {
    /// One credential from no page, as a program without a browser presents it. The default is none.
    #[must_use]
    pub fn new(text: &'a str, location: TokenLocation) -> Credentials<'a> {
        Credentials::default().and(Credential { text: text.as_bytes(), location })
    }

    /// The same with one credential more.
    #[must_use]
    pub fn and(mut self, credential: Credential<'a>) -> Credentials<'a> {
        self.add(credential);
        self
    }

    pub(super) fn add(&mut self, credential: Credential<'a>) {
        self.found = match self.found {
            Found::None => Found::One(credential),
            Found::One(_) | Found::Many => Found::Many,
        };
    }

    /// The same from a page of this origin.
    #[must_use]
    pub fn from_origin(self, origin: &'a str) -> Credentials<'a> {
        self.with_origin(OriginHeader::One(origin))
    }

    /// The same with these `Origin` headers.
    #[must_use]
    pub fn with_origin(self, origin: OriginHeader<'a>) -> Credentials<'a> {
        Credentials { origin, ..self }
    }

    /// The same with a proof.
    #[must_use]
    pub fn with_proof(self, proof: ProofContext<'a>) -> Credentials<'a> {
        Credentials { proof, ..self }
    }

    /// The same from a client at this address, as whoever knows the proxies in front of this process has found it.
    #[must_use]
    pub fn from_client(self, address: IpAddr) -> Credentials<'a> {
        Credentials { client: Some(address), ..self }
    }

    /// Whether its sender knows of proofs.
    pub(super) fn sends_proofs(&self) -> bool {
        matches!(self.found, Found::One(Credential { location: TokenLocation::Dpop, .. }))
    }

    /// The credential, if there is exactly one.
    ///
    /// # Errors
    /// [`Error::MissingToken`] without one, [`Error::InvalidRequest`] with more.
    pub fn credential(&self) -> Result<Credential<'a>, Error> {
        match self.found {
            Found::None => Err(Error::MissingToken),
            Found::One(credential) => Ok(credential),
            Found::Many => Err(Error::InvalidRequest("The request has more than one token; send exactly one.".into())),
        }
    }
}
