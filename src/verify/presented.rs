//! What a request presented: [`Presented`].

use std::fmt;
use std::net::IpAddr;

use crate::{Denied, TokenKind};

/// Where in a request a credential was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Carrier {
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

impl Carrier {
    /// Whether tokens of this kind may travel so.
    #[must_use]
    pub fn carries(self, kind: TokenKind) -> bool {
        match self {
            // A refresh token is for the authorization server alone (RFC 6749, section 1.5).
            Carrier::Bearer => kind != TokenKind::OauthRefresh,
            Carrier::Dpop => matches!(kind, TokenKind::Temporary | TokenKind::OauthAccess),
            Carrier::AlSecretToken => kind == TokenKind::Secret,
            Carrier::Bare | Carrier::Cookie => kind == TokenKind::Personal,
            Carrier::Query => kind == TokenKind::Publishable,
            Carrier::ApiKey => kind == TokenKind::Application,
            Carrier::ApiToken => kind == TokenKind::Bundle,
        }
    }
}

/// One credential as it was presented. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The token's text, nothing of which is known yet: not even that it is text.
    pub text: &'a [u8],
    /// Where it was.
    pub carrier: Carrier,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}

/// The request's `Origin` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeenOrigin<'a> {
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
pub struct SeenProof<'a> {
    /// The header `DPoP`, empty unless there was exactly one.
    pub proof: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The request's path, without the query.
    pub path: &'a str,
}

impl fmt::Debug for SeenProof<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenProof").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

/// What a request presented. Nothing is copied: it all lies in the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    credentials: Credentials<'a>,
    pub(super) origin: SeenOrigin<'a>,
    pub(super) proof: SeenProof<'a>,
    pub(super) client: Option<IpAddr>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Credentials<'a> {
    #[default]
    None,
    One(Credential<'a>),
    Many,
}

impl<'a> Presented<'a> {
    /// One credential from no page, as a program without a browser presents it. The default is none.
    #[must_use]
    pub fn new(text: &'a str, carrier: Carrier) -> Presented<'a> {
        Presented::default().and(Credential { text: text.as_bytes(), carrier })
    }

    /// The same with one credential more.
    #[must_use]
    pub fn and(mut self, credential: Credential<'a>) -> Presented<'a> {
        self.add(credential);
        self
    }

    pub(super) fn add(&mut self, credential: Credential<'a>) {
        self.credentials = match self.credentials {
            Credentials::None => Credentials::One(credential),
            Credentials::One(_) | Credentials::Many => Credentials::Many,
        };
    }

    /// The same from a page of this origin.
    #[must_use]
    pub fn from_origin(self, origin: &'a str) -> Presented<'a> {
        self.with_origin(SeenOrigin::One(origin))
    }

    /// The same with these `Origin` headers.
    #[must_use]
    pub fn with_origin(self, origin: SeenOrigin<'a>) -> Presented<'a> {
        Presented { origin, ..self }
    }

    /// The same with a proof.
    #[must_use]
    pub fn with_proof(self, proof: SeenProof<'a>) -> Presented<'a> {
        Presented { proof, ..self }
    }

    /// The same from a client at this address, as whoever knows the proxies in front of this process has found it.
    #[must_use]
    pub fn from_client(self, address: IpAddr) -> Presented<'a> {
        Presented { client: Some(address), ..self }
    }

    /// Whether its sender knows of proofs.
    pub(super) fn sends_proofs(&self) -> bool {
        matches!(self.credentials, Credentials::One(Credential { carrier: Carrier::Dpop, .. }))
    }

    /// The credential, if there is exactly one.
    ///
    /// # Errors
    /// [`Denied::MissingToken`] without one, [`Denied::InvalidRequest`] with more.
    pub fn credential(&self) -> Result<Credential<'a>, Denied> {
        match self.credentials {
            Credentials::None => Err(Denied::MissingToken),
            Credentials::One(credential) => Ok(credential),
            Credentials::Many => {
                Err(Denied::InvalidRequest("The request has more than one token; send exactly one.".into()))
            }
        }
    }
}
