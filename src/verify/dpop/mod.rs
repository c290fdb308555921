//! Tokens that are bound to a key (RFC 9449): [`Dpop`].

mod proof;
mod replay;

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64ct::{Base64UrlUnpadded, Encoding};

use super::token::AuthenticToken;
use super::{Credential, MAX_LEEWAY, ProofContext, TokenLocation};
use crate::Error;
pub use proof::DPOP_ALGORITHMS;
use proof::Proof;
use replay::ReplayGuard;

/// How far a proof's `iat` may lie from the verifier's clock, in seconds, if no nonce says how old
/// the proof is.
const PROOF_LIFE: u64 = MAX_LEEWAY;
/// How long a nonce is given out, in seconds. It is valid for as long again.
const NONCE_WINDOW: u64 = 60;
/// The longest `jti` of a proof, in bytes.
const MAX_JTI: usize = 256;

/// Checks the proofs that come with tokens which are bound to a key: a leaked token is useless
/// without the key.
///
/// A proof is for one request. Each process remembers the proofs that were used since it started.
/// Without nonces, a stolen proof can therefore be used within a minute at another process, or
/// after a restart. With nonces, which each process derives from a key of its own, it cannot. Then
/// a client must always reach the same process (sticky sessions), or each of its requests is first
/// answered with another nonce.
pub struct Dpop {
    origin: String,
    prefix: String,
    nonce_key: Option<Key>,
    replays: ReplayGuard,
}

impl Dpop {
    /// Makes a checker of the proofs for the API at this URL, as a browser writes it, without a
    /// default port: `https://api.example.com`. A path after the origin is the one that a proxy, or
    /// a router around the layer, strips.
    ///
    /// SECURITY: the URL is a setting and not taken from the request, whose sender chooses its `Host`.
    #[must_use]
    pub fn new(api: &str) -> Dpop {
        let api = api.trim_end_matches('/');
        let host = api.find("://").map_or(0, |at| at + 3);
        let (origin, prefix) = api.split_at(api[host..].find('/').map_or(api.len(), |at| host + at));
        Dpop { origin: origin.to_owned(), prefix: prefix.to_owned(), nonce_key: None, replays: ReplayGuard::new() }
    }

    /// Requires a nonce in each proof, so that proofs cannot be made in advance and the visitor's
    /// clock does not matter.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[must_use]
    pub fn with_nonces(self) -> Dpop {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).expect("the operating system gives randomness");
        Dpop { nonce_key: Some(Key::new(HMAC_SHA256, &key)), ..self }
    }

    /// Sets how many proofs are remembered, each in some 70 bytes: 1,048,576 unless set. Once
    /// that many arrived within three minutes, further requests are answered 503.
    #[must_use]
    pub fn max_proofs(self, proofs: usize) -> Dpop {
        Dpop { replays: self.replays.max_proofs(proofs), ..self }
    }

    /// Returns the current nonce, if nonces are required.
    pub(super) fn nonce(&self, now: u64) -> Option<String> {
        self.nonce_key.as_ref().map(|key| nonce(key, now / NONCE_WINDOW))
    }

    /// Checks that the sender of a token has proved what the token requires. `dpop` is the
    /// verifier's setting, if it has one.
    pub(super) fn check(
        dpop: Option<&Dpop>,
        token: &AuthenticToken,
        credential: Credential<'_>,
        context: &ProofContext<'_>,
        now: u64,
    ) -> Result<(), Error> {
        match (&token.bound_to, credential.location == TokenLocation::Dpop, dpop) {
            (None, false, _) => Ok(()),
            (None, true, _) => Err(Error::InvalidDpopProof("The token is not bound to a key: send it as Bearer.")),
            (Some(_), _, None) => {
                tracing::warn!("token that is bound to a key was refused, this verifier has no Dpop");
                Err(Error::KindNotAccepted(token.kind))
            }
            // SECURITY: without this a stolen token would be a bearer token (RFC 9449, section 7.2).
            (Some(_), false, Some(_)) => Err(Error::DpopRequired),
            (Some(jkt), true, Some(dpop)) => dpop.check_proof(jkt, credential.text, context, now),
        }
    }

    fn check_proof(&self, jkt: &str, token: &[u8], context: &ProofContext<'_>, now: u64) -> Result<(), Error> {
        let proof = Proof::parse(context.proof).map_err(Error::InvalidDpopProof)?;
        // SECURITY: a proof by another key gets `invalid_token`, so that the response does not
        // confirm that the token exists.
        if proof.jkt != jkt {
            return Err(Error::InvalidToken);
        }
        if proof.claims.htm != context.method {
            return Err(Error::InvalidDpopProof("The proof is for another method."));
        }
        if !proof.is_for_url(&self.origin, &format!("{}{}", self.prefix, context.path)) {
            return Err(Error::InvalidDpopProof("The proof is for another URL."));
        }
        if !proof.is_for_token(token) {
            return Err(Error::InvalidDpopProof("The proof is for another token."));
        }
        self.check_time(&proof, now)?;
        if proof.claims.jti.is_empty() || proof.claims.jti.len() > MAX_JTI {
            return Err(Error::InvalidDpopProof("The proof's jti must be 1 to 256 bytes."));
        }
        self.replays.use_once(&proof.jkt, &proof.claims.jti, now)
    }

    /// Checks the age of a proof.
    ///
    /// SECURITY: where nonces are required, the nonce alone says how old a proof is, since a
    /// visitor's clock may say anything.
    fn check_time(&self, proof: &Proof, now: u64) -> Result<(), Error> {
        let Some(key) = &self.nonce_key else {
            let is_recent = proof.claims.iat.abs_diff(now) <= PROOF_LIFE;
            return if is_recent {
                Ok(())
            } else {
                Err(Error::InvalidDpopProof("The proof's iat is not within 60 seconds of now."))
            };
        };
        let window = now / NONCE_WINDOW;
        let presented = proof.claims.nonce.as_deref().unwrap_or_default();
        let is_of = |window| verify_slices_are_equal(nonce(key, window).as_bytes(), presented.as_bytes()).is_ok();
        if is_of(window) || is_of(window.saturating_sub(1)) {
            Ok(())
        } else {
            Err(Error::UseDpopNonce(nonce(key, window)))
        }
    }
}

fn nonce(key: &Key, window: u64) -> String {
    Base64UrlUnpadded::encode_string(&sign(key, &window.to_be_bytes()).as_ref()[..18])
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop").field("origin", &self.origin).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
