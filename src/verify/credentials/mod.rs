//! The credentials of a request: [`Credentials`].

mod location;
pub(super) mod page;

use std::fmt;
use std::net::IpAddr;

pub use location::TokenLocation;
pub use page::{Page, PageEvidence, PageHeaders};

#[cfg(feature = "axum")]
use crate::TokenKind;
use crate::{Error, ForeignFormat};

/// A token as a request carries it. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The token's text. Nothing is known about it yet, not even that it is UTF-8.
    pub text: &'a [u8],
    /// Where it was.
    pub location: TokenLocation,
}

impl Credential<'_> {
    /// Returns the format of another system that the text has at its location, if it is among these.
    pub(super) fn foreign_format(self, known: &[ForeignFormat]) -> Option<ForeignFormat> {
        if known.is_empty() {
            return None;
        }
        let text = str::from_utf8(self.text).ok()?;
        let mut formats = self.location.foreign_formats().iter().copied();
        formats.find(|format| known.contains(format) && format.check(text).is_ok())
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("location", &self.location).finish_non_exhaustive()
    }
}

/// The `Origin` header of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OriginHeader<'a> {
    /// The request has none.
    #[default]
    None,
    /// The request has one; it may be `null`.
    One(&'a str),
    /// The request has more than one, or one that is not text.
    Invalid,
}

/// What a DPoP proof is compared with (RFC 9449, section 4), and the proof. `Debug` does not show
/// the proof.
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

/// What a request presents: its token, page, proof and client. All of it borrows from the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'a> {
    tokens: Tokens<'a>,
    pub(super) origin: OriginHeader<'a>,
    pub(super) page_headers: PageHeaders<'a>,
    pub(super) proof: ProofContext<'a>,
    pub(super) client: Option<IpAddr>,
}

/// The tokens of a request.
#[derive(Debug, Clone, Copy, Default)]
enum Tokens<'a> {
    #[default]
    None,
    /// A text that does not look like a token, in a place for tokens. Any that does takes precedence.
    #[cfg_attr(not(feature = "axum"), expect(dead_code, reason = "only requests have such texts"))]
    Unrecognized(Credential<'a>),
    One(Credential<'a>),
    /// Several, which differ.
    Many {
        /// Whether all of them are in cookies.
        in_cookies: bool,
    },
}

impl<'a> Credentials<'a> {
    /// Makes credentials of one token without an origin, as a program outside a browser presents
    /// it. The default has no token.
    #[must_use]
    pub fn new(text: &'a str, location: TokenLocation) -> Credentials<'a> {
        Credentials::default().with_credential(Credential { text: text.as_bytes(), location })
    }

    /// Adds a token. A request with more than one is refused. One that is there twice counts once, at the
    /// location that the fewer kinds of token may have. A token in a [cookie](TokenLocation::Cookie) gives way to
    /// one anywhere else.
    ///
    /// For a publishable token that your program reads by itself, add the
    /// [headers that name the page](Credentials::with_page_headers) too.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential<'a>) -> Credentials<'a> {
        self.add(credential);
        self
    }

    pub(super) fn add(&mut self, credential: Credential<'a>) {
        let is_cookie = credential.location == TokenLocation::Cookie;
        let has_cookies = match self.tokens {
            Tokens::One(one) => one.location == TokenLocation::Cookie,
            Tokens::Many { in_cookies } => in_cookies,
            Tokens::None | Tokens::Unrecognized(_) => false,
        };
        self.tokens = match self.tokens {
            Tokens::None | Tokens::Unrecognized(_) => Tokens::One(credential),
            // SECURITY: a browser adds the cookie by itself, also to what another site's page links to. The token
            // that the request has elsewhere decides as if it had come alone, so that no response tells a page
            // whether the visitor has such a cookie. From a link that is a publishable token, which opens less.
            _ if has_cookies && !is_cookie => Tokens::One(credential),
            tokens if is_cookie && !has_cookies => tokens,
            // SECURITY: a secret that a query has as well stays a secret in a query.
            Tokens::One(one) if one.text == credential.text => {
                Tokens::One(Credential { location: one.location.stricter(credential.location), ..one })
            }
            Tokens::One(_) | Tokens::Many { .. } => Tokens::Many { in_cookies: is_cookie },
        };
    }

    /// Adds a text that does not look like a token, from a place for tokens. It is the request's credential
    /// if there is no other: then it is an invalid token, and not a missing one.
    ///
    /// SECURITY: beside a token it is overlooked, such as the session of another system in `Authorization`. A
    /// caller gains nothing by it: the token is all that it is authorized by, as if it had sent that alone.
    #[cfg(feature = "axum")]
    pub(super) fn add_unrecognized(&mut self, credential: Credential<'a>) {
        if let Tokens::None = self.tokens {
            self.tokens = Tokens::Unrecognized(credential);
        }
    }

    /// Sets the origin of the page that sent the request.
    #[must_use]
    pub fn from_origin(self, origin: &'a str) -> Credentials<'a> {
        self.with_origin(OriginHeader::One(origin))
    }

    /// Sets the `Origin` header.
    #[must_use]
    pub fn with_origin(self, origin: OriginHeader<'a>) -> Credentials<'a> {
        Credentials { origin, ..self }
    }

    /// Sets the headers besides `Origin` that say which page sent the request, for a publishable token. Without them
    /// only an `Origin` says it. Of an HTTP request, [`PageHeaders::from_parts`] reads them.
    #[must_use]
    pub fn with_page_headers(self, page_headers: PageHeaders<'a>) -> Credentials<'a> {
        Credentials { page_headers, ..self }
    }

    /// Sets the DPoP proof.
    #[must_use]
    pub fn with_proof(self, proof: ProofContext<'a>) -> Credentials<'a> {
        Credentials { proof, ..self }
    }

    /// Sets the client's address. Behind proxies, only the product knows how to find it.
    #[must_use]
    pub fn from_client(self, address: IpAddr) -> Credentials<'a> {
        Credentials { client: Some(address), ..self }
    }

    /// Returns whether the token came with the scheme `DPoP`, so that its sender knows about proofs.
    pub(super) fn has_proof_scheme(&self) -> bool {
        match self.tokens {
            Tokens::One(credential) | Tokens::Unrecognized(credential) => credential.location == TokenLocation::Dpop,
            Tokens::None | Tokens::Many { .. } => false,
        }
    }

    /// Returns whether one token decides, and would decide likewise if the request had no cookie.
    #[cfg(feature = "axum")]
    pub(super) fn is_independent_of_cookies(&self) -> bool {
        matches!(self.tokens, Tokens::One(one) if one.location != TokenLocation::Cookie)
    }

    /// Returns whether the request has no token at all.
    #[cfg(feature = "axum")]
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.tokens, Tokens::None)
    }

    /// Returns whether the request has one token, and that is a publishable one if it is authentic.
    #[cfg(feature = "axum")]
    pub(super) fn is_publishable(&self) -> bool {
        let prefix = TokenKind::Publishable.prefix().unwrap_or_default().as_bytes();
        matches!(self.tokens, Tokens::One(Credential { text, .. }) if text.starts_with(prefix))
    }

    /// Returns the token, if there is exactly one.
    ///
    /// # Errors
    /// [`Error::MissingToken`] without a token, [`Error::InvalidRequest`] with more than one.
    pub fn credential(&self) -> Result<Credential<'a>, Error> {
        match self.tokens {
            Tokens::None => Err(Error::MissingToken),
            Tokens::One(credential) | Tokens::Unrecognized(credential) => Ok(credential),
            Tokens::Many { .. } => {
                Err(Error::InvalidRequest("The request has more than one token; send exactly one.".into()))
            }
        }
    }
}
