//! Forged opaque tokens: only those that the service issued are authentic.

use std::collections::HashSet;

use daypass::verify::Verifier;
use daypass::{OpaqueToken, TokenKind};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::cases::check;
use crate::common::{Store, record, verifier};
use crate::forged_jwt::is_authentic;
use crate::token::{kind, text, with_checksum};
use crate::typo::{Typo, typo};

/// The number of tokens of each kind that the service issued.
const ISSUED: u64 = 200;

/// A text that an attacker without a token, or a holder of some tokens, can make.
#[derive(Debug, Clone)]
enum Forgery {
    /// A well-formed token that was never issued.
    Guess(u64),
    /// One bit of a token is flipped.
    Bit(Index, u32),
    /// A typo in a token, with the old checksum.
    Typo(Typo),
    /// A typo in a token before its checksum, which is computed again.
    TypoWithChecksum(Typo),
    /// The start of one token and the end of another.
    Splice(u64, Index),
    /// Like `Splice`, with a correct checksum.
    SpliceWithChecksum(u64, Index),
    /// A token under another kind's prefix, with a correct checksum.
    OtherPrefix(TokenKind),
}

fn forgery() -> impl Strategy<Value = Forgery> {
    let another = || (0..ISSUED, any::<Index>());
    prop_oneof![
        any::<u64>().prop_map(Forgery::Guess),
        (any::<Index>(), 0..7_u32).prop_map(|(at, bit)| Forgery::Bit(at, bit)),
        typo("0aZ_. ").prop_map(Forgery::Typo),
        select("0aZ".chars().collect::<Vec<_>>())
            .prop_flat_map(|to| any::<Index>().prop_map(move |at| Forgery::TypoWithChecksum(Typo::Replace(at, to)))),
        another().prop_map(|(other, at)| Forgery::Splice(other, at)),
        another().prop_map(|(other, at)| Forgery::SpliceWithChecksum(other, at)),
        kind().prop_map(Forgery::OtherPrefix),
    ]
}

impl Forgery {
    fn of(&self, kind: TokenKind, number: u64) -> String {
        let token = text(kind, number);
        let body = |text: &str| text[..text.len() - 6].to_owned();
        match self {
            Forgery::Guess(number) => text(kind, ISSUED.saturating_add(*number)),
            Forgery::Bit(at, bit) => {
                let mut bytes = token.into_bytes();
                *at.get_mut(&mut bytes) ^= 1 << bit;
                // Flipping one of the lower seven bits keeps ASCII.
                String::from_utf8(bytes).unwrap()
            }
            Forgery::Typo(typo) => typo.of(&token),
            Forgery::TypoWithChecksum(typo) => with_checksum(typo.of(&body(&token))),
            Forgery::Splice(other, at) => splice(&token, &text(kind, *other), at),
            Forgery::SpliceWithChecksum(other, at) => {
                with_checksum(splice(&body(&token), &body(&text(kind, *other)), at))
            }
            Forgery::OtherPrefix(kind) => with_checksum(format!("{}{}", kind.prefix().unwrap(), &body(&token)[7..])),
        }
    }
}

/// Joins the start of one text and the end of another of the same length.
fn splice(start: &str, end: &str, at: &Index) -> String {
    let at = at.index(start.len());
    format!("{}{}", &start[..at], &end[at..])
}

/// Makes a verifier that knows the tokens with the numbers below [`ISSUED`], and lists their texts.
fn issue() -> (Verifier, HashSet<String>) {
    let mut store = Store::default();
    let mut texts = HashSet::new();
    for kind in TokenKind::ALL.into_iter().filter(|kind| kind.prefix().is_some()) {
        for number in 0..ISSUED {
            let text = text(kind, number);
            store.add_as(&text, record(kind));
            texts.insert(text);
        }
    }
    (verifier().introspector(store), texts)
}

#[test]
fn of_a_million_opaque_tokens_only_the_issued_ones_are_authentic() {
    let (verifier, issued) = issue();
    assert!(issued.iter().all(|text| is_authentic(&verifier, text)));
    check(&(kind(), 0..ISSUED, forgery()), |(kind, number, forgery)| {
        let text = forgery.of(kind, number);
        prop_assert_eq!(is_authentic(&verifier, &text), issued.contains(&text));
        Ok([text.parse::<OpaqueToken>().is_ok()])
    });
}
