//! Hashes of passwords: Argon2id (RFC 9106).

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use super::random;

/// Memory in KiB, passes and lanes: those of the OWASP Password Storage Cheat Sheet.
const PARAMETERS: (u32, u32, u32) = (19_456, 2, 1);

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = PARAMETERS;
    let parameters = Params::new(memory, passes, lanes, None).expect("parameters of Argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
}

/// Hashes a password with a salt of its own. This takes tens of milliseconds and 19 MiB.
///
/// # Panics
/// If the operating system gives no randomness.
pub(crate) fn hash(password: &str) -> String {
    let mut salt = [0; 32];
    random::fill(&mut salt);
    let hash = argon2().hash_password_with_salt(password.as_bytes(), &salt[..16]);
    hash.expect("a salt of 16 bytes and a password of less than 4 GiB").to_string()
}

/// Returns whether a hash is of this password. Without a hash it takes as long, and the result is `false`.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    let Some(hash) = hash else {
        // SECURITY: the time must not tell whether there is an account.
        std::hint::black_box(self::hash(password));
        return false;
    };
    let parsed = PasswordHash::new(hash);
    parsed.is_ok_and(|parsed| argon2().verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_one_password_and_says_how_it_was_made() {
        let [one, other] = [(); 2].map(|()| hash("correct horse battery"));
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other, "each has a salt of its own");
        assert!(verify("correct horse battery", Some(&one)) && verify("correct horse battery", Some(&other)));
        for (password, hash) in
            [("correct horse batterz", Some(&*one)), ("", Some(&*one)), ("p", Some("p")), ("p", None)]
        {
            assert!(!verify(password, hash));
        }
    }
}
