//! Wycheproof's vectors of known faults in cryptographic libraries: with our settings, ours accepts
//! the valid ones only.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, RandomizedNonceKey};
use aws_lc_rs::hmac;
use daypass::jwt::{Jwk, Jwks, JwtType, VerifySignature};
use daypass::verify::StaticKeys;
use wycheproof::{TestResult, aead, eddsa, mac};

#[test]
fn ed25519_signatures_verify_if_they_are_valid() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        let keys = StaticKeys::from(&Jwks { keys: vec![Jwk::ed25519("k1", &group.key.pk)] });
        let key = keys.get(&JwtType::AccessToken.header("k1")).unwrap();
        for test in group.tests {
            let is_valid = test.result == TestResult::Valid;
            assert_eq!(key.is_signature(&test.msg, &test.sig), is_valid, "{}: {}", test.tc_id, test.comment);
            *if is_valid { &mut valid } else { &mut invalid } += 1;
        }
    }
    assert!(valid >= 88 && invalid >= 63, "{valid} valid, {invalid} invalid");
}

#[test]
fn hmac_sha_256_tags_verify_if_they_are_valid_and_whole() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &test.key);
            // Half of the vectors have truncated tags, which we do not use.
            let is_valid = test.result == TestResult::Valid && group.tag_size == 256;
            assert_eq!(hmac::verify(&key, &test.msg, &test.tag).is_ok(), is_valid, "{}: {}", test.tc_id, test.comment);
            *if is_valid { &mut valid } else { &mut invalid } += 1;
        }
    }
    assert!(valid >= 33 && invalid >= 141, "{valid} valid, {invalid} invalid");
}

#[test]
fn aes_256_gcm_opens_what_is_valid_with_a_nonce_and_a_tag_of_our_size() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    // Nonces and keys of other sizes do not fit the types.
    let groups = set.test_groups.into_iter().filter(|group| group.key_size == 256 && group.nonce_size == 8 * NONCE_LEN);
    for group in groups {
        for test in group.tests {
            let key = RandomizedNonceKey::new(&AES_256_GCM, &test.key).unwrap();
            let nonce: &[u8; NONCE_LEN] = test.nonce[..].try_into().unwrap();
            let mut sealed = [&test.ct[..], &test.tag].concat();
            let opened = key.open_in_place(nonce.into(), Aad::from(&test.aad[..]), &mut sealed).ok();
            let expected = (test.result == TestResult::Valid).then_some(&test.pt[..]);
            assert_eq!(opened.as_deref(), expected, "{}: {}", test.tc_id, test.comment);
            *if expected.is_some() { &mut valid } else { &mut invalid } += 1;
        }
    }
    assert!(valid >= 39 && invalid >= 27, "{valid} valid, {invalid} invalid");
}
