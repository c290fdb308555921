//! Formats of tokens that other systems made: [`ForeignFormat`].

use super::{ParseTokenError, TokenKind};

/// Longest id that somebody chooses, in bytes.
const MAX_CHOSEN: usize = 256;

/// The format of a stored token that is not Daypass's own: a system that Daypass replaces has it, and its clients expect it.
///
/// Such a text has no prefix and no checksum, so that where it is in a request tells what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForeignFormat {
    /// 42 digits of hexadecimal in lower case: a personal token of Speckle.
    Speckle,
    /// A UUID in lower case: a reference to parameters, as Kudo makes them.
    Uuid,
    /// Letters, digits, `-`, `.` and `_`, at most 256: the id that the creator of an application token chose, which is the
    /// credential in Crafter Profile. No encoder of queries or forms changes these characters.
    ///
    /// SECURITY: it is as hard to guess as its creator made it.
    ChosenId,
}

impl ForeignFormat {
    /// Every format.
    pub const ALL: [ForeignFormat; 3] = [ForeignFormat::Speckle, ForeignFormat::Uuid, ForeignFormat::ChosenId];

    /// Returns the kind of the tokens that have this format.
    #[must_use]
    pub const fn kind(self) -> TokenKind {
        match self {
            ForeignFormat::Speckle => TokenKind::Personal,
            ForeignFormat::Uuid => TokenKind::Bundle,
            ForeignFormat::ChosenId => TokenKind::Application,
        }
    }

    /// Returns a name that is part of what is hashed, so that a text is a different token in each format.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            ForeignFormat::Speckle => "speckle",
            ForeignFormat::Uuid => "uuid",
            ForeignFormat::ChosenId => "chosen-id",
        }
    }

    /// Makes a text of random bytes; `None` of an id that somebody has to choose.
    ///
    /// SECURITY: the bytes must be of a cryptographic generator that no one else can predict.
    #[must_use]
    pub(super) fn text(self, mut random: [u8; 32]) -> Option<String> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        match self {
            ForeignFormat::Speckle => Some(hex(&random[..21])),
            ForeignFormat::Uuid => {
                // Version 4, of random bits (RFC 9562, section 5.4).
                random[6] = random[6] & 0x0f | 0x40;
                random[8] = random[8] & 0x3f | 0x80;
                let parts = [0..4, 4..6, 6..8, 8..10, 10..16].map(|part| hex(&random[part]));
                Some(parts.join("-"))
            }
            ForeignFormat::ChosenId => None,
        }
    }

    /// Returns whether a text has this format. None of our own tokens and no JWT has it.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(self, text: &str) -> Result<(), ParseTokenError> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let (has_length, has_characters) = match self {
            ForeignFormat::Speckle => (text.len() == 42, text.bytes().all(is_hex)),
            ForeignFormat::Uuid => {
                let is_hyphen = |place| matches!(place, 8 | 13 | 18 | 23);
                let mut bytes = text.bytes().enumerate();
                (
                    text.len() == 36,
                    bytes.all(|(place, byte)| if is_hyphen(place) { byte == b'-' } else { is_hex(byte) }),
                )
            }
            ForeignFormat::ChosenId => {
                let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
                let is_other = text.starts_with("dp_") || text.starts_with("eyJ");
                ((1..=MAX_CHOSEN).contains(&text.len()), text.bytes().all(is_known) && !is_other)
            }
        };
        match (has_length, has_characters) {
            (true, true) => Ok(()),
            (false, _) => Err(ParseTokenError::Length),
            (true, false) => Err(ParseTokenError::Characters),
        }
    }
}
