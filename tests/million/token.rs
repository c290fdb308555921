//! `OpaqueToken` and `TokenKind`.

use aws_lc_rs::digest::{SHA256, digest};
use daypass::{OpaqueToken, TokenKind};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::check;
use crate::typo::typo;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The kinds of opaque tokens.
pub(crate) fn kind() -> impl Strategy<Value = TokenKind> {
    select(TokenKind::ALL.into_iter().filter(|kind| kind.prefix().is_some()).collect::<Vec<_>>())
}

/// Makes a token from a number, so that a failure prints the number and not the token.
pub(crate) fn text(kind: TokenKind, number: u64) -> String {
    let random = digest(&SHA256, &number.to_be_bytes());
    let random = random.as_ref().iter().map(|byte| char::from(BASE62[usize::from(byte % 62)]));
    with_checksum(kind.prefix().unwrap().chars().chain(random).collect())
}

/// Appends the CRC-32 in six digits, computed bit by bit and so in another way than the crate does.
pub(crate) fn with_checksum(text: String) -> String {
    let crc = !text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    let digit = |place: u32| char::from(BASE62[(crc as usize / 62_usize.pow(place)) % 62]);
    text.chars().chain((0..6).rev().map(digit)).collect()
}

#[test]
fn a_token_comes_back_from_its_text_and_one_with_a_typo_does_not_parse() {
    check(&(kind(), any::<u64>(), option::of(typo("0aZ_-é "))), |(kind, number, typo)| {
        let whole = text(kind, number);
        let typed = typo.map_or(whole.clone(), |typo| typo.of(&whole));
        let parsed = typed.parse::<OpaqueToken>();
        // SECURITY: compared to a boolean, so that no failure prints a token.
        prop_assert_eq!(parsed.is_ok(), typed == whole);
        let is_same = parsed.as_ref().is_ok_and(|token| token.kind() == kind && token.expose_secret() == whole);
        prop_assert_eq!(is_same, typed == whole);
        Ok([parsed.is_ok()])
    });
}

#[test]
fn a_text_that_is_a_kind_prints_as_it_was() {
    check(&(select(&TokenKind::ALL[..]), option::of(typo("aesS "))), |(kind, typo)| {
        let text = typo.map_or(kind.to_string(), |typo| typo.of(kind.as_str()));
        let parsed = text.parse::<TokenKind>();
        if let Ok(parsed) = parsed {
            prop_assert_eq!(parsed.to_string(), &*text);
        }
        prop_assert_eq!(serde_json::from_value::<TokenKind>(text.into()).ok(), parsed.ok());
        Ok([parsed.is_ok()])
    });
}
