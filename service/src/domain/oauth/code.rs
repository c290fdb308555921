//! Authorization codes: when one may be issued, and what its use gives.

use daypass::{Error, OpaqueToken, ScopeSet};

use super::client::{Client, GrantType};
use super::consent::{self, ConsentFacts, Parties};
use super::family::{self, NewFamily};
use super::scope;
use crate::domain::catalogs::Catalogs;
use crate::domain::principal::Principal;
use crate::domain::token::NewToken;

/// How long a code can be used, in seconds (RFC 6749, section 4.1.2: ten minutes at most).
pub(crate) const LIFETIME: u64 = 60;

/// How long a code is kept, in seconds, so that a second use of it is noticed.
pub(crate) const KEPT: u64 = 24 * 3600;

/// How many codes of a user for a client wait at once: a new one ends the oldest.
pub(crate) const MOST_UNUSED: usize = 100;

/// A code to be stored.
#[derive(Clone)]
pub(crate) struct NewCode {
    /// The hash of the code.
    pub(crate) hash: [u8; 32],
    /// Who lets which client have it.
    pub(crate) parties: Parties,
    /// The redirect URI of the authorization request, if it had one.
    pub(crate) redirect_uri: Option<String>,
    /// The challenge of PKCE, by S256.
    pub(crate) challenge: String,
    /// The scopes, by their current names.
    pub(crate) scopes: ScopeSet,
    /// The thumbprint of the key that it is bound to, if any (RFC 9449, section 10).
    pub(crate) jkt: Option<String>,
    /// When it is issued.
    pub(crate) created_at: u64,
}

impl NewCode {
    /// Returns when it can no longer be used.
    pub(crate) fn expires_at(&self) -> u64 {
        self.created_at.saturating_add(LIFETIME)
    }

    /// Returns the time before which codes must have ended that are deleted with its addition.
    pub(crate) fn delete_before(&self) -> u64 {
        self.created_at.saturating_sub(KEPT)
    }
}

/// Requires that a code may be issued: for what the user lets the client have, and still can.
///
/// # Errors
/// Those of [`consent::may_give`], and [`Error::InvalidScope`] without a consent to all of the scopes.
pub(crate) fn may_issue(facts: &ConsentFacts, scopes: &ScopeSet, catalogs: &Catalogs) -> Result<(), Error> {
    consent::may_give(facts, scopes, catalogs)?;
    if facts.given.as_ref().is_some_and(|given| scope::current(given, catalogs).covers_all(scopes)) {
        Ok(())
    } else {
        Err(Error::InvalidScope("The user has not consented to all of these scopes.".into()))
    }
}

/// What the store knows of a code.
pub(crate) struct StoredCode {
    /// The client that it was issued to.
    pub(crate) client: Client,
    /// The user who let the client have it.
    pub(crate) owner: Principal,
    /// The redirect URI of the authorization request, if it had one.
    pub(crate) redirect_uri: Option<String>,
    /// The challenge of PKCE, by S256.
    pub(crate) challenge: String,
    /// The scopes.
    pub(crate) scopes: ScopeSet,
    /// The thumbprint of the key that it is bound to, if any.
    pub(crate) jkt: Option<String>,
    /// When it can no longer be used.
    pub(crate) expires_at: u64,
    /// The serial number of the family that it was used for, if it was.
    pub(crate) family: Option<u64>,
    /// What the user lets the client have now.
    pub(crate) given: Option<ScopeSet>,
}

/// What a client presents with a code.
#[derive(Clone)]
pub(crate) struct Presented {
    /// The `client_id` as which it is authenticated.
    pub(crate) client: String,
    /// The redirect URI, if it names one.
    pub(crate) redirect_uri: Option<String>,
    /// The challenge of the verifier that it sent.
    pub(crate) challenge: String,
    /// The thumbprint of the key that it proves, if it does.
    pub(crate) jkt: Option<String>,
}

/// The new tokens that a use of a code gives.
#[derive(Clone)]
pub(crate) struct NewTokens {
    /// The id of the family.
    pub(crate) id: String,
    /// What makes the hash of the family's own row, which nobody gets.
    pub(crate) family: OpaqueToken,
    /// The first refresh token.
    pub(crate) refresh: OpaqueToken,
}

/// What a use of a code does.
pub(crate) enum CodeUse {
    /// It begins a family.
    Exchange(Box<NewFamily>),
    /// It is a second use: the family of this serial number is to be revoked.
    Reused {
        /// The organization of the family.
        organization: String,
        /// The serial number.
        serial: u64,
    },
    /// It is refused; the text says why.
    Refused(&'static str),
}

/// Returns what a use of a code does.
///
/// SECURITY: everything that the code is bound to is compared before its earlier use counts, so that only the client that
/// could use it can end the family by a second use. Texts are compared exactly.
pub(crate) fn exchange(
    code: Option<&StoredCode>,
    presented: &Presented,
    tokens: &NewTokens,
    catalogs: &Catalogs,
    now: u64,
) -> CodeUse {
    let Some(code) = code.filter(|code| code.client.id() == presented.client) else {
        return CodeUse::Refused("The code is not known, or it was issued to another client.");
    };
    if code.redirect_uri != presented.redirect_uri {
        return CodeUse::Refused("The `redirect_uri` is not that of the authorization request.");
    }
    if code.challenge != presented.challenge {
        return CodeUse::Refused("The `code_verifier` is not that of the authorization request.");
    }
    if code.jkt.is_some() && code.jkt != presented.jkt {
        return CodeUse::Refused("The code is bound to a key, of which the request has no proof.");
    }
    let organization = code.client.principal.organization.clone();
    if let Some(serial) = code.family {
        return CodeUse::Reused { organization, serial };
    }
    if code.expires_at <= now {
        return CodeUse::Refused("The code has expired.");
    }
    let scopes = scope::current(&code.scopes, catalogs);
    let is_given = code.given.as_ref().is_some_and(|given| scope::current(given, catalogs).covers_all(&scopes));
    let is_allowed = scope::allowed(&code.client, catalogs).covers_all(&scopes);
    if code.client.require_active().is_err()
        || !is_given
        || !is_allowed
        || !consent::has(&code.owner, &scopes, catalogs)
    {
        return CodeUse::Refused(
            "What the code stands for was withdrawn: the user's consent, or the role that had it.",
        );
    }
    CodeUse::Exchange(Box::new(begin(code, scopes, organization, presented, tokens, now)))
}

/// Begins the family of a code.
fn begin(
    code: &StoredCode,
    scopes: ScopeSet,
    organization: String,
    presented: &Presented,
    tokens: &NewTokens,
    now: u64,
) -> NewFamily {
    let StoredCode { client, owner, .. } = code;
    let NewTokens { id, family, refresh } = tokens;
    let grants = scope::grants(&organization, scopes);
    let name = client.principal.name.clone();
    let mut token = NewToken::new(family, id.clone(), name, organization, grants, now);
    let has_refresh = client.settings.grant_types.contains(&GrantType::RefreshToken);
    token.record.owner = Some(owner.id.clone());
    token.record.created_by = Some(client.id().to_owned());
    token.record.expires_at = Some(family::end(now, now, has_refresh));
    NewFamily {
        token,
        client: client.principal.number,
        owner: owner.clone(),
        refresh: has_refresh.then(|| refresh.clone()),
        // The secret of a confidential client binds its refresh tokens (RFC 9449, section 5).
        jkt: presented.jkt.clone().filter(|_| !client.settings.is_confidential),
    }
}

#[cfg(test)]
mod tests {
    use daypass::api::{PrincipalKind, Role};
    use daypass::{Catalog, TokenKind};

    use super::super::client::ClientSettings;
    use super::super::client::tests::{client, scopes};
    use super::super::scope::tests::renamed;
    use super::*;
    use crate::domain::principal::tests::{code as code_of, principal};

    fn token() -> OpaqueToken {
        OpaqueToken::generate(TokenKind::OauthRefresh, |bytes| bytes.fill(1)).expect("an opaque kind")
    }

    /// A code that can be used until 160.
    fn stored() -> StoredCode {
        StoredCode {
            client: client(),
            owner: Principal { number: 5, ..principal(PrincipalKind::User, Some(Role::Developer), None) },
            redirect_uri: Some("https://app.example/back".into()),
            challenge: "right".into(),
            scopes: scopes("floor:readPrivate"),
            jkt: None,
            expires_at: 160,
            family: None,
            given: Some(scopes("floor:readPrivate floor:readPublic")),
        }
    }

    fn presented() -> Presented {
        Presented {
            client: client().id().to_owned(),
            redirect_uri: Some("https://app.example/back".into()),
            challenge: "right".into(),
            jkt: None,
        }
    }

    fn exchange_at(now: u64, code: Option<&StoredCode>, presented: &Presented) -> CodeUse {
        let tokens = NewTokens { id: "tok_1".into(), family: token(), refresh: token() };
        exchange(code, presented, &tokens, &Catalogs::new(Catalog::space_api()), now)
    }

    /// Names what a use does: the serial number of the family that it ends, 0 for a new one.
    fn outcome(code_use: &CodeUse) -> Option<u64> {
        match code_use {
            CodeUse::Exchange(_) => Some(0),
            CodeUse::Reused { serial, .. } => Some(*serial),
            CodeUse::Refused(_) => None,
        }
    }

    #[test]
    fn a_code_is_for_one_client_redirect_uri_verifier_and_key() {
        let (code, bound) = (stored(), StoredCode { jkt: Some("key".into()), ..stored() });
        let used = StoredCode { family: Some(7), ..stored() };
        let with = |change: fn(&mut Presented)| {
            let mut presented = presented();
            change(&mut presented);
            presented
        };
        for (presented, is_right, is_right_if_bound) in [
            (with(|_| {}), true, false),
            (with(|presented| presented.jkt = Some("key".into())), true, true),
            (with(|presented| presented.jkt = Some("another".into())), true, false),
            (with(|presented| presented.client = "app_2".into()), false, false),
            (with(|presented| presented.client.clear()), false, false),
            (with(|presented| presented.redirect_uri = None), false, false),
            (with(|presented| presented.redirect_uri = Some("https://app.example/back/".into())), false, false),
            (with(|presented| presented.redirect_uri = Some("https://APP.example/back".into())), false, false),
            (with(|presented| presented.challenge = "wrong".into()), false, false),
            (with(|presented| presented.challenge.clear()), false, false),
        ] {
            let of = |code| outcome(&exchange_at(100, Some(code), &presented));
            let found = (of(&code), of(&bound), of(&used));
            // Only who could use it ends the family by a second use.
            let expected = (is_right.then_some(0), is_right_if_bound.then_some(0), is_right.then_some(7));
            assert_eq!(found, expected, "{:?} {:?}", presented.redirect_uri, presented.client);
        }
        assert_eq!(outcome(&exchange_at(100, None, &presented())), None);
        // An authorization request without a redirect URI is followed by a token request without one.
        let without = StoredCode { redirect_uri: None, ..stored() };
        assert_eq!(outcome(&exchange_at(100, Some(&without), &presented())), None);
        let presented = Presented { redirect_uri: None, ..presented() };
        assert_eq!(outcome(&exchange_at(100, Some(&without), &presented)), Some(0));
    }

    #[test]
    fn a_code_is_used_in_time_while_all_that_it_stands_for_holds() {
        assert_eq!(outcome(&exchange_at(159, Some(&stored()), &presented())), Some(0));
        assert_eq!(outcome(&exchange_at(160, Some(&stored()), &presented())), None);
        // A second use is noticed later too.
        let used = StoredCode { family: Some(7), ..stored() };
        assert_eq!(outcome(&exchange_at(9999, Some(&used), &presented())), Some(7));

        let with = |change: fn(&mut StoredCode)| {
            let mut code = stored();
            change(&mut code);
            outcome(&exchange_at(100, Some(&code), &presented()))
        };
        assert_eq!(with(|code| code.given = None), None, "a withdrawn consent");
        assert_eq!(with(|code| code.given = Some(scopes("floor:readPublic"))), None);
        assert_eq!(with(|code| code.owner.removed_at = Some(7)), None, "a removed user");
        assert_eq!(with(|code| code.owner.role = Some(Role::Viewer)), None, "a lower role");
        assert_eq!(with(|code| code.client.principal.removed_at = Some(7)), None, "a removed client");
        assert_eq!(with(|code| code.client.suspended_at = Some(7)), None, "a suspended organization");
        assert_eq!(with(|code| code.client.organization_revoked_at = Some(7)), None);
        assert_eq!(with(|code| code.client.settings.scopes = scopes("floor:readPublic")), None);
    }

    #[test]
    fn a_code_and_its_consent_keep_their_scopes_by_the_new_names() {
        let client = client();
        let settings = ClientSettings { scopes: scopes("level:download"), ..client.settings };
        let code = StoredCode {
            client: Client { settings, ..client },
            scopes: scopes("level:download"),
            given: Some(scopes("level:download")),
            ..stored()
        };
        let tokens = NewTokens { id: "tok_1".into(), family: token(), refresh: token() };
        let CodeUse::Exchange(family) = exchange(Some(&code), &presented(), &tokens, &renamed(), 100) else {
            panic!("it is refused")
        };
        assert_eq!(family.token.record.grants, scope::grants("o", scopes("floor:export")));
        let facts = ConsentFacts { client: Some(code.client), owner: Some(code.owner), given: code.given };
        assert_eq!(code_of(may_issue(&facts, &scopes("floor:export"), &renamed())), Ok(()));
        let given = consent::give(&facts, &scopes("floor:export"), &renamed());
        assert_eq!(code_of(given), Ok(scopes("floor:export")));
    }

    #[test]
    fn a_family_belongs_to_the_user_and_only_a_public_client_has_it_bound_to_its_key() {
        for (is_confidential, grant_types, expected_jkt, expected_end) in [
            (false, &GrantType::ALL[..], Some("key"), 100 + 30 * 86_400),
            (true, &GrantType::ALL, None, 100 + 30 * 86_400),
            (false, &[GrantType::AuthorizationCode], Some("key"), 100 + 3600),
        ] {
            let client = client();
            let settings = ClientSettings { is_confidential, grant_types: grant_types.to_vec(), ..client.settings };
            let code = StoredCode { client: Client { settings, ..client }, ..stored() };
            let presented = Presented { jkt: Some("key".into()), ..presented() };
            let CodeUse::Exchange(family) = exchange_at(100, Some(&code), &presented) else {
                panic!("{is_confidential}")
            };
            let record = &family.token.record;
            assert_eq!((record.kind, &*record.organization), (TokenKind::OauthRefresh, "o"));
            assert_eq!(record.owner.as_deref(), Some(&*code.owner.id));
            assert_eq!((family.owner.number, record.created_by.as_deref()), (5, Some(code.client.id())));
            assert_eq!(record.grants, scope::grants("o", scopes("floor:readPrivate")));
            assert_eq!(family.jkt.as_deref(), expected_jkt);
            assert_eq!(record.expires_at, Some(expected_end));
            assert_eq!(family.refresh.is_some(), grant_types.contains(&GrantType::RefreshToken));
        }
    }

    #[test]
    fn a_code_is_issued_for_what_the_user_consented_to() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (given, asked, expected) in [
            (Some("floor:readPrivate floor:readPublic"), "floor:readPublic", Ok(())),
            (Some("floor:readPublic"), "floor:readPrivate", Err("invalid_scope")),
            (None, "floor:readPublic", Err("invalid_scope")),
            (Some("floor:export"), "floor:export", Err("invalid_scope")),
        ] {
            let facts = ConsentFacts {
                client: Some(client()),
                owner: Some(principal(PrincipalKind::User, Some(Role::Developer), None)),
                given: given.map(scopes),
            };
            assert_eq!(code_of(may_issue(&facts, &scopes(asked), &catalogs)), expected, "{given:?} {asked}");
        }
    }
}
