//! The examples of RFC 8037, appendix A.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::jwt::{Jwk, Jwks, JwtType, UnverifiedJwt};
use daypass::verify::StaticKeys;

const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const JWS: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.",
    "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
);

fn decoded(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

#[test]
fn a_1_and_2_the_private_key_has_this_public_key() {
    let pair = Ed25519KeyPair::from_seed_and_public_key(&decoded(D), &decoded(X)).unwrap();
    assert_eq!(Jwk::ed25519(THUMBPRINT, pair.public_key().as_ref()).x, X);
}

#[test]
fn a_3_the_thumbprint_is_of_the_key_as_our_jwks_have_it() {
    let Jwk { kty, crv, x, .. } = Jwk::ed25519(THUMBPRINT, &decoded(X));
    let members = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#);
    assert_eq!(Base64UrlUnpadded::encode_string(digest(&SHA256, members.as_bytes()).as_ref()), THUMBPRINT);
}

#[test]
fn a_4_and_5_the_signature_is_made_and_verified() {
    let (input, signature) = JWS.rsplit_once('.').unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&decoded(D)).unwrap();
    assert_eq!(pair.sign(input.as_bytes()).as_ref(), decoded(signature));

    let keys = StaticKeys::from(&Jwks { keys: vec![Jwk::ed25519(THUMBPRINT, &decoded(X))] });
    let key = keys.get(&JwtType::AccessToken.header(THUMBPRINT)).unwrap();
    let jwt = UnverifiedJwt::parse(JWS).unwrap();
    assert!(jwt.verify(key).is_some());
    let other = JWS.replacen("RXhhbXBsZSBvZiBF", "RXhhbXBsZSBvZiBG", 1);
    assert!(UnverifiedJwt::parse(&other).unwrap().verify(key).is_none());
    // No key is found for its header, which Daypass never issues.
    assert!(keys.get(jwt.header()).is_none());
}
