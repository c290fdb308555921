//! Tokens that are bound to a key (RFC 9449): [`Dpop`].

mod nonces;
mod proof;
mod replay;
mod token_request;

use std::fmt;

use super::token::AuthenticToken;
use super::{Credential, MAX_LEEWAY, ProofContext, TokenLocation, mistake};
use crate::Error;
pub use nonces::DpopNonces;
use nonces::NONCE_WINDOW;
use proof::Proof;
use replay::ReplayGuard;
pub use token_request::TokenRequestProof;

/// How far a proof's `iat` may lie from the verifier's clock, in seconds, if no nonce says how old
/// the proof is.
const PROOF_LIFE: u64 = MAX_LEEWAY;
/// The longest `jti` of a proof, in bytes.
const MAX_JTI: usize = 256;

/// Checks the proofs that come with tokens which are bound to a key: a leaked token is useless
/// without the key.
///
/// A proof is for one request. Each process remembers the proofs that were used since it started.
/// Without nonces, a stolen proof can therefore be used within a minute at another process, or
/// after a restart. With nonces of its own ([`with_nonces`](Dpop::with_nonces)) it cannot. Then a
/// client must always reach the same process (sticky sessions), or each of its requests is first
/// answered with another nonce; or the processes share their nonces
/// ([`with_shared_nonces`](Dpop::with_shared_nonces)), and a stolen proof can be used at another of
/// them for two minutes.
pub struct Dpop {
    origin: String,
    prefix: String,
    nonces: Option<DpopNonces>,
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
        let ServerUrl { origin, path } = ServerUrl::parse(api.trim_end_matches('/'));
        Dpop { origin: origin.to_owned(), prefix: path.to_owned(), nonces: None, replays: ReplayGuard::new() }
    }

    /// Requires a nonce in each proof, so that proofs cannot be made in advance and the visitor's
    /// clock does not matter.
    ///
    /// # Panics
    /// If the operating system gives no randomness.
    #[must_use]
    pub fn with_nonces(self) -> Dpop {
        Dpop { nonces: Some(DpopNonces::generate()), ..self }
    }

    /// Like [`with_nonces`](Dpop::with_nonces), but with the nonces of a secret that all processes of
    /// the API share, so that a client may send each request to another one.
    #[must_use]
    pub fn with_shared_nonces(self, secret: &[u8; 32]) -> Dpop {
        Dpop { nonces: Some(DpopNonces::new(secret)), ..self }
    }

    /// Sets how many proofs are remembered, each in some 70 bytes, and each key in as many: 1,048,576
    /// unless set. Once that many arrived within three minutes, further requests are answered 503.
    ///
    /// The proofs by one key may take a 32nd of what is free: 31,776 in three minutes, if only that key floods.
    /// Those of one organization may take half of what is free: 349,526, if only that one sends. What sends
    /// more is answered 429 until the three minutes are over, and the others go on.
    #[must_use]
    pub fn max_proofs(self, proofs: usize) -> Dpop {
        Dpop { replays: self.replays.max_proofs(proofs), ..self }
    }

    /// Returns the current nonce, if nonces are required.
    pub(super) fn nonce(&self, now: u64) -> Option<String> {
        self.nonces.as_ref().map(|nonces| nonces.current(now))
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
        let bound_to = token.rare.as_ref().and_then(|rare| rare.bound_to.as_deref());
        match (bound_to, credential.location == TokenLocation::Dpop, dpop) {
            (None, false, _) => Ok(()),
            (None, true, _) => Err(Error::InvalidDpopProof("The token is not bound to a key: send it as Bearer.")),
            (Some(_), _, None) => {
                mistake::tell(
                    "tokens that are bound to a key are refused, this verifier has no Dpop",
                    "give it one with `Verifier::dpop`, with the URL that clients have of this API",
                );
                Err(Error::KindNotAccepted(token.kind))
            }
            // SECURITY: without this a stolen token would be a bearer token (RFC 9449, section 7.2).
            (Some(_), false, Some(_)) => Err(Error::DpopRequired),
            (Some(jkt), true, Some(dpop)) => {
                let proof = dpop.check_proof(jkt, credential.text, context, now)?;
                dpop.replays.use_once(&token.organization, &proof.jkt, &proof.claims.jti, now)
            }
        }
    }

    fn check_proof(&self, jkt: &str, token: &[u8], context: &ProofContext<'_>, now: u64) -> Result<Proof, Error> {
        let proof = Proof::parse(context.proof).map_err(Error::InvalidDpopProof)?;
        // SECURITY: a proof by another key gets `invalid_token`, so that the response does not
        // confirm that the token exists.
        if proof.jkt != jkt {
            return Err(Error::InvalidToken);
        }
        proof.check_request(context.method, &self.origin, &format!("{}{}", self.prefix, context.path))?;
        if !proof.is_for_token(token) {
            return Err(Error::InvalidDpopProof("The proof is for another token."));
        }
        self.check_time(&proof, now)?;
        check_jti(&proof)?;
        Ok(proof)
    }

    /// Checks the age of a proof.
    ///
    /// SECURITY: where nonces are required, the nonce alone says how old a proof is, since a
    /// visitor's clock may say anything.
    fn check_time(&self, proof: &Proof, now: u64) -> Result<(), Error> {
        let Some(nonces) = &self.nonces else {
            let is_recent = proof.claims.iat.abs_diff(now) <= PROOF_LIFE;
            return if is_recent {
                Ok(())
            } else {
                Err(Error::InvalidDpopProof("The proof's iat is not within 60 seconds of now."))
            };
        };
        if nonces.is_current(proof.claims.nonce.as_deref().unwrap_or_default(), now) {
            Ok(())
        } else {
            Err(Error::UseDpopNonce(nonces.current(now)))
        }
    }
}

/// A server's URL in its two parts.
struct ServerUrl<'a> {
    origin: &'a str,
    path: &'a str,
}

impl ServerUrl<'_> {
    fn parse(url: &str) -> ServerUrl<'_> {
        let host = url.find("://").map_or(0, |at| at + 3);
        let (origin, path) = url.split_at(url[host..].find('/').map_or(url.len(), |at| host + at));
        ServerUrl { origin, path }
    }
}

fn check_jti(proof: &Proof) -> Result<(), Error> {
    if (1..=MAX_JTI).contains(&proof.claims.jti.len()) {
        Ok(())
    } else {
        Err(Error::InvalidDpopProof("The proof's jti must be 1 to 256 bytes."))
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop").field("origin", &self.origin).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
