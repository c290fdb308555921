//! A token that is about to be created: [`NewToken`].

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::service::random;
use super::{AUDIENCE, ISSUER, TestToken, Testing};
use crate::api::{TokenRecord, duration};
use crate::jwt::{Claims, Confirmation, JwtType};
use crate::{ForeignFormat, Grant, OpaqueToken, OriginPattern, Parameters, Resource, Scope, ScopeSet, TokenKind};

/// What a publishable token is bound to, unless the test says.
const PAGE: &str = "page.example";

/// A token of [`Testing`] that is about to be created. What no token of its kind has is refused with a panic, so that no
/// test passes for a token that the service would not create.
///
/// Not checked is what depends on the service's settings or on other tokens: the scopes that a publishable token may have,
/// those of the [parent](NewToken::parent), and the lengths of texts and lists. A temporary token may live for less than the
/// 900 seconds that the service gives it.
#[must_use = "`create` creates it"]
pub struct NewToken<'a> {
    testing: &'a Testing,
    kind: TokenKind,
    format: Option<ForeignFormat>,
    text: Option<String>,
    organization: Option<String>,
    grant: Grant,
    others: Vec<Grant>,
    origins: Vec<OriginPattern>,
    expires_in: Option<u64>,
    parent: Option<(String, u64)>,
    subject: Option<String>,
    claims: BTreeMap<String, String>,
    parameters: Option<Parameters>,
    sealed: Option<Parameters>,
    is_reference: bool,
    is_bound: bool,
}

impl<'a> NewToken<'a> {
    pub(super) fn new(testing: &'a Testing, kind: TokenKind, format: Option<ForeignFormat>) -> NewToken<'a> {
        NewToken {
            testing,
            kind,
            format,
            text: None,
            organization: None,
            grant: Grant { tenant: Testing::ORGANIZATION.into(), scopes: ScopeSet::default(), resources: vec![] },
            others: vec![],
            origins: vec![],
            expires_in: None,
            parent: None,
            subject: None,
            claims: BTreeMap::new(),
            parameters: None,
            sealed: None,
            is_reference: false,
            is_bound: false,
        }
    }

    /// Adds a scope: a [`Scope`], or the text of one.
    ///
    /// # Panics
    /// If the text is not a scope.
    #[track_caller]
    pub fn scope(mut self, scope: impl fmt::Display) -> NewToken<'a> {
        let scope: Scope = scope.to_string().parse().unwrap_or_else(|error| panic!("{error}"));
        let scopes = self.grant.scopes.iter().cloned().chain([scope]);
        self.grant.scopes = scopes.collect();
        self
    }

    /// Sets the tenant of the scopes, which is the token's organization too unless another is set.
    pub fn tenant(mut self, tenant: &str) -> NewToken<'a> {
        tenant.clone_into(&mut self.grant.tenant);
        self
    }

    /// Limits the scopes to this resource, and to others of its type that are added.
    pub fn resource(mut self, kind: &str, id: &str) -> NewToken<'a> {
        self.grant.resources.push(Resource { kind: kind.into(), id: id.into() });
        self
    }

    /// Adds a grant beside the one of the other methods, for a token of several tenants.
    pub fn grant(mut self, grant: Grant) -> NewToken<'a> {
        self.others.push(grant);
        self
    }

    /// Sets the organization that the token belongs to.
    pub fn organization(self, id: &str) -> NewToken<'a> {
        NewToken { organization: Some(id.into()), ..self }
    }

    /// Adds an origin where a publishable token, a temporary one or a bundle may be used, as people write them:
    /// `shop.example`. Requests are from the first one. A publishable token without any is bound to `page.example`.
    ///
    /// # Panics
    /// If the text is not a pattern of origins.
    #[track_caller]
    pub fn origin(mut self, pattern: &str) -> NewToken<'a> {
        self.origins.push(pattern.parse().unwrap_or_else(|error| panic!("{error}")));
        self
    }

    /// Sets after how many seconds it expires: a signed token after an hour unless set, a stored one never.
    pub fn expires_in(self, seconds: u64) -> NewToken<'a> {
        NewToken { expires_in: Some(seconds), ..self }
    }

    /// Makes it as if it had been minted from this token, with which it is revoked.
    pub fn parent(self, parent: &TestToken) -> NewToken<'a> {
        NewToken { parent: Some((parent.id().into(), parent.root_serial())), ..self }
    }

    /// Names the visitor of a temporary token.
    pub fn subject(self, visitor: &str) -> NewToken<'a> {
        NewToken { subject: Some(visitor.into()), ..self }
    }

    /// Says something of the visitor of a temporary token.
    pub fn claim(mut self, name: &str, text: &str) -> NewToken<'a> {
        self.claims.insert(name.into(), text.into());
        self
    }

    /// Sets the parameters of a bundle: an object of JSON.
    ///
    /// # Panics
    /// If it is not one.
    #[track_caller]
    pub fn parameters(self, parameters: impl Serialize) -> NewToken<'a> {
        NewToken { parameters: Some(object(parameters)), ..self }
    }

    /// Sets the parameters of a bundle that only the verifier's product can read: an object of JSON.
    ///
    /// # Panics
    /// If it is not one.
    #[track_caller]
    pub fn sealed(self, parameters: impl Serialize) -> NewToken<'a> {
        NewToken { sealed: Some(object(parameters)), ..self }
    }

    /// Makes a bundle that is a reference, a stored token, and not signed.
    pub fn reference(self) -> NewToken<'a> {
        NewToken { is_reference: true, ..self }
    }

    /// Binds a temporary or OAuth access token to a browser's key: requests have a [proof](TestToken::proof).
    pub fn bound(self) -> NewToken<'a> {
        NewToken { is_bound: true, ..self }
    }

    /// Sets the text of a token whose [format](ForeignFormat::ChosenId) lets its creator choose it.
    pub fn text(self, text: &str) -> NewToken<'a> {
        NewToken { text: Some(text.into()), ..self }
    }

    /// Creates the token.
    ///
    /// # Panics
    /// If it has something that no token of its kind has, or lives longer than a signed token may.
    #[must_use]
    #[track_caller]
    pub fn create(mut self) -> TestToken {
        self.check();
        if self.kind == TokenKind::Publishable && self.origins.is_empty() {
            self = self.origin(PAGE);
        }
        if self.is_signed() { self.sign() } else { self.store() }
    }

    fn is_signed(&self) -> bool {
        let is_stored = self.is_reference || self.format.is_some();
        self.kind.prefix().is_none() || (self.kind == TokenKind::Bundle && !is_stored)
    }

    #[track_caller]
    fn check(&self) {
        let (kind, is_signed) = (self.kind, self.is_signed());
        let is_access = matches!(kind, TokenKind::Temporary | TokenKind::OauthAccess);
        let is_bundle = kind == TokenKind::Bundle;
        let is_chosen = self.format == Some(ForeignFormat::ChosenId);
        let cases = [
            ("a visitor", self.subject.is_some() || !self.claims.is_empty(), kind == TokenKind::Temporary),
            ("a key", self.is_bound, is_access),
            ("signed parameters", self.parameters.is_some() || self.sealed.is_some(), is_bundle && is_signed),
            ("a reference", self.is_reference, is_bundle),
            ("a text of its creator's choice", self.text.is_some(), is_chosen),
            ("a parent", self.parent.is_some(), is_signed || is_bundle),
            (
                "origins",
                !self.origins.is_empty(),
                kind == TokenKind::Publishable || kind == TokenKind::Temporary || is_bundle,
            ),
        ];
        for (what, is_there, is_known) in cases {
            assert!(!is_there || is_known, "no such token has {what}: kind {kind}, format {:?}", self.format);
        }
        let seconds = self.expires_in.unwrap_or_default();
        assert!(!is_signed || seconds <= duration::MOST, "a signed token lives for {} seconds at most", duration::MOST);
    }

    fn grants(&self) -> Vec<Grant> {
        let own = Some(self.grant.clone()).filter(|grant| !grant.scopes.is_empty());
        own.into_iter().chain(self.others.clone()).collect()
    }

    fn organization_id(&self) -> String {
        self.organization.clone().unwrap_or_else(|| self.grant.tenant.clone())
    }

    fn sign(mut self) -> TestToken {
        /// The parameters of a bundle stand beside the claims.
        #[derive(Serialize)]
        struct Payload<'a> {
            #[serde(flatten)]
            claims: &'a Claims,
            #[serde(skip_serializing_if = "Option::is_none")]
            parameters: Option<Parameters>,
        }

        let testing = self.testing;
        let serial = testing.service.next_serial();
        let (client_id, root_serial) = self.parent.take().unwrap_or_else(|| (format!("parent_{serial}"), serial));
        let now = testing.now();
        let browser = self.is_bound.then(|| testing.browser.jwk.kid.clone());
        let claims = Claims {
            iss: ISSUER.into(),
            sub: self.organization_id(),
            aud: AUDIENCE.into(),
            iat: now,
            nbf: None,
            exp: now.saturating_add(self.expires_in.unwrap_or(duration::DEFAULT)),
            jti: format!("jwt_{serial}"),
            client_id,
            root_serial,
            feed_seq: testing.service.seq(),
            cnf: browser.map(|jkt| Confirmation { jkt }),
            kind: self.kind,
            grants: self.grants(),
            origins: self.origins.clone(),
            subject: self.subject.take(),
            claims: std::mem::take(&mut self.claims),
            sealed: self.sealed.as_ref().map(|sealed| testing.sealing_key().seal(sealed)),
        };
        let is_bundle = self.kind == TokenKind::Bundle;
        let jwt_type = if is_bundle { JwtType::Bundle } else { JwtType::AccessToken };
        let parameters = is_bundle.then(|| self.parameters.take().unwrap_or_default());
        let text = testing.service.sign(jwt_type, &Payload { claims: &claims, parameters });
        TestToken::signed(testing.clone(), text, &claims)
    }

    fn store(mut self) -> TestToken {
        let testing = self.testing;
        let serial = testing.service.next_serial();
        let now = testing.now();
        let token = self.opaque(serial);
        let record = TokenRecord {
            id: format!("tok_{serial}"),
            serial,
            root_serial: self.parent.take().map(|(_, serial)| serial),
            kind: self.kind,
            name: format!("{} token of a test", self.kind),
            organization: self.organization_id(),
            grants: self.grants(),
            origins: self.origins.clone(),
            created_at: now,
            created_by: None,
            owner: None,
            expires_at: self.expires_in.map(|seconds| now.saturating_add(seconds)),
            revoked_at: None,
            suspended_at: None,
            last_used_at: None,
            version: 1,
            last_chars: token.last_chars().into(),
        };
        testing.service.store(&token, record.clone());
        TestToken::stored(testing.clone(), &token, &record)
    }

    fn opaque(&mut self, serial: u64) -> OpaqueToken {
        let Some(format) = self.format else {
            let token = OpaqueToken::generate(self.kind, |bytes| *bytes = random());
            return token.expect("a kind of opaque tokens has a prefix");
        };
        let generated = OpaqueToken::generate_foreign(format, |bytes| *bytes = random());
        generated.unwrap_or_else(|| {
            let text = self.text.take().unwrap_or_else(|| format!("chosen-{serial}"));
            OpaqueToken::foreign(format, &text).unwrap_or_else(|error| panic!("{error}"))
        })
    }
}

impl fmt::Debug for NewToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[track_caller]
fn object(value: impl Serialize) -> Parameters {
    let json = serde_json::to_string(&value).expect("parameters are JSON");
    Parameters::from_json(&json).unwrap_or_else(|error| panic!("{error}"))
}
