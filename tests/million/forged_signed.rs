//! Forged signed tokens: only what was issued is genuine.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::Error;
use daypass::jwt::{Jwks, JwtType, UnverifiedJwt};
use daypass::verify::{Credentials, StaticKeys, TokenLocation, Verifier};
use proptest::array::uniform32;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

use crate::cases::hold;
use crate::common::{Signer, claims, encoded, verifier};
use crate::typo::{Typo, typo};

/// Whether the verifier takes a text to be a token of ours, whatever it then says of its use.
pub(crate) fn is_genuine(verifier: &Verifier, text: &str) -> bool {
    let credentials = Credentials::new(text, TokenLocation::Bearer);
    let verdict = pin!(verifier.verify(&credentials, None)).poll(&mut Context::from_waker(Waker::noop()));
    match verdict {
        Poll::Ready(verdict) => verdict.err() != Some(Error::InvalidToken),
        Poll::Pending => panic!("keys and records are at hand: there is nothing to wait for"),
    }
}

/// Which of the documents that were issued.
const ISSUED: usize = 8;

/// What a stranger, or a holder of some documents, can make.
#[derive(Debug, Clone)]
enum Forgery {
    /// A bit of the text turned.
    Bit(Index, u32),
    Typo(Typo),
    /// A bit of the claims turned.
    ClaimBit(Index, u32),
    /// A bit of the signature turned.
    SignatureBit(Index, u32),
    /// The parts of three documents.
    Splice(usize, usize),
    /// Claims of the forger's choice with a genuine signature.
    Claims(u64),
    /// The same claims signed with a key that only has the name of ours.
    Impostor,
    /// Two points and numbers made up for a signature.
    Signature([u8; 32], [u8; 32]),
    /// A made-up second half.
    HalfSignature([u8; 32]),
}

fn forgery() -> impl Strategy<Value = Forgery> {
    let bit = |of: u32| (any::<Index>(), 0..of);
    prop_oneof![
        bit(7).prop_map(|(at, bit)| Forgery::Bit(at, bit)),
        typo("A_.= ").prop_map(Forgery::Typo),
        bit(8).prop_map(|(at, bit)| Forgery::ClaimBit(at, bit)),
        bit(8).prop_map(|(at, bit)| Forgery::SignatureBit(at, bit)),
        (0..ISSUED, 0..ISSUED).prop_map(|(payload, signature)| Forgery::Splice(payload, signature)),
        any::<u64>().prop_map(Forgery::Claims),
        Just(Forgery::Impostor),
        (uniform32(any::<u8>()), uniform32(any::<u8>())).prop_map(|(r, s)| Forgery::Signature(r, s)),
        uniform32(any::<u8>()).prop_map(Forgery::HalfSignature),
    ]
}

/// A service with two keys, and what it issued: access tokens and bundles of both keys, no two alike.
struct Service {
    keys: StaticKeys,
    verifier: Verifier,
    issued: Vec<String>,
    impostor: Signer,
}

impl Service {
    fn new() -> Service {
        let signers = [Signer::new("k1", 1), Signer::new("k2", 2)];
        let jwks = Jwks { keys: signers.iter().map(Signer::jwk).collect() };
        let issued = (0..ISSUED).map(|number| {
            let mut claims = claims();
            claims["jti"] = json!(format!("tmp_{number}"));
            let (kind, document) = match number / 2 % 2 {
                0 => ("temporary", JwtType::AccessToken),
                _ => ("bundle", JwtType::Bundle),
            };
            claims["kind"] = json!(kind);
            signers[number % 2].jwt(document, &claims)
        });
        let keys = StaticKeys::from(&jwks);
        Service {
            issued: issued.collect(),
            verifier: verifier().keys(keys.clone()),
            keys,
            impostor: Signer::new("k1", 3),
        }
    }

    fn forge(&self, number: usize, forgery: &Forgery) -> String {
        let text = &self.issued[number];
        let [header, payload, signature] = parts(text);
        match forgery {
            Forgery::Bit(at, bit) => {
                // Seven bits of ASCII are ASCII.
                String::from_utf8(flipped(text.as_bytes(), at, *bit)).unwrap()
            }
            Forgery::Typo(typo) => typo.of(text),
            Forgery::ClaimBit(at, bit) => joined([header, &encoded(flipped(&decoded(payload), at, *bit)), signature]),
            Forgery::SignatureBit(at, bit) => {
                joined([header, payload, &encoded(flipped(&decoded(signature), at, *bit))])
            }
            Forgery::Splice(payload, signature) => {
                joined([header, parts(&self.issued[*payload])[1], parts(&self.issued[*signature])[2]])
            }
            Forgery::Claims(exp) => {
                let mut claims: serde_json::Value = serde_json::from_slice(&decoded(payload)).unwrap();
                claims["exp"] = json!(exp);
                joined([header, &encoded(claims.to_string()), signature])
            }
            Forgery::Impostor => self.impostor.sign(header, payload),
            Forgery::Signature(r, s) => joined([header, payload, &encoded([*r, *s].concat())]),
            Forgery::HalfSignature(s) => joined([header, payload, &encoded([&decoded(signature)[..32], s].concat())]),
        }
    }

    /// Whether only its signature tells a document from a genuine one.
    fn is_well_formed(&self, text: &str) -> bool {
        let bytes = |part: &str| Base64UrlUnpadded::decode_vec(part).ok();
        UnverifiedJwt::parse(text).is_some_and(|jwt| {
            let [_, payload, signature] = parts(text);
            self.keys.get(jwt.header()).is_some()
                && bytes(payload).is_some()
                && bytes(signature).is_some_and(|signature| signature.len() == 64)
        })
    }
}

fn parts(text: &str) -> [&str; 3] {
    text.split('.').collect::<Vec<_>>().try_into().unwrap()
}

fn joined(parts: [&str; 3]) -> String {
    parts.join(".")
}

fn decoded(part: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(part).unwrap()
}

fn flipped(bytes: &[u8], at: &Index, bit: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    *at.get_mut(&mut bytes) ^= 1 << bit;
    bytes
}

#[test]
fn of_a_million_signed_tokens_only_what_was_issued_is_genuine() {
    let service = Service::new();
    assert!(service.issued.iter().all(|text| is_genuine(&service.verifier, text)));
    hold(&(0..ISSUED, forgery()), |(number, forgery)| {
        let text = service.forge(number, &forgery);
        prop_assert_eq!(is_genuine(&service.verifier, &text), service.issued.contains(&text));
        Ok([service.is_well_formed(&text)])
    });
}
