//! `TokenKind` and `OpaqueToken`.

use daypass::{Catalog, ForeignFormat, OpaqueToken, ParseTokenError, Scope, TokenKind};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wasm_bindgen_test::wasm_bindgen_test;

/// One token of each stored kind. The checksums are from Python's `zlib.crc32`.
const KNOWN: [(TokenKind, &str); 7] = [
    (TokenKind::Publishable, "dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu"),
    (TokenKind::Secret, "dp_sec_0123456789ABCDEFGHIJKLMNabcdefgh1Itn3R"),
    (TokenKind::Personal, "dp_per_0123456789ABCDEFGHIJKLMNabcdefgh0dGF1W"),
    (TokenKind::Application, "dp_app_0123456789ABCDEFGHIJKLMNabcdefgh0QXIsQ"),
    (TokenKind::Bundle, "dp_bun_0123456789ABCDEFGHIJKLMNabcdefgh0ycBRs"),
    (TokenKind::OauthRefresh, "dp_ref_0123456789ABCDEFGHIJKLMNabcdefgh1qN9T8"),
    // A checksum that begins with zeros.
    (TokenKind::Publishable, "dp_pub_Example000000000000000000000002600E5wU"),
];

#[wasm_bindgen_test(unsupported = test)]
fn a_kind_has_one_name_and_only_stored_kinds_have_a_prefix() {
    let cases = [
        (TokenKind::Publishable, "publishable", Some("dp_pub_"), false),
        (TokenKind::Secret, "secret", Some("dp_sec_"), true),
        (TokenKind::Personal, "personal", Some("dp_per_"), true),
        (TokenKind::Application, "application", Some("dp_app_"), true),
        (TokenKind::Temporary, "temporary", None, false),
        (TokenKind::Bundle, "bundle", Some("dp_bun_"), false),
        (TokenKind::OauthAccess, "oauthAccess", None, false),
        (TokenKind::OauthRefresh, "oauthRefresh", Some("dp_ref_"), true),
    ];
    assert_eq!(TokenKind::ALL, cases.map(|(kind, ..)| kind));
    for (kind, name, prefix, backend_only) in cases {
        assert_eq!((kind.as_str(), kind.prefix(), kind.is_backend_only()), (name, prefix, backend_only));
        assert_eq!((kind.to_string().as_str(), name.parse()), (name, Ok(kind)));
        assert_eq!(serde_json::to_value(kind).unwrap(), name);
        assert_eq!(serde_json::from_value::<TokenKind>(name.into()).unwrap(), kind);
    }
    for text in ["", "Publishable", "public", "oauth_access", "publishable "] {
        assert!(
            text.parse::<TokenKind>().is_err() && serde_json::from_value::<TokenKind>(text.into()).is_err(),
            "{text}"
        );
    }
    let names = cases.map(|(_, name, ..)| name).join(", ").replace(", oauthRefresh", " or oauthRefresh");
    assert_eq!("public".parse::<TokenKind>().unwrap_err().to_string(), format!("not a token kind: expected {names}"));
}

#[wasm_bindgen_test(unsupported = test)]
fn only_tokens_that_stay_in_a_backend_create_and_revoke_tokens() {
    let of_daypass = Catalog::daypass().all().into_iter().chain([Scope::ALL, Scope::literal("token:*")]);
    for scope in of_daypass {
        for kind in TokenKind::ALL {
            let expected = match kind {
                TokenKind::Secret | TokenKind::Application => true,
                TokenKind::Personal => scope == Scope::literal("token:read"),
                _ => false,
            };
            assert_eq!(kind.may(&scope), expected, "{kind} {scope}");
        }
    }
    assert!(TokenKind::ALL.iter().all(|kind| kind.may(&Scope::literal("floor:read"))));
    assert!(!TokenKind::Personal.may(&Scope::literal("bundle:read")));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_whole_token_parses_to_its_kind_and_comes_back() {
    for (kind, text) in KNOWN {
        let token: OpaqueToken = text.parse().unwrap();
        assert_eq!((token.kind(), token.expose_secret()), (kind, text));
        assert_eq!(token.last_chars(), &text[text.len() - 4..]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_is_not_a_token_is_refused_for_its_first_fault() {
    use ParseTokenError::{Characters, Checksum, Length, Prefix, WhiteSpace};
    let cases = [
        ("", Prefix),
        ("dp_", Prefix),
        ("dp_tmp_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu", Prefix),
        ("DP_PUB_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu", Prefix),
        (" dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu", WhiteSpace),
        ("Bearer dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu", Prefix),
        ("eyJhbGciOiJub25lIn0.e30.", Prefix),
        ("dp_pub_", Length),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsR", Length),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRuu", Length),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu\n", WhiteSpace),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu\u{a0}", WhiteSpace),
        ("dp_pub_0123456789ABCDEFGHIJKLMN abcdefgh1KhsRu", WhiteSpace),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefg_1KhsRu", Characters),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefg-1KhsRu", Characters),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdef\u{e9}1KhsRu", Characters),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1Khs\u{e9}", Characters),
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRv", Checksum),
        ("dp_pub_1123456789ABCDEFGHIJKLMNabcdefgh1KhsRu", Checksum),
        // The checksum covers the prefix too: a publishable token cannot be relabelled.
        ("dp_sec_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu", Checksum),
        // 62^6 - 1 is more than any CRC-32.
        ("dp_pub_0123456789ABCDEFGHIJKLMNabcdefghzzzzzz", Checksum),
    ];
    for (text, fault) in cases {
        assert_eq!(text.parse::<OpaqueToken>().map(|_| ()), Err(fault), "{text:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn each_fault_has_its_own_message() {
    let cases = [
        (ParseTokenError::Prefix, "the token does not start with a known prefix (dp_pub_, dp_sec_, …)"),
        (ParseTokenError::Length, "the token is too short or too long: it must have 38 after its prefix"),
        (ParseTokenError::Characters, "the token has characters other than letters and digits"),
        (ParseTokenError::Checksum, "the token has a typo: its checksum does not match"),
    ];
    for (fault, sentence) in cases {
        assert_eq!(fault.to_string(), sentence);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn neither_debug_nor_display_nor_an_error_shows_a_token() {
    for (kind, text) in KNOWN {
        let token: OpaqueToken = text.parse().unwrap();
        let shown = format!("{}***", kind.prefix().unwrap());
        // Compared inside `assert!`, so that a failure does not print what was shown either.
        assert!([format!("{token}"), format!("{token:?}"), format!("{token:#?}")].iter().all(|text| *text == shown));
        let error = format!("{text}x").parse::<OpaqueToken>().unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(text.as_bytes().windows(8).skip(7).all(|part| !told.contains(std::str::from_utf8(part).unwrap())));
    }
}

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Computes the CRC-32 bit by bit, in six digits: independent of the crate.
fn with_checksum(text: String) -> String {
    let crc = !text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    let digit = |place: u32| char::from(BASE62.as_bytes()[(crc as usize / 62_usize.pow(place)) % 62]);
    text.chars().chain((0..6).rev().map(digit)).collect()
}

fn opaque_token() -> impl Strategy<Value = String> {
    let prefixes: Vec<_> = TokenKind::ALL.into_iter().filter_map(TokenKind::prefix).collect();
    let random = proptest::collection::vec(select(BASE62.chars().collect::<Vec<_>>()), 32);
    (select(prefixes), random)
        .prop_map(|(prefix, random)| with_checksum(format!("{prefix}{}", String::from_iter(random))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[wasm_bindgen_test(unsupported = test)]
    fn a_token_that_parses_comes_back(text in opaque_token()) {
        let token = text.parse::<OpaqueToken>();
        prop_assert!(token.is_ok_and(|token| token.expose_secret() == text && text.starts_with(token.kind().prefix().unwrap())));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_token_with_any_one_character_changed_is_refused(text in opaque_token(), at in any::<Index>(), to in prop_oneof![9 => select(BASE62.chars().collect::<Vec<_>>()), 1 => any::<char>()]) {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        prop_assume!(chars[at] != to);
        chars[at] = to;
        prop_assert!(String::from_iter(chars).parse::<OpaqueToken>().is_err());
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_token_with_two_neighbours_swapped_or_one_lost_or_doubled_is_refused(text in opaque_token(), at in any::<Index>()) {
        let at = at.index(text.len() - 1);
        let (before, left, right, after) = (&text[..at], &text[at..=at], &text[at + 1..at + 2], &text[at + 2..]);
        for typo in [[right, left].concat(), left.to_owned(), [left, left, right].concat()] {
            let typed = [before, &typo, after].concat();
            prop_assert!(typed == text || typed.parse::<OpaqueToken>().is_err());
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn random(bytes: &mut [u8; 32]) {
    aws_lc_rs::rand::fill(bytes).unwrap();
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn row_17_a_generated_token_is_valid_and_no_two_are_alike() {
    let mut seen = std::collections::HashSet::new();
    let mut characters = std::collections::BTreeSet::new();
    for kind in TokenKind::ALL {
        for _ in 0..100 {
            let token = OpaqueToken::generate(kind, random);
            assert_eq!(token.is_some(), kind.prefix().is_some(), "{kind}");
            let Some(token) = token else { break };
            let again = token.expose_secret().parse::<OpaqueToken>();
            assert!(
                again.is_ok_and(|again| again.kind() == kind && again.expose_secret() == token.expose_secret()),
                "{kind}"
            );
            let text = token.expose_secret();
            characters.extend(text[7..39].chars());
            assert!(seen.insert(text.to_owned()));
        }
    }
    assert_eq!(String::from_iter(characters), BASE62, "each of the 62 is drawn");
}

/// 256 byte values do not divide evenly among 62 characters: without rejection, some would be a quarter more likely.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn row_17_no_character_of_a_generated_token_is_more_likely_than_another() {
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..10_000 {
        let token = OpaqueToken::generate(TokenKind::Secret, random).unwrap();
        for character in token.expose_secret()[7..39].chars() {
            *counts.entry(character).or_insert(0_u32) += 1;
        }
    }
    // Of 320,000 characters, 5,161 are expected for each, with a deviation of 71; an eighth more or less is 9 times that.
    assert!(counts.values().all(|count| (4_516..=5_806).contains(count)), "{counts:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn tokens_of_other_systems_have_their_formats_alone() {
    let speckle = "0123456789abcdef0123456789abcdef0123456789";
    let uuid = "bbf18f21-3d0d-4a4c-b650-9c14d4075ce0";
    for (format, right, wrong) in [
        (
            ForeignFormat::Speckle,
            &[speckle][..],
            &[&speckle[1..], "0123456789ABCDEF0123456789abcdef0123456789", uuid][..],
        ),
        (
            ForeignFormat::Uuid,
            &[uuid],
            &["bbf18f21-3d0d-4a4c-b650-9c14d4075ceg", "bbf18f213d0d4a4cb6509c14d4075ce0", ""],
        ),
        (
            ForeignFormat::ChosenId,
            &["engine", "a.b_c-d", uuid],
            &["", "a b", "ä", "a%20b", "dp_app_x", "eyJhbGciOiJub25lIn0.e30."],
        ),
    ] {
        for text in right {
            let token = OpaqueToken::foreign(format, text).unwrap();
            assert_eq!((token.format(), token.kind(), token.expose_secret()), (Some(format), format.kind(), *text));
            assert_eq!(format!("{token} {token:?}"), "*** ***");
        }
        for text in wrong {
            assert!(OpaqueToken::foreign(format, text).is_err(), "{text}");
        }
        if let Some(token) = OpaqueToken::generate_foreign(format, |bytes| bytes.fill(0xff)) {
            assert!(format.check(token.expose_secret()).is_ok());
        }
    }
    let generated = OpaqueToken::generate_foreign(ForeignFormat::Uuid, |bytes| bytes.fill(0xff)).unwrap();
    assert_eq!(generated.expose_secret(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert!(OpaqueToken::generate_foreign(ForeignFormat::ChosenId, |bytes| bytes.fill(0)).is_none());
    assert!(ForeignFormat::Speckle.check(speckle).is_ok() && speckle.parse::<OpaqueToken>().is_err());
}
