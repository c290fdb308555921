//! Token kinds, and the text of the tokens that are stored: [`TokenKind`], [`TokenText`].

use std::fmt;
use std::str::FromStr;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use serde::{Deserialize, Serialize};

use crate::Scope;

/// What a token is for, which decides what it may hold and how it may travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum TokenKind {
    /// May stand in a page that anyone can read; bound to origins; holds publishable scopes only.
    Publishable,
    /// For a backend, with all it may do; never in a browser.
    Secret,
    /// Acts for a person; never in a browser.
    Personal,
    /// For one application or partner, with an id of its creator's choice; never in a browser.
    Application,
    /// Short-lived and signed, minted from a secret token for a browser.
    Temporary,
    /// A parameter bundle: a reference or a signed document.
    Bundle,
    /// Short-lived and signed, from OAuth 2.0.
    OauthAccess,
    /// Gets new OAuth access tokens.
    OauthRefresh,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [TokenKind; 8] = [
        TokenKind::Publishable,
        TokenKind::Secret,
        TokenKind::Personal,
        TokenKind::Application,
        TokenKind::Temporary,
        TokenKind::Bundle,
        TokenKind::OauthAccess,
        TokenKind::OauthRefresh,
    ];

    /// What the text of a stored token of this kind starts with; `None` for the kinds that are only ever signed.
    #[must_use]
    pub const fn prefix(self) -> Option<&'static str> {
        match self {
            TokenKind::Publishable => Some("dp_pub_"),
            TokenKind::Secret => Some("dp_sec_"),
            TokenKind::Personal => Some("dp_per_"),
            TokenKind::Application => Some("dp_app_"),
            TokenKind::Bundle => Some("dp_bun_"),
            TokenKind::OauthRefresh => Some("dp_ref_"),
            TokenKind::Temporary | TokenKind::OauthAccess => None,
        }
    }

    /// Security rule: a browser never holds one of these. Arriving with an `Origin` header, it is refused.
    #[must_use]
    pub const fn is_backend_only(self) -> bool {
        matches!(self, TokenKind::Secret | TokenKind::Personal | TokenKind::Application | TokenKind::OauthRefresh)
    }

    /// Whether a token of this kind may do such a thing at all.
    ///
    /// Security rule: whatever a token's grants say, making and revoking tokens is for what stays in a backend, and a
    /// person's token makes no others (seed 003). `*` is these things too.
    #[must_use]
    pub fn may(self, scope: &Scope) -> bool {
        match self {
            TokenKind::Secret | TokenKind::Application => true,
            TokenKind::Personal => !scope.is_of_daypass() || (scope.resource(), scope.action()) == ("token", "read"),
            _ => !scope.is_of_daypass(),
        }
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            TokenKind::Publishable => "publishable",
            TokenKind::Secret => "secret",
            TokenKind::Personal => "personal",
            TokenKind::Application => "application",
            TokenKind::Temporary => "temporary",
            TokenKind::Bundle => "bundle",
            TokenKind::OauthAccess => "oauthAccess",
            TokenKind::OauthRefresh => "oauthRefresh",
        }
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenKind {
    type Err = ParseKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        TokenKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(ParseKindError)
    }
}

/// A text that names no token kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseKindError;

impl fmt::Display for ParseKindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a token kind: expected publishable, secret, personal, application, temporary, bundle, oauthAccess or oauthRefresh")
    }
}

impl std::error::Error for ParseKindError {}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^32 is 190 bits: nobody guesses one.
const RANDOM: usize = 32;
/// 62^6 holds a CRC-32, so that a typo is seen without a look-up and a secret scanner has no false finds.
const CHECKSUM: usize = 6;

/// The text of a stored token: a prefix for its kind, 32 random base62 characters, and 6 of checksum.
///
/// `Debug` and `Display` show the prefix alone. [`TokenText::expose_secret`] is the one way to the text.
#[derive(Clone)]
pub struct TokenText {
    kind: TokenKind,
    text: Box<str>,
}

impl TokenText {
    /// A new token from the operating system's randomness, `None` for a kind that is never stored.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn generate(kind: TokenKind) -> Option<TokenText> {
        let mut text = String::from(kind.prefix()?);
        let bytes = std::iter::repeat_with(|| {
            let mut bytes = [0; RANDOM];
            aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives randomness");
            bytes
        });
        // 248 = 4 * 62: what lies above would make some characters likelier.
        let fair = bytes.flatten().filter(|byte| *byte < 248);
        text.extend(fair.take(RANDOM).map(|byte| char::from(BASE62[usize::from(byte % 62)])));
        text.push_str(&checksum(&text));
        Some(TokenText { kind, text: text.into() })
    }

    /// The kind that the prefix names.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The whole token. Never log, print or store it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.text
    }

    /// The last four characters, by which people tell tokens apart in a list. They are of the checksum.
    #[must_use]
    pub fn last_chars(&self) -> &str {
        &self.text[self.text.len() - 4..]
    }

    /// SHA-256 of the text: all that a store keeps.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.text.as_bytes());
        TokenHash(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

/// SHA-256 of a token's text.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

#[cfg(not(target_arch = "wasm32"))]
impl TokenHash {
    /// The 32 bytes, for a store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn checksum(text: &str) -> String {
    let mut rest = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC).checksum(text.as_bytes()) as usize;
    let mut digits = [0; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % 62];
        rest /= 62;
    }
    digits.map(char::from).iter().collect()
}

impl FromStr for TokenText {
    type Err = ParseTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, prefix) = TokenKind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind, kind.prefix()?)))
            .find(|(_, prefix)| text.starts_with(prefix))
            .ok_or(ParseTokenError::Prefix)?;
        let body = &text[prefix.len()..];
        if body.len() != RANDOM + CHECKSUM {
            return Err(ParseTokenError::Length);
        }
        if !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ParseTokenError::Characters);
        }
        let (signed, sum) = text.split_at(text.len() - CHECKSUM);
        if checksum(signed) != sum {
            return Err(ParseTokenError::Checksum);
        }
        Ok(TokenText { kind, text: text.into() })
    }
}

/// Shows the prefix alone.
impl fmt::Display for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}***", self.kind.prefix().unwrap_or_default())
    }
}

/// Shows the prefix alone.
impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no stored token. It never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseTokenError {
    /// It starts with none of the prefixes.
    Prefix,
    /// Characters are missing or too many.
    Length,
    /// There are characters other than letters and digits.
    Characters,
    /// The checksum does not fit: a typo.
    Checksum,
}

impl ParseTokenError {
    /// Why, in a few words.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            ParseTokenError::Prefix => "the token starts with none of the known prefixes (dp_pub_, dp_sec_, …)",
            ParseTokenError::Length => "the token is cut off or too long: 38 characters follow the prefix",
            ParseTokenError::Characters => "the token has characters other than letters and digits",
            ParseTokenError::Checksum => "the token has a typo: its checksum does not fit",
        }
    }
}

impl fmt::Display for ParseTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

impl std::error::Error for ParseTokenError {}
