//! The key that seals the signing keys in the store: [`MasterKey`].

use anyhow::{Context, anyhow, bail};
use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64UrlUnpadded, Encoding};

use crate::domain::key::PrivateKey;

/// The form of what is sealed: this byte, a nonce, the encrypted text and a tag.
const VERSION: u8 = 1;
const NONCE: usize = 12;

/// How many characters of its hash name a key: 96 bits.
const ID: usize = 16;

/// A key of 256 bits, which is not in the store.
pub(crate) struct MasterKey {
    /// What the store names it by. It tells nothing about the key.
    id: String,
    key: RandomizedNonceKey,
}

impl MasterKey {
    /// Reads a key as `daypass key master` writes it: 32 bytes in base64url. Space around it does not matter.
    ///
    /// # Errors
    /// When the text is anything else. The error does not repeat it.
    pub(crate) fn parse(text: &str) -> anyhow::Result<MasterKey> {
        let expected = || anyhow!("expected 32 bytes in base64url, as `daypass key master FILE` writes them");
        let bytes = Base64UrlUnpadded::decode_vec(text.trim()).map_err(|_| expected())?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| expected())?;
        let mut id = Base64UrlUnpadded::encode_string(
            digest(&SHA256, &[b"daypass master key id", &bytes[..]].concat()).as_ref(),
        );
        id.truncate(ID);
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).expect("AES-256 takes 32 bytes");
        Ok(MasterKey { id, key })
    }

    /// Returns the name by which the store knows it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Seals the private part of the signing key with this id.
    pub(crate) fn seal(&self, kid: &str, pkcs8: &[u8]) -> PrivateKey {
        let mut text = pkcs8.to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::from(self.associated_data(kid)), &mut text);
        let nonce = nonce.expect("a signing key is far below the limit of AES-GCM");
        PrivateKey { bytes: [&[VERSION], &nonce.as_ref()[..], &text].concat(), master_key: Some(self.id.clone()) }
    }

    /// Opens what [`seal`](MasterKey::seal) returned for this id.
    ///
    /// SECURITY: a private part that no master key has sealed is refused. Otherwise anyone who can write to the store could
    /// add a signing key.
    ///
    /// # Errors
    /// When it is not sealed, by another master key, or damaged.
    pub(crate) fn open(&self, kid: &str, sealed: &PrivateKey) -> anyhow::Result<Vec<u8>> {
        match &sealed.master_key {
            None => bail!(
                "the signing key {kid} is not sealed, but others are: somebody has written to the store; revoke it with \
                 `daypass key revoke {kid}`"
            ),
            Some(id) if *id != self.id => bail!(
                "the signing key {kid} is sealed by the master key {id}, and the one given is {}: give the former \
                 (--master-key-file, DAYPASS_MASTER_KEY or --master-key-command)",
                self.id
            ),
            Some(_) => {}
        }
        let open = || {
            let (version, rest) = sealed.bytes.split_first()?;
            let (nonce, text) = rest.split_first_chunk::<NONCE>()?;
            let mut text = text.to_vec();
            let associated_data = Aad::from(self.associated_data(kid));
            let opened = self.key.open_in_place(nonce.into(), associated_data, &mut text).ok()?;
            (*version == VERSION).then(|| opened.to_vec())
        };
        open().with_context(|| format!("the signing key {kid} in the store is damaged: restore it from a backup"))
    }

    /// SECURITY: what belongs to one key cannot be put in another's place.
    fn associated_data(&self, kid: &str) -> Vec<u8> {
        format!("daypass signing key/{VERSION}/Ed25519/{kid}/{}", self.id).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random;

    fn new() -> MasterKey {
        MasterKey::parse(&random::key()).expect("a key")
    }

    #[test]
    fn a_sealed_key_opens_with_its_master_key_and_id_alone() {
        let [one, other] = [(); 2].map(|()| new());
        let sealed = one.seal("k", b"private");
        assert!(sealed != one.seal("k", b"private"), "each has a nonce of its own");
        assert!(!sealed.bytes.windows(7).any(|part| part == b"private"));
        assert!(one.open("k", &sealed).is_ok_and(|opened| opened == b"private"));
        let error =
            |key: &MasterKey, kid: &str, sealed: &PrivateKey| key.open(kid, sealed).expect_err("no").to_string();
        let wrong = error(&other, "k", &sealed);
        assert!(wrong.contains(one.id()) && wrong.contains(other.id()), "{wrong}");
        assert!(error(&one, "l", &sealed).contains("damaged"), "another key's place");
        let renamed = PrivateKey { master_key: Some(other.id().to_owned()), ..sealed.clone() };
        assert!(error(&other, "k", &renamed).contains("damaged"), "the name of a master key is no proof");
        for at in [0, 1, NONCE + 1, sealed.bytes.len() - 1] {
            let mut changed = sealed.clone();
            changed.bytes[at] ^= 1;
            assert!(error(&one, "k", &changed).contains("damaged"), "byte {at}");
        }
        assert!(error(&one, "k", &PrivateKey { bytes: vec![], ..sealed }).contains("damaged"));
        let open = PrivateKey { bytes: b"private".to_vec(), master_key: None };
        assert!(error(&one, "k", &open).contains("not sealed"));
    }

    #[test]
    fn a_master_key_is_32_bytes_in_base64url() {
        let right = "A".repeat(42) + "E";
        assert!(MasterKey::parse(&format!(" {right}\n")).is_ok());
        for wrong in ["", "x", &right[1..], &format!("{right}A"), &format!("{right}="), &right.replace('E', "+")] {
            let error = MasterKey::parse(wrong).map(|_| ()).expect_err(wrong).to_string();
            assert!(wrong.len() < 2 || !error.contains(wrong));
        }
    }
}
