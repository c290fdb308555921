//! Forged stored tokens: only what was issued is genuine.

use std::collections::HashSet;

use daypass::verify::Verifier;
use daypass::{OpaqueToken, TokenKind};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::cases::hold;
use crate::common::{Store, record, verifier};
use crate::forged_signed::is_genuine;
use crate::token::{kind, text, with_checksum};
use crate::typo::{Typo, typo};

/// How many tokens of each kind were issued.
const ISSUED: u64 = 200;

/// What a stranger, or a holder of some tokens, can make.
#[derive(Debug, Clone)]
enum Forgery {
    /// A token that was never issued, whole.
    Guess(u64),
    /// A bit of a token turned.
    Bit(Index, u32),
    /// A typo in a token, its checksum as it was.
    Typo(Typo),
    /// A typo in a token before its checksum, which is mended.
    Mended(Typo),
    /// The start of a token and the end of another.
    Splice(u64, Index),
    /// The same, with a checksum that fits.
    MendedSplice(u64, Index),
    /// A token under another kind's prefix, with a checksum that fits.
    Relabelled(TokenKind),
}

fn forgery() -> impl Strategy<Value = Forgery> {
    let another = || (0..ISSUED, any::<Index>());
    prop_oneof![
        any::<u64>().prop_map(Forgery::Guess),
        (any::<Index>(), 0..7_u32).prop_map(|(at, bit)| Forgery::Bit(at, bit)),
        typo("0aZ_. ").prop_map(Forgery::Typo),
        select("0aZ".chars().collect::<Vec<_>>())
            .prop_flat_map(|to| any::<Index>().prop_map(move |at| Forgery::Mended(Typo::Other(at, to)))),
        another().prop_map(|(other, at)| Forgery::Splice(other, at)),
        another().prop_map(|(other, at)| Forgery::MendedSplice(other, at)),
        kind().prop_map(Forgery::Relabelled),
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
                // Seven bits of ASCII are ASCII.
                String::from_utf8(bytes).unwrap()
            }
            Forgery::Typo(typo) => typo.of(&token),
            Forgery::Mended(typo) => with_checksum(typo.of(&body(&token))),
            Forgery::Splice(other, at) => splice(&token, &text(kind, *other), at),
            Forgery::MendedSplice(other, at) => with_checksum(splice(&body(&token), &body(&text(kind, *other)), at)),
            Forgery::Relabelled(kind) => with_checksum(format!("{}{}", kind.prefix().unwrap(), &body(&token)[7..])),
        }
    }
}

/// The start of one text and the end of another, which is as long.
fn splice(start: &str, end: &str, at: &Index) -> String {
    let at = at.index(start.len());
    format!("{}{}", &start[..at], &end[at..])
}

/// A service that issued the tokens with the numbers below [`ISSUED`], and their texts.
fn issued() -> (Verifier, HashSet<String>) {
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
fn of_a_million_stored_tokens_only_what_was_issued_is_genuine() {
    let (verifier, issued) = issued();
    assert!(issued.iter().all(|text| is_genuine(&verifier, text)));
    hold(&(kind(), 0..ISSUED, forgery()), |(kind, number, forgery)| {
        let text = forgery.of(kind, number);
        prop_assert_eq!(is_genuine(&verifier, &text), issued.contains(&text));
        Ok([text.parse::<OpaqueToken>().is_ok()])
    });
}
