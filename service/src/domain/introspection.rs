//! What an introspection tells about a token (RFC 7662, section 2.2).

use daypass::api::{IntrospectionResponse, TokenRecord};
use daypass::jwt::{Claims, Confirmation};
use daypass::verify::Standing;
use daypass::{Grant, ScopeSet, TokenKind};

use super::catalogs::Catalogs;
use super::oauth::family::RefreshFacts;
use super::token::is_active;

/// The names that stored tokens do not have in themselves.
pub(crate) struct Names<'a> {
    /// The issuer: this service.
    pub(crate) issuer: &'a str,
    /// The audience: the product.
    pub(crate) audience: &'a str,
}

/// Returns what an API is told about a stored token; nothing but that it is not active, unless it is.
///
/// `client` is the id of the token at the root of its chain.
pub(crate) fn of_record(
    record: TokenRecord,
    client: Option<String>,
    names: &Names<'_>,
    catalogs: &Catalogs,
    now: u64,
) -> IntrospectionResponse {
    if !is_active(&record, now) {
        return IntrospectionResponse::default();
    }
    IntrospectionResponse {
        active: true,
        scope: scope(record.kind, &record.grants, &record.organization, catalogs),
        client_id: client,
        token_type: Some("Bearer".into()),
        exp: record.expires_at,
        iat: Some(record.created_at),
        sub: Some(record.organization.clone()),
        aud: Some(names.audience.to_owned()),
        iss: Some(names.issuer.to_owned()),
        jti: Some(record.id.clone()),
        record: Some(record),
        ..IntrospectionResponse::default()
    }
}

/// Returns what is told about a refresh token; nothing but that it is not active, unless it is.
///
/// SECURITY: it is for this service alone, its issuer, and has no type of an access token. A resource server that compares the
/// audience does not take it for one.
pub(crate) fn of_refresh_token(
    facts: RefreshFacts,
    names: &Names<'_>,
    catalogs: &Catalogs,
    now: u64,
) -> IntrospectionResponse {
    if !facts.is_active(now) {
        return IntrospectionResponse::default();
    }
    let client = Some(facts.client.principal.id);
    let own = Names { issuer: names.issuer, audience: names.issuer };
    let subject = facts.family.owner.clone();
    let response = of_record(facts.family, client, &own, catalogs, now);
    IntrospectionResponse { token_type: None, subject, cnf: facts.jkt.map(|jkt| Confirmation { jkt }), ..response }
}

/// Returns what an API is told about a JWT that this service signed; nothing but that it is not active,
/// unless it is.
pub(crate) fn of_jwt(claims: Claims, standing: Standing, catalogs: &Catalogs, now: u64) -> IntrospectionResponse {
    if standing != Standing::Good || !is_in_time(&claims, now) {
        return IntrospectionResponse::default();
    }
    let Claims { iss, sub, aud, iat, nbf, exp, jti, client_id, cnf, kind, grants, origins, subject, claims, .. } =
        claims;
    IntrospectionResponse {
        active: true,
        scope: scope(kind, &grants, &sub, catalogs),
        client_id: Some(client_id),
        token_type: Some(if cnf.is_some() { "DPoP" } else { "Bearer" }.into()),
        exp: Some(exp),
        iat: Some(iat),
        nbf,
        sub: Some(sub),
        aud: Some(aud),
        iss: Some(iss),
        jti: Some(jti),
        cnf,
        kind: Some(kind),
        grants,
        origins,
        subject,
        claims,
        record: None,
    }
}

/// Returns whether a JWT is valid at this time by its own claims. The service signed it by its own clock,
/// so that there is no leeway.
fn is_in_time(claims: &Claims, now: u64) -> bool {
    claims.nbf.is_none_or(|from| from <= now) && now < claims.exp
}

/// Returns the scopes that the token has for all of its own organization, separated by spaces (RFC 6749,
/// section 3.3).
///
/// SECURITY: a server that reads scopes alone takes each for everything of `sub`. Scopes that are limited
/// to some resources, or that are for another tenant, are left out; so are those that a token of this kind
/// cannot use, whatever its grants say.
pub(crate) fn scope(kind: TokenKind, grants: &[Grant], organization: &str, catalogs: &Catalogs) -> Option<String> {
    let whole = grants.iter().filter(|grant| grant.has_tenant(organization) && grant.resources.is_empty());
    let mut scopes: ScopeSet =
        whole.flat_map(|grant| catalogs.whole().canonical_scopes(&grant.scopes, &[])).filter(|s| kind.may(s)).collect();
    if kind == TokenKind::Publishable {
        scopes = scopes.intersection(&catalogs.publishable());
    }
    let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use daypass::{Catalog, Resource};

    use super::*;

    fn grant(tenant: &str, scopes: &str, resources: &[&str]) -> Grant {
        let resources = resources.iter().map(|id| Resource { kind: "floor".into(), id: (*id).to_owned() }).collect();
        Grant { tenant: tenant.into(), scopes: serde_json::from_str(scopes).expect("scopes"), resources }
    }

    #[test]
    fn the_scope_is_what_holds_for_all_of_the_organization() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let private = || grant("o", r#"["floor:readPrivate"]"#, &[]);
        for (kind, grants, expected) in [
            (TokenKind::Secret, vec![], None),
            (TokenKind::Secret, vec![private()], Some("floor:readPrivate")),
            (TokenKind::Secret, vec![grant("*", r#"["floor:readPrivate"]"#, &[])], Some("floor:readPrivate")),
            (TokenKind::Secret, vec![grant("other", r#"["floor:readPrivate"]"#, &[])], None),
            (TokenKind::Secret, vec![grant("o", r#"["floor:readPrivate","space:readPublic"]"#, &["f1"])], None),
            (
                TokenKind::Secret,
                vec![private(), grant("o", r#"["token:create","floor:readPrivate"]"#, &[])],
                Some("floor:readPrivate token:create"),
            ),
            (
                TokenKind::Temporary,
                vec![grant("o", r#"["token:create","*"]"#, &[]), private()],
                Some("floor:readPrivate"),
            ),
            (
                TokenKind::Publishable,
                vec![grant("o", r#"["floor:readPrivate","floor:readPublic"]"#, &[])],
                Some("floor:readPublic"),
            ),
        ] {
            assert_eq!(scope(kind, &grants, "o", &catalogs).as_deref(), expected, "{kind} {grants:?}");
        }
    }

    #[test]
    fn a_jwt_is_active_from_nbf_until_exp_unless_it_is_revoked_or_suspended() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let claims = Claims {
            iss: "i".into(),
            sub: "o".into(),
            aud: "a".into(),
            iat: 100,
            nbf: Some(110),
            exp: 200,
            jti: "j".into(),
            client_id: "c".into(),
            root_serial: 3,
            feed_seq: 0,
            cnf: None,
            kind: TokenKind::Temporary,
            grants: vec![],
            origins: vec![],
            subject: None,
            claims: BTreeMap::new(),
            sealed: None,
        };
        for (now, standing, is_active) in [
            (109, Standing::Good, false),
            (110, Standing::Good, true),
            (199, Standing::Good, true),
            (200, Standing::Good, false),
            (150, Standing::Revoked, false),
            (150, Standing::Suspended, false),
        ] {
            let response = of_jwt(claims.clone(), standing, &catalogs, now);
            assert_eq!(response.active, is_active, "{now}");
            assert!(is_active || response == IntrospectionResponse::default(), "{now}");
        }
    }
}
