//! Forged JWTs: only those that the service issued are authentic.

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

use crate::cases::check;
use crate::common::{Signer, claims, encoded, verifier};
use crate::typo::{Typo, typo};

/// Returns whether the verifier accepts a text as one of our tokens, even if the token is then refused for its use.
pub(crate) fn is_authentic(verifier: &Verifier, text: &str) -> bool {
    let credentials = Credentials::new(text, TokenLocation::Bearer);
    let verdict = pin!(verifier.verify(&credentials, None)).poll(&mut Context::from_waker(Waker::noop()));
    match verdict {
        Poll::Ready(verdict) => verdict.err() != Some(Error::InvalidToken),
        Poll::Pending => panic!("keys and records are in memory: the verifier never waits"),
    }
}

/// The number of JWTs that the service issued.
const ISSUED: usize = 8;

/// A text that an attacker without a token, or a holder of some JWTs, can make.
#[derive(Debug, Clone)]
enum Forgery {
    /// One bit of the text is flipped.
    Bit(Index, u32),
    Typo(Typo),
    /// One bit of the claims is flipped.
    ClaimBit(Index, u32),
    /// One bit of the signature is flipped.
    SignatureBit(Index, u32),
    /// The parts come from three JWTs.
    Splice(usize, usize),
    /// The attacker's claims with an authentic signature.
    Claims(u64),
    /// The issued claims, signed by another key under our key's id.
    Impostor,
    /// A random signature.
    Signature([u8; 32], [u8; 32]),
    /// The second half of the signature is random.
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

/// A service with two keys, and the JWTs that it issued: access tokens and bundles of both keys, all different.
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
            let (kind, jwt_type) = match number / 2 % 2 {
                0 => ("temporary", JwtType::AccessToken),
                _ => ("bundle", JwtType::Bundle),
            };
            claims["kind"] = json!(kind);
            signers[number % 2].jwt(jwt_type, &claims)
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
                // Flipping one of the lower seven bits keeps ASCII.
                String::from_utf8(flip(text.as_bytes(), at, *bit)).unwrap()
            }
            Forgery::Typo(typo) => typo.of(text),
            Forgery::ClaimBit(at, bit) => join([header, &encoded(flip(&decode(payload), at, *bit)), signature]),
            Forgery::SignatureBit(at, bit) => join([header, payload, &encoded(flip(&decode(signature), at, *bit))]),
            Forgery::Splice(payload, signature) => {
                join([header, parts(&self.issued[*payload])[1], parts(&self.issued[*signature])[2]])
            }
            Forgery::Claims(exp) => {
                let mut claims: serde_json::Value = serde_json::from_slice(&decode(payload)).unwrap();
                claims["exp"] = json!(exp);
                join([header, &encoded(claims.to_string()), signature])
            }
            Forgery::Impostor => self.impostor.sign(header, payload),
            Forgery::Signature(r, s) => join([header, payload, &encoded([*r, *s].concat())]),
            Forgery::HalfSignature(s) => join([header, payload, &encoded([&decode(signature)[..32], s].concat())]),
        }
    }

    /// Returns whether only the signature can tell a JWT from an authentic one.
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

fn join(parts: [&str; 3]) -> String {
    parts.join(".")
}

fn decode(part: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(part).unwrap()
}

fn flip(bytes: &[u8], at: &Index, bit: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    *at.get_mut(&mut bytes) ^= 1 << bit;
    bytes
}

#[test]
fn of_a_million_jwts_only_the_issued_ones_are_authentic() {
    let service = Service::new();
    assert!(service.issued.iter().all(|text| is_authentic(&service.verifier, text)));
    check(&(0..ISSUED, forgery()), |(number, forgery)| {
        let text = service.forge(number, &forgery);
        prop_assert_eq!(is_authentic(&service.verifier, &text), service.issued.contains(&text));
        Ok([service.is_well_formed(&text)])
    });
}
