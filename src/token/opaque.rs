//! Opaque tokens: [`OpaqueToken`].

use std::fmt;
use std::str::FromStr;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

use super::{ForeignFormat, TokenKind};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The number of random characters. 62^32 is 190 bits, too many to guess.
const RANDOM: usize = 32;
/// The number of characters that hold a CRC-32, which shows a typo without a look-up, and spares secret scanners false finds.
const CHECKSUM: usize = 6;

/// An opaque token: a prefix for its kind, 32 random base62 characters, and 6 characters of checksum. Or one that has the
/// [format](ForeignFormat) of another system.
///
/// SECURITY: `Debug` and `Display` show the prefix alone. Only [`OpaqueToken::expose_secret`] returns the text.
#[derive(Clone)]
pub struct OpaqueToken {
    kind: TokenKind,
    format: Option<ForeignFormat>,
    text: Box<str>,
}

impl OpaqueToken {
    /// Generates a token from random bytes, with which `fill` fills a buffer. Returns `None` for a kind that is always a JWT.
    ///
    /// SECURITY: `fill` must be a cryptographic generator that no one else can predict.
    #[must_use]
    pub fn generate(kind: TokenKind, mut fill: impl FnMut(&mut [u8; RANDOM])) -> Option<OpaqueToken> {
        let mut text = String::from(kind.prefix()?);
        let bytes = std::iter::repeat_with(|| {
            let mut bytes = [0; RANDOM];
            fill(&mut bytes);
            bytes
        });
        // 248 = 4 * 62: greater bytes would make some characters more likely.
        let uniform = bytes.flatten().filter(|byte| *byte < 248);
        text.extend(uniform.take(RANDOM).map(|byte| char::from(BASE62[usize::from(byte % 62)])));
        text.extend(checksum(&text).map(char::from));
        Some(OpaqueToken { kind, format: None, text: text.into() })
    }

    /// Reads a token in the format of another system.
    ///
    /// # Errors
    /// When the text does not have it.
    pub fn foreign(format: ForeignFormat, text: &str) -> Result<OpaqueToken, ParseTokenError> {
        format.check(text)?;
        Ok(OpaqueToken { kind: format.kind(), format: Some(format), text: text.into() })
    }

    /// Generates a token in the format of another system from random bytes, with which `fill` fills a buffer. Returns `None`
    /// for one that somebody chooses.
    ///
    /// SECURITY: `fill` must be a cryptographic generator that no one else can predict.
    #[must_use]
    pub fn generate_foreign(format: ForeignFormat, fill: impl FnOnce(&mut [u8; RANDOM])) -> Option<OpaqueToken> {
        let mut bytes = [0; RANDOM];
        fill(&mut bytes);
        Some(OpaqueToken { kind: format.kind(), format: Some(format), text: format.text(bytes)?.into() })
    }

    /// Returns the format, if it is that of another system.
    #[must_use]
    pub fn format(&self) -> Option<ForeignFormat> {
        self.format
    }

    /// Returns the kind that the prefix or the format names.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Returns the whole token.
    ///
    /// SECURITY: never log, print or store it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.text
    }

    /// Returns the last characters, by which people tell tokens apart in a list: four, which belong to the checksum; six of
    /// one of Speckle, as there; none of an id that somebody chose, since it may be short.
    #[must_use]
    pub fn last_chars(&self) -> &str {
        let shown = match self.format {
            None | Some(ForeignFormat::Uuid) => 4,
            Some(ForeignFormat::Speckle) => 6,
            Some(ForeignFormat::ChosenId) => 0,
        };
        &self.text[self.text.len() - shown..]
    }
}

/// Returns the checksum of a prefix and its random characters.
fn checksum(text: &str) -> [u8; CHECKSUM] {
    let mut rest = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC).checksum(text.as_bytes()) as usize;
    let mut digits = [0; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % 62];
        rest /= 62;
    }
    digits
}

impl FromStr for OpaqueToken {
    type Err = ParseTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = TokenKind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind, kind.prefix()?)))
            .find(|(_, prefix)| text.starts_with(prefix));
        let Some((kind, prefix)) = found else {
            let is_spaced = text.trim_ascii_start() != text;
            return Err(if is_spaced { ParseTokenError::WhiteSpace } else { ParseTokenError::Prefix });
        };
        // A no-break space (U+00A0), in UTF-8, comes with text that is copied from a page.
        let has_no_break_space = text.as_bytes().windows(2).any(|pair| pair == [0xc2, 0xa0]);
        if has_no_break_space || text.bytes().any(|byte| byte.is_ascii_whitespace()) {
            return Err(ParseTokenError::WhiteSpace);
        }
        let body = &text[prefix.len()..];
        if body.len() != RANDOM + CHECKSUM {
            return Err(ParseTokenError::Length);
        }
        if !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ParseTokenError::Characters);
        }
        let (signed, sum) = text.split_at(text.len() - CHECKSUM);
        if checksum(signed) != sum.as_bytes() {
            return Err(ParseTokenError::Checksum);
        }
        Ok(OpaqueToken { kind, format: None, text: text.into() })
    }
}

/// Shows the prefix alone.
impl fmt::Display for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}***", self.kind.prefix().filter(|_| self.format.is_none()).unwrap_or_default())
    }
}

/// Shows the prefix alone.
impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an opaque token.
///
/// SECURITY: it never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseTokenError {
    /// It has white space in it or around it.
    WhiteSpace,
    /// It does not start with a known prefix.
    Prefix,
    /// It has too few or too many characters.
    Length,
    /// It has characters other than letters and digits.
    Characters,
    /// Its checksum does not match: it has a typo.
    Checksum,
}

impl ParseTokenError {
    /// Returns the reason in a few words.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            ParseTokenError::WhiteSpace => "the token has white space in it or around it",
            ParseTokenError::Prefix => "the token does not start with a known prefix (dp_pub_, dp_sec_, …)",
            ParseTokenError::Length => "the token is too short or too long: it must have 38 after its prefix",
            ParseTokenError::Characters => "the token has characters other than letters and digits",
            ParseTokenError::Checksum => "the token has a typo: its checksum does not match",
        }
    }
}

impl fmt::Display for ParseTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

impl std::error::Error for ParseTokenError {}
