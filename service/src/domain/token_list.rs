//! Lists of tokens, a page at a time: filters and cursors.

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::TokenKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::page_limit::PageLimit;
use super::token::{TokenState, TokenStatus};
use super::token_fields::MAX_NAME;

/// How many tokens a page compares with its filter at most.
///
/// A filter that few tokens meet would else read a whole organization for one page. Such a page ends early and has a
/// cursor.
const MAX_EXAMINED: usize = 10_000;

/// How many bytes of grants and origins a page has at most, unless it has one token only.
///
/// A token can have almost as many as a request. A page of a thousand of those would take the memory of a small service.
const MAX_BYTES: usize = 1 << 20;

/// Which tokens a list has.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenFilter {
    /// Tokens of this kind; all but the bundle references without it.
    pub(crate) kind: Option<TokenKind>,
    /// Tokens that can or cannot be used.
    pub(crate) status: Option<TokenStatus>,
    /// Tokens whose names have this part.
    pub(crate) name: Option<NamePart>,
    /// Tokens that belong to the principal with this id.
    pub(crate) owner: Option<String>,
}

impl TokenFilter {
    /// Returns whether a token of the right kind and owner is in the list at this time.
    pub(crate) fn includes(&self, name: &str, state: TokenState, now: u64) -> bool {
        self.status.is_none_or(|status| state.status(now) == status)
            && self.name.as_ref().is_none_or(|part| name.to_lowercase().contains(&part.0))
    }
}

/// A part of a name, in lower case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline)]
pub(crate) struct NamePart(String);

impl TryFrom<String> for NamePart {
    type Error = String;

    fn try_from(text: String) -> Result<NamePart, String> {
        if text.chars().count() <= MAX_NAME {
            Ok(NamePart(text.to_lowercase()))
        } else {
            Err(format!("expected a part of a name, at most {MAX_NAME} characters"))
        }
    }
}

/// Where a page begins: below this serial number. On the wire it is opaque, so that it can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline)]
pub(crate) struct Cursor(u64);

impl Cursor {
    /// The form of the text, its first byte.
    const VERSION: u8 = 1;

    /// The cursor of the page that follows this serial number.
    pub(crate) fn after(serial: u64) -> Cursor {
        Cursor(serial)
    }

    /// Returns the text on the wire.
    pub(crate) fn encode(self) -> String {
        let mut bytes = [Cursor::VERSION; 9];
        bytes[1..].copy_from_slice(&self.0.to_be_bytes());
        Base64UrlUnpadded::encode_string(&bytes)
    }
}

impl TryFrom<String> for Cursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Cursor, &'static str> {
        let mut bytes = [0; 9];
        let serial = match Base64UrlUnpadded::decode(&text, &mut bytes) {
            Ok(&[Cursor::VERSION, ref serial @ ..]) => serial.try_into().ok().map(u64::from_be_bytes),
            _ => None,
        };
        // Stores have signed numbers.
        let serial = serial.filter(|serial| i64::try_from(*serial).is_ok());
        serial.map(Cursor).ok_or("expected the `nextCursor` of an earlier page")
    }
}

/// A page of a list, as it is requested.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenList {
    /// Which tokens the list has.
    pub(crate) filter: TokenFilter,
    /// The most tokens of the page.
    pub(crate) limit: PageLimit,
    /// Where the page begins; with the newest token without it.
    pub(crate) cursor: Option<Cursor>,
}

impl TokenList {
    /// Returns what the store reads for the page at this time.
    pub(crate) fn query(self, now: u64) -> PageQuery {
        let TokenList { filter, limit, cursor } = self;
        let before = cursor.map(|cursor| cursor.0);
        PageQuery { filter, before, limit: limit.get(), max_examined: MAX_EXAMINED, max_bytes: MAX_BYTES, now }
    }
}

/// What a store reads for a page.
#[derive(Debug, Clone)]
pub(crate) struct PageQuery {
    /// Which tokens the list has.
    pub(crate) filter: TokenFilter,
    /// Only tokens whose serial number is smaller.
    pub(crate) before: Option<u64>,
    /// The most tokens of the page.
    pub(crate) limit: usize,
    /// How many tokens to compare with the filter at most.
    pub(crate) max_examined: usize,
    /// How many bytes of grants and origins the page has at most, unless it has one token only.
    pub(crate) max_bytes: usize,
    /// When.
    pub(crate) now: u64,
}

impl PageQuery {
    /// Returns whether a page with so many tokens, and so many bytes with the next one, has room for the next one.
    pub(crate) fn has_room(&self, tokens: usize, bytes: usize) -> bool {
        tokens < self.limit && (tokens == 0 || bytes <= self.max_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_compares_names_without_their_case_and_tells_the_states_apart() {
        let part = |text: &str| NamePart::try_from(text.to_owned()).ok();
        for (name, text, expected) in [
            ("Web shop", "SHOP", true),
            ("Web shop", "b s", true),
            ("Web shop", "", true),
            ("Web shop", "shops", false),
            ("Web shop", "%", false),
            ("BÜRO Zürich", "büro ZÜ", true),
            ("100 % _", "% _", true),
        ] {
            let filter = TokenFilter { name: part(text), ..TokenFilter::default() };
            let state = TokenState { expires_at: None, revoked_at: None, suspended_at: None };
            assert_eq!(filter.includes(name, state, 100), expected, "{name} {text}");
        }
        assert!(part(&"ß".repeat(512)).is_some() && part(&"n".repeat(513)).is_none());

        for (expires_at, revoked_at, suspended_at, expected) in [
            (None, None, None, TokenStatus::Active),
            (Some(101), None, None, TokenStatus::Active),
            (Some(101), None, Some(1), TokenStatus::Suspended),
            (Some(100), None, Some(1), TokenStatus::Expired),
            (Some(100), Some(1), None, TokenStatus::Revoked),
            (None, Some(200), Some(1), TokenStatus::Revoked),
        ] {
            for status in TokenStatus::ALL {
                let filter = TokenFilter { status: Some(status), ..TokenFilter::default() };
                let state = TokenState { expires_at, revoked_at, suspended_at };
                assert_eq!(filter.includes("n", state, 100), status == expected, "{status:?} {state:?}");
            }
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_a_cursor() {
        for serial in [1, 100, i64::MAX.unsigned_abs()] {
            let text = Cursor::after(serial).encode();
            assert_eq!(Cursor::try_from(text.clone()), Ok(Cursor(serial)));
            for wrong in [format!("{text}A"), text[1..].to_owned(), format!("{text}="), text.replacen('A', "B", 1)] {
                assert!(Cursor::try_from(wrong.clone()).is_err(), "{wrong}");
            }
        }
        for text in ["", "1", "AAAAAAAAAAAA", "////////////", &Cursor::after(u64::MAX).encode(), "\u{0}", "☃"] {
            assert!(Cursor::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
