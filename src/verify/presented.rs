//! What a request presented: [`Presented`].

use std::fmt;

use crate::{Denied, TokenKind};

/// Where in a request a credential was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer,
    /// `Authorization: AL-Secret-Token …`, which old clients of the Space API send.
    AlSecretToken,
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
            Carrier::Bearer => true,
            Carrier::AlSecretToken => kind == TokenKind::Secret,
            Carrier::Query => kind == TokenKind::Publishable,
            Carrier::ApiKey => kind == TokenKind::Application,
            Carrier::ApiToken => kind == TokenKind::Bundle,
        }
    }
}

/// One credential as it was presented. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The token's text, nothing of which is known yet.
    pub text: &'a str,
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

/// What a request presented.
#[derive(Debug, Clone, Default)]
pub struct Presented<'a> {
    /// The credentials; exactly one is accepted.
    pub credentials: Vec<Credential<'a>>,
    /// The page's origin.
    pub origin: SeenOrigin<'a>,
}

impl<'a> Presented<'a> {
    /// One credential from no page, as a program without a browser presents it.
    #[must_use]
    pub fn new(text: &'a str, carrier: Carrier) -> Presented<'a> {
        Presented { credentials: vec![Credential { text, carrier }], origin: SeenOrigin::None }
    }

    /// The same from a page of this origin.
    #[must_use]
    pub fn from_origin(self, origin: &'a str) -> Presented<'a> {
        Presented { origin: SeenOrigin::One(origin), ..self }
    }

    /// The credential, if there is exactly one.
    ///
    /// # Errors
    /// [`Denied::MissingToken`] without one, [`Denied::InvalidRequest`] with more.
    pub fn credential(&self) -> Result<Credential<'a>, Denied> {
        match self.credentials[..] {
            [] => Err(Denied::MissingToken),
            [credential] => Ok(credential),
            _ => Err(Denied::InvalidRequest("The request has more than one token; send exactly one.".into())),
        }
    }
}
