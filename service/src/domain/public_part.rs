//! What lists show of a token's text: [`PublicPart`].

use daypass::TokenKind;

/// The fewest and the most characters that lists show of a token's end.
const LAST_CHARS: std::ops::RangeInclusive<usize> = 4..=8;

/// The beginning and the end of a token, as in `dp_pub_…Ab3d`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PublicPart<'a> {
    /// The kind that the beginning names; `None` without a beginning.
    pub(crate) kind: Option<TokenKind>,
    /// The end.
    pub(crate) last_chars: &'a str,
}

impl<'a> PublicPart<'a> {
    /// Reads it as lists show it, or with three points; `None` for any other text.
    pub(crate) fn read(text: &'a str) -> Option<PublicPart<'a>> {
        let (start, last_chars) = text.split_once('…').or_else(|| text.split_once("..."))?;
        let kind = match start {
            "" => None,
            start => Some(TokenKind::ALL.into_iter().find(|kind| kind.prefix() == Some(start))?),
        };
        LAST_CHARS.contains(&last_chars.chars().count()).then_some(PublicPart { kind, last_chars })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_lists_show_it_and_no_other_text_is_one() {
        for (text, expected) in [
            ("dp_pub_…Ab3d", Some((Some(TokenKind::Publishable), "Ab3d"))),
            ("dp_sec_...Ab3d", Some((Some(TokenKind::Secret), "Ab3d"))),
            ("…Ab3d", Some((None, "Ab3d"))),
            ("dp_xyz_…Ab3d", None),
            ("dp_pub_…", None),
            ("dp_pub_Ab3d", None),
            ("dp_pub_…AAAAAAAAAAAAAAAA", None),
            ("", None),
        ] {
            let part = PublicPart::read(text).map(|part| (part.kind, part.last_chars));
            assert_eq!(part, expected, "{text}");
        }
    }
}
