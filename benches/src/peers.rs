//! Peers that verify the same token, or a token with the same statements.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use biscuit_auth::builder::{Algorithm as BiscuitAlgorithm, AuthorizerBuilder};
use biscuit_auth::macros::{authorizer, biscuit, fact};
use biscuit_auth::{AuthorizerLimits, Biscuit, KeyPair, PublicKey};
use daypass::jwt::Claims;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::fixture::{AUDIENCE, ISSUER, Issuer, SCOPE, TENANT};

/// `jsonwebtoken`, which verifies a token and checks its claims; authorization is left to its user.
pub struct JsonWebToken {
    key: DecodingKey,
    validation: Validation,
}

/// The claims as a user of the crate declares them.
#[derive(Deserialize)]
#[expect(dead_code, reason = "they are parsed from the token, as those of Daypass are")]
pub struct PlainClaims {
    iss: String,
    sub: String,
    aud: String,
    iat: u64,
    exp: u64,
    jti: String,
    client_id: String,
    root_serial: u64,
    kind: String,
    grants: Vec<PlainGrant>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct PlainGrant {
    tenant: String,
    scopes: Vec<String>,
}

impl JsonWebToken {
    /// Makes a verifier of the issuer's tokens.
    ///
    /// # Errors
    /// Never: the key is valid.
    pub fn new(issuer: &Issuer) -> Result<JsonWebToken> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        Ok(JsonWebToken { key: DecodingKey::from_ed_components(&issuer.jwk().x)?, validation })
    }

    /// Verifies a token and returns its claims.
    ///
    /// # Errors
    /// If the crate refuses the token.
    pub fn decode(&self, token: &str) -> Result<PlainClaims> {
        Ok(jsonwebtoken::decode(token, &self.key, &self.validation)?.claims)
    }
}

/// `biscuit-auth`, with facts instead of claims and a rule instead of a requirement.
pub struct BiscuitAuth {
    key: PublicKey,
    authorizer: AuthorizerBuilder,
    token: String,
}

impl BiscuitAuth {
    /// Makes a token with the statements of these claims, and its verifier.
    ///
    /// # Errors
    /// Never: the facts and the rule are well-formed.
    pub fn new(claims: &Claims) -> Result<BiscuitAuth> {
        let pair = KeyPair::new_with_algorithm(BiscuitAlgorithm::Ed25519);
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(claims.exp);
        let mut token = biscuit!(
            r#"
            issuer({iss}); audience({aud}); organization({sub}); id({jti}); parent({client_id});
            check if time($now), $now < {end};
            "#,
            iss = claims.iss.as_str(),
            aud = claims.aud.as_str(),
            sub = claims.sub.as_str(),
            jti = claims.jti.as_str(),
            client_id = claims.client_id.as_str(),
        );
        for grant in &claims.grants {
            for scope in grant.scopes.iter() {
                let fact = fact!("grant({tenant}, {scope})", tenant = grant.tenant.as_str(), scope = scope.as_str());
                token = token.fact(fact)?;
            }
        }
        let authorizer = authorizer!(
            r#"allow if issuer({ISSUER}), audience({AUDIENCE}), grant({TENANT}, {scope});"#,
            scope = SCOPE.as_str(),
        );
        // A busy machine exceeds the default limit of time.
        let limits = AuthorizerLimits { max_time: Duration::from_secs(1), ..AuthorizerLimits::default() };
        Ok(BiscuitAuth {
            key: pair.public(),
            authorizer: authorizer.set_limits(limits),
            token: token.build(&pair)?.to_base64()?,
        })
    }

    /// Parses, verifies and authorizes the token.
    ///
    /// # Errors
    /// If the crate refuses the token.
    pub fn authorize(&self) -> Result<()> {
        let token = Biscuit::from_base64(&self.token, self.key)?;
        let mut authorizer = self.authorizer.clone().time().build(&token)?;
        authorizer.authorize().context("biscuit-auth refused the token")?;
        Ok(())
    }
}
