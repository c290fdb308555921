//! Tokens that are bound to a key (RFC 9449): [`Dpop`].

mod proof;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64ct::{Base64UrlUnpadded, Encoding};

use super::cache::{AsItIs, Fingerprint, Fingerprints};
use super::token::Token;
use super::{Credential, MAX_LEEWAY, ProofContext, TokenLocation};
use crate::Error;
use proof::Proof;

/// How far a proof's time may lie from ours, in seconds, where no nonce says how old it is.
const PROOF_LIFE: u64 = MAX_LEEWAY;
/// A nonce is good in the window in which it was given, and in the next.
const NONCE_WINDOW: u64 = 60;
/// Within so many seconds no proof is good twice: no proof is good for longer.
const REPLAY_WINDOW: u64 = 3 * NONCE_WINDOW;
/// How many proofs are remembered in such a time, unless another number is set.
const REPLAYS: usize = 1 << 20;
/// Longest `jti` of a proof, in bytes.
const MAX_JTI: usize = 256;

/// Judges the proofs that come with tokens which are bound to a key: a token that leaks is of no use without it.
///
/// A proof is for one request. Each process remembers the proofs that it saw since it began, so that without nonces one that
/// was stolen on its way may be used at another process, or after a restart, within a minute. With nonces, which each process
/// gives out with a key of its own, it may not; but then one client must come to one process (sticky sessions), or each of its
/// requests is answered with another nonce first.
pub struct Dpop {
    origin: String,
    prefix: String,
    nonces: Option<Key>,
    seen: Mutex<Seen>,
    most: usize,
    fingerprints: Fingerprints,
}

/// The proofs of this window and of the one before.
#[derive(Default)]
struct Seen {
    window: u64,
    now: HashSet<Fingerprint, AsItIs>,
    before: HashSet<Fingerprint, AsItIs>,
}

impl Dpop {
    /// Proofs for the API at this URL, as its clients see it and as a browser writes it, without the scheme's own port:
    /// `https://api.example.com`. It is set, not taken from the request, whose `Host` its sender chooses. If a path follows, it
    /// is what a proxy, or a router around the layer, takes away.
    #[must_use]
    pub fn new(api: &str) -> Dpop {
        let api = api.trim_end_matches('/');
        let host = api.find("://").map_or(0, |at| at + 3);
        let (origin, prefix) = api.split_at(api[host..].find('/').map_or(api.len(), |at| host + at));
        Dpop {
            origin: origin.to_owned(),
            prefix: prefix.to_owned(),
            nonces: None,
            seen: Mutex::default(),
            most: REPLAYS,
            fingerprints: Fingerprints::new(),
        }
    }

    /// Asks for a nonce in each proof, so that none can be made beforehand, and a visitor's clock does not matter.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[must_use]
    pub fn with_nonces(self) -> Dpop {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).expect("the operating system gives randomness");
        Dpop { nonces: Some(Key::new(HMAC_SHA256, &key)), ..self }
    }

    /// How many proofs are remembered, of some 70 bytes each. When there are more within three minutes, 1,048,576 unless
    /// this is set, the requests beyond are answered 503.
    #[must_use]
    pub fn most(self, proofs: usize) -> Dpop {
        Dpop { most: proofs, ..self }
    }

    /// The nonce to be used now, where nonces are asked for.
    pub(super) fn nonce(&self, now: u64) -> Option<String> {
        self.nonces.as_ref().map(|key| nonce(key, now / NONCE_WINDOW))
    }

    /// Whether the sender of a token has shown what it must. `dpop` is how this verifier judges proofs, if it does.
    pub(super) fn check(
        dpop: Option<&Dpop>,
        token: &Token,
        credential: Credential<'_>,
        seen: &ProofContext<'_>,
        now: u64,
    ) -> Result<(), Error> {
        match (&token.bound_to, credential.location == TokenLocation::Dpop, dpop) {
            (None, false, _) => Ok(()),
            (None, true, _) => Err(Error::InvalidDpopProof("The token is not bound to a key: send it as Bearer.")),
            (Some(_), _, None) => {
                tracing::warn!("a token that is bound to a key was refused: this verifier has no `dpop`");
                Err(Error::KindNotAccepted(token.kind))
            }
            // Security rule (RFC 9449, section 7.2): without this a stolen token would be a bearer token.
            (Some(_), false, Some(_)) => Err(Error::DpopRequired),
            (Some(jkt), true, Some(dpop)) => dpop.judge(jkt, credential.text, seen, now),
        }
    }

    fn judge(&self, jkt: &str, token: &[u8], seen: &ProofContext<'_>, now: u64) -> Result<(), Error> {
        let proof = Proof::parse(seen.proof).map_err(Error::InvalidDpopProof)?;
        // Whoever has another key is a stranger, whom nothing is told.
        if proof.jkt != jkt {
            return Err(Error::InvalidToken);
        }
        if proof.claims.htm != seen.method {
            return Err(Error::InvalidDpopProof("The proof is for another method."));
        }
        if !proof.is_for_url(&self.origin, &format!("{}{}", self.prefix, seen.path)) {
            return Err(Error::InvalidDpopProof("The proof is for another URL."));
        }
        if !proof.is_for_token(token) {
            return Err(Error::InvalidDpopProof("The proof is for another token."));
        }
        self.check_time(&proof, now)?;
        self.check_replay(&proof, now)
    }

    /// Security rule: a nonce, where there are any, says how old a proof is, for a visitor's clock may say anything.
    fn check_time(&self, proof: &Proof, now: u64) -> Result<(), Error> {
        let Some(key) = &self.nonces else {
            let is_recent = proof.claims.iat.abs_diff(now) <= PROOF_LIFE;
            return if is_recent { Ok(()) } else { Err(Error::InvalidDpopProof("The proof is not of this minute.")) };
        };
        let window = now / NONCE_WINDOW;
        let given = proof.claims.nonce.as_deref().unwrap_or_default();
        let is_ours = |window| verify_slices_are_equal(nonce(key, window).as_bytes(), given.as_bytes()).is_ok();
        if is_ours(window) || is_ours(window.saturating_sub(1)) {
            Ok(())
        } else {
            Err(Error::UseDpopNonce(nonce(key, window)))
        }
    }

    /// Remembers the proof. Only proofs of genuine tokens come so far, so that invalid_tokens cannot fill the memory.
    fn check_replay(&self, proof: &Proof, now: u64) -> Result<(), Error> {
        if proof.claims.jti.is_empty() || proof.claims.jti.len() > MAX_JTI {
            return Err(Error::InvalidDpopProof("The proof's jti must be 1 to 256 bytes."));
        }
        let fingerprint = self.fingerprints.of([&proof.jkt, ".", &proof.claims.jti].concat().as_bytes());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.turn_to(now / REPLAY_WINDOW);
        if seen.now.contains(&fingerprint) || seen.before.contains(&fingerprint) {
            return Err(Error::InvalidDpopProof("The proof was used before."));
        }
        // Forgetting one would let it be used again.
        if seen.now.len() >= self.most {
            tracing::error!(most = self.most, "more proofs than can be remembered: see Dpop::most");
            return Err(Error::Unavailable);
        }
        seen.now.insert(fingerprint);
        Ok(())
    }
}

impl Seen {
    fn turn_to(&mut self, window: u64) {
        if window > self.window {
            let last = std::mem::take(&mut self.now);
            self.before = if window == self.window + 1 { last } else { HashSet::default() };
            self.window = window;
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
