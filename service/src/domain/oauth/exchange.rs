//! Token exchange (RFC 8693): a narrower access token for a token that the client holds.

use daypass::api::TokenRecord;
use daypass::jwt::{Claims, Confirmation, exchanged_id};
use daypass::verify::Standing;
use daypass::{Grant, TokenKind};

use super::client::Client;
use super::credentials;
use super::family::access_end;
use super::refusal::{Refusal, RefusalCode};
use crate::domain::catalogs::Catalogs;
use crate::domain::token::{TokenStatus, status};

/// The longest `jti`. Each exchange of an exchanged token adds to it.
const MAX_JTI: usize = 256;

/// What kind of text a token is (RFC 8693, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenType {
    /// An access token: here any token that an API accepts.
    AccessToken,
    /// A JWT.
    Jwt,
}

impl TokenType {
    /// Returns the type with this name.
    ///
    /// # Errors
    /// `invalid_request` for a type that is not exchanged here.
    pub(crate) fn named(name: &str) -> Result<TokenType, Refusal> {
        let types = [TokenType::AccessToken, TokenType::Jwt];
        types.into_iter().find(|known| known.as_str() == name).ok_or_else(|| {
            let names = types.map(TokenType::as_str).join(" and ");
            refuse(format!("Of the token types only {names} can be exchanged."))
        })
    }

    /// Returns the name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            TokenType::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
            TokenType::Jwt => "urn:ietf:params:oauth:token-type:jwt",
        }
    }
}

/// What a client asks for.
#[derive(Debug)]
pub(crate) struct ExchangeRequest<'a> {
    /// What the subject token is, as the client says.
    pub(crate) subject_type: TokenType,
    /// What the new token is to be, as the client says: the same in either case.
    pub(crate) issued_type: TokenType,
    /// The scopes, if it names some.
    pub(crate) scope: Option<&'a str>,
    /// The APIs that the new token is for, if it names some.
    pub(crate) targets: Vec<&'a str>,
    /// The thumbprint of the key that the client proves, if it does.
    pub(crate) jkt: Option<&'a str>,
    /// Whether a page sent the request.
    pub(crate) is_from_browser: bool,
}

/// The authentic token that is exchanged.
pub(crate) enum Subject {
    /// An opaque token.
    Stored(Box<TokenRecord>),
    /// A JWT of this service, and whether it was revoked.
    Jwt(Box<Claims>, Standing),
}

/// What the new token is. Everything else it has from the subject token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) grants: Vec<Grant>,
    pub(crate) expires_at: u64,
    pub(crate) cnf: Option<Confirmation>,
}

/// Returns what a client gets for a subject token: impersonation only, so that the new token is the subject's.
///
/// SECURITY: the new token can do no more than the subject token and no more than the client may ask for, ends no later,
/// and is bound to the key that the subject token is bound to.
///
/// # Errors
/// `invalid_request` for a subject token that cannot be exchanged (RFC 8693, section 2.2.2), `invalid_target` for an API
/// of somebody else, `invalid_scope`.
pub(crate) fn exchange(
    subject: Option<&Subject>,
    client: &Client,
    request: &ExchangeRequest<'_>,
    audience: &str,
    catalogs: &Catalogs,
    now: u64,
) -> Result<Exchange, Refusal> {
    let Some(subject) = subject.filter(|subject| subject.organization() == client.principal.organization) else {
        return Err(refuse("The `subject_token` is no token of this service and of the client's organization."));
    };
    subject.require_active(now)?;
    subject.require_kind(request)?;
    require_own(request.targets.iter().copied(), audience)?;
    Ok(Exchange {
        grants: credentials::grants(request.scope, client, subject.grants(), catalogs)?,
        expires_at: access_end(now, subject.expires_at()),
        cnf: subject.confirmation(request.jkt)?,
    })
}

/// Requires that the APIs that a token request names are the service's audience (RFC 8707, section 2.2).
///
/// # Errors
/// `invalid_target`.
pub(crate) fn require_own<'a>(mut targets: impl Iterator<Item = &'a str>, audience: &str) -> Result<(), Refusal> {
    if targets.all(|target| target == audience) {
        return Ok(());
    }
    let why = format!("Tokens of this service are for `{audience}` alone: leave `audience` and `resource` out.");
    Err(Refusal::new(RefusalCode::InvalidTarget, why))
}

/// Returns the id of the JWT that is exchanged for the one with the id `jti`.
///
/// # Errors
/// `invalid_request` if that was exchanged too often.
pub(crate) fn child_id(jti: &str, random: &str) -> Result<String, Refusal> {
    let id = exchanged_id(jti, random);
    if id.len() <= MAX_JTI {
        return Ok(id);
    }
    Err(refuse("The `subject_token` is the result of too many exchanges: exchange an earlier one."))
}

impl Subject {
    fn organization(&self) -> &str {
        match self {
            Subject::Stored(record) => &record.organization,
            Subject::Jwt(claims, _) => &claims.sub,
        }
    }

    fn grants(&self) -> &[Grant] {
        match self {
            Subject::Stored(record) => &record.grants,
            Subject::Jwt(claims, _) => &claims.grants,
        }
    }

    fn expires_at(&self) -> Option<u64> {
        match self {
            Subject::Stored(record) => record.expires_at,
            Subject::Jwt(claims, _) => Some(claims.exp),
        }
    }

    fn require_active(&self, now: u64) -> Result<(), Refusal> {
        let status = match self {
            Subject::Stored(record) => status(record, now),
            Subject::Jwt(_, Standing::Revoked) => TokenStatus::Revoked,
            Subject::Jwt(claims, _) if claims.exp <= now => TokenStatus::Expired,
            Subject::Jwt(_, Standing::Suspended) => TokenStatus::Suspended,
            Subject::Jwt(..) => TokenStatus::Active,
        };
        match status {
            TokenStatus::Active => Ok(()),
            TokenStatus::Revoked => Err(refuse("The `subject_token` was revoked.")),
            TokenStatus::Expired => Err(refuse("The `subject_token` has expired.")),
            TokenStatus::Suspended => Err(refuse("The organization of the `subject_token` is suspended.")),
        }
    }

    /// Requires a kind that can be exchanged.
    ///
    /// SECURITY: a page that has a token for backends gets nothing for it, as from an API.
    fn require_kind(&self, request: &ExchangeRequest<'_>) -> Result<(), Refusal> {
        let (kind, actual) = match self {
            Subject::Stored(record) => (record.kind, TokenType::AccessToken),
            Subject::Jwt(claims, _) => (claims.kind, TokenType::Jwt),
        };
        match kind {
            TokenKind::Secret | TokenKind::Personal | TokenKind::Application if request.is_from_browser => {
                return Err(refuse(format!("A page must not hold a {kind} token: exchange it in your backend.")));
            }
            TokenKind::Secret | TokenKind::Personal | TokenKind::Application => {}
            TokenKind::Temporary | TokenKind::OauthAccess => {}
            _ => return Err(refuse(format!("A {kind} token cannot be exchanged."))),
        }
        if request.subject_type == TokenType::Jwt && actual != TokenType::Jwt {
            return Err(refuse(format!("The `subject_token` is no JWT: its type is {}.", actual.as_str())));
        }
        Ok(())
    }

    /// Returns the key that the new token is bound to: the subject token's, of which the client needs a proof, or the one
    /// that the client proves.
    fn confirmation(&self, proved: Option<&str>) -> Result<Option<Confirmation>, Refusal> {
        let bound_to = match self {
            Subject::Jwt(claims, _) => claims.cnf.as_ref(),
            Subject::Stored(_) => None,
        };
        match bound_to {
            Some(Confirmation { jkt }) if proved != Some(jkt) => {
                Err(refuse("The `subject_token` is bound to a key, of which the request has no proof."))
            }
            _ => Ok(proved.map(|jkt| Confirmation { jkt: jkt.to_owned() })),
        }
    }
}

fn refuse(why: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::InvalidRequest, why)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use daypass::{Catalog, OpaqueToken, Resource};

    use super::super::client::tests::{client, code, scopes};
    use super::*;
    use crate::domain::token::NewToken;

    const NOW: u64 = 1_000;

    fn grant(tenant: &str, names: &str) -> Grant {
        Grant { tenant: tenant.into(), scopes: scopes(names), resources: vec![] }
    }

    fn claims() -> Claims {
        Claims {
            iss: "i".into(),
            sub: "o".into(),
            aud: "api".into(),
            iat: NOW,
            nbf: None,
            exp: NOW + 500,
            jti: "j".into(),
            client_id: "c".into(),
            root_serial: 7,
            feed_seq: 0,
            cnf: None,
            kind: TokenKind::OauthAccess,
            grants: vec![grant("o", "floor:readPublic floor:readPrivate")],
            origins: vec![],
            subject: Some("user".into()),
            claims: BTreeMap::new(),
            sealed: None,
        }
    }

    fn jwt(claims: Claims) -> Subject {
        Subject::Jwt(Box::new(claims), Standing::Good)
    }

    fn stored(kind: TokenKind) -> TokenRecord {
        let token = OpaqueToken::generate(kind, |bytes| bytes.fill(7)).expect("an opaque kind");
        NewToken::new(&token, "t".into(), "T".into(), "o".into(), vec![grant("o", "*")], NOW).record
    }

    fn request() -> ExchangeRequest<'static> {
        let [subject_type, issued_type] = [TokenType::AccessToken; 2];
        ExchangeRequest { subject_type, issued_type, scope: None, targets: vec![], jkt: None, is_from_browser: false }
    }

    fn run(subject: &Subject, request: &ExchangeRequest<'_>) -> Result<Exchange, &'static str> {
        code(exchange(Some(subject), &client(), request, "api", &Catalogs::new(Catalog::space_api()), NOW))
    }

    #[test]
    fn the_new_token_has_no_more_than_the_subject_token_and_what_the_client_may_ask_for() {
        // The client may ask for `floor:readPublic floor:readPrivate`.
        for (held, text, expected) in [
            ("floor:readPublic floor:readPrivate", None, Ok("floor:readPublic floor:readPrivate")),
            ("floor:readPublic floor:export", None, Ok("floor:readPublic")),
            ("floor:*", None, Ok("floor:readPublic floor:readPrivate")),
            ("*", None, Ok("floor:readPublic floor:readPrivate")),
            ("floor:export token:create", None, Err("invalid_scope")),
            ("floor:*", Some("floor:readPrivate"), Ok("floor:readPrivate")),
            ("floor:readPublic", Some("floor:readPrivate"), Err("invalid_scope")),
            ("*", Some("floor:export"), Err("invalid_scope")),
            ("*", Some("token:create"), Err("invalid_scope")),
            ("*", Some("*"), Err("invalid_scope")),
            ("*", Some(""), Err("invalid_scope")),
            ("*", Some("floor:fly"), Err("invalid_scope")),
        ] {
            let subject = jwt(Claims { grants: vec![grant("o", held)], ..claims() });
            let found = run(&subject, &ExchangeRequest { scope: text, ..request() }).map(|exchange| exchange.grants);
            assert_eq!(found, expected.map(|scopes| vec![grant("o", scopes)]), "{held} {text:?}");
        }
    }

    #[test]
    fn limits_and_tenants_stay() {
        let resources = vec![Resource { kind: "floor".into(), id: "f1".into() }];
        let limited = Grant { resources, ..grant("o", "floor:readPublic floor:export") };
        let grants = vec![limited.clone(), grant("site", "floor:readPrivate"), grant("else", "floor:export")];
        let exchanged = run(&jwt(Claims { grants, ..claims() }), &request()).map(|exchange| exchange.grants);
        let narrowed = Grant { scopes: scopes("floor:readPublic"), ..limited };
        assert_eq!(exchanged, Ok(vec![narrowed, grant("site", "floor:readPrivate")]));
    }

    #[test]
    fn the_new_token_lives_for_an_hour_and_never_longer_than_the_subject_token() {
        for (end, expected) in [(None, NOW + 3600), (Some(NOW + 9999), NOW + 3600), (Some(NOW + 1), NOW + 1)] {
            let record = TokenRecord { expires_at: end, ..stored(TokenKind::Secret) };
            let found = run(&Subject::Stored(Box::new(record)), &request()).map(|exchange| exchange.expires_at);
            assert_eq!(found, Ok(expected), "{end:?}");
        }
    }

    #[test]
    fn a_subject_token_is_active_of_the_clients_organization_and_of_a_kind_that_can_be_exchanged() {
        let catalogs = Catalogs::new(Catalog::space_api());
        assert_eq!(code(exchange(None, &client(), &request(), "api", &catalogs, NOW)), Err("invalid_request"));
        let as_jwt = ExchangeRequest { subject_type: TokenType::Jwt, ..request() };
        let from_page = ExchangeRequest { is_from_browser: true, ..request() };
        let record = |kind, revoked_at, suspended_at, expires_at, organization: &str| {
            let organization = organization.to_owned();
            let record = TokenRecord { organization, revoked_at, suspended_at, expires_at, ..stored(kind) };
            Subject::Stored(Box::new(record))
        };
        let of = |kind| record(kind, None, None, None, "o");
        let of_jwt = |kind, exp, sub: &str| jwt(Claims { kind, exp, sub: sub.into(), ..claims() });
        let standing = |standing| Subject::Jwt(Box::new(claims()), standing);
        for (number, (subject, request, is_exchanged)) in [
            (of(TokenKind::Secret), request(), true),
            (of(TokenKind::Personal), request(), true),
            (of(TokenKind::Application), request(), true),
            (of(TokenKind::Publishable), request(), false),
            (of(TokenKind::Bundle), request(), false),
            (of(TokenKind::OauthRefresh), request(), false),
            (of(TokenKind::Secret), as_jwt, false),
            (of(TokenKind::Secret), from_page, false),
            (record(TokenKind::Secret, None, None, None, "other"), request(), false),
            (record(TokenKind::Secret, Some(1), None, None, "o"), request(), false),
            (record(TokenKind::Secret, None, Some(1), None, "o"), request(), false),
            (record(TokenKind::Secret, None, None, Some(NOW), "o"), request(), false),
            (of_jwt(TokenKind::OauthAccess, NOW + 1, "o"), request(), true),
            (of_jwt(TokenKind::Temporary, NOW + 1, "o"), request(), true),
            (of_jwt(TokenKind::Bundle, NOW + 1, "o"), request(), false),
            (of_jwt(TokenKind::OauthAccess, NOW, "o"), request(), false),
            (of_jwt(TokenKind::OauthAccess, NOW + 1, "other"), request(), false),
            (standing(Standing::Revoked), request(), false),
            (standing(Standing::Suspended), request(), false),
        ]
        .into_iter()
        .enumerate()
        {
            let expected = if is_exchanged { Ok(()) } else { Err("invalid_request") };
            assert_eq!(run(&subject, &request).map(drop), expected, "case {number}");
        }
    }

    #[test]
    fn a_bound_token_stays_bound_and_any_other_can_be_bound() {
        let bound = || Claims { cnf: Some(Confirmation { jkt: "k".into() }), ..claims() };
        for (subject, proved, expected) in [
            (claims(), None, Ok(None)),
            (claims(), Some("k"), Ok(Some("k"))),
            (bound(), Some("k"), Ok(Some("k"))),
            (bound(), Some("other"), Err("invalid_request")),
            (bound(), None, Err("invalid_request")),
        ] {
            let found = run(&jwt(subject), &ExchangeRequest { jkt: proved, ..request() });
            let expected = expected.map(|jkt| jkt.map(|jkt| Confirmation { jkt: jkt.to_owned() }));
            assert_eq!(found.map(|exchange| exchange.cnf), expected, "{proved:?}");
        }
    }

    #[test]
    fn tokens_are_for_this_services_audience_alone() {
        for (targets, expected) in [
            (vec![], Ok(())),
            (vec!["api"], Ok(())),
            (vec!["api", "api"], Ok(())),
            (vec!["api", "x"], Err("invalid_target")),
        ] {
            let found = run(&jwt(claims()), &ExchangeRequest { targets, ..request() });
            assert_eq!(found.map(drop), expected);
        }
    }

    #[test]
    fn a_chain_of_exchanges_ends() {
        let mut id = "j".to_owned();
        let ids = std::iter::from_fn(|| {
            id = child_id(&id, &"r".repeat(22)).ok()?;
            Some(id.len())
        });
        assert_eq!(ids.take(100).collect::<Vec<_>>(), (1..=11).map(|depth| 1 + 23 * depth).collect::<Vec<_>>());
    }
}
