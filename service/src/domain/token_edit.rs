//! Edits of stored tokens: which kinds have them, what may be changed, and by whom.

use daypass::api::{TokenRecord, UpdateTokenRequest};
use daypass::{Error, OriginPattern, TokenKind};

use super::catalogs::Catalogs;
use super::grantor::Grantor;
use super::token::{TokenStatus, status};
use super::token_fields;
use super::versions::{self, Versions};

/// What an edit changes; the rest stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenChange {
    name: Option<String>,
    origins: Option<Vec<OriginPattern>>,
    expires_at: Option<Option<u64>>,
}

/// What a token has after an edit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EditedToken {
    /// Its name.
    pub(crate) name: String,
    /// Where it may be used.
    pub(crate) origins: Vec<OriginPattern>,
    /// When it expires, if ever.
    pub(crate) expires_at: Option<u64>,
    /// Its version, which the feed tells too.
    pub(crate) version: u64,
}

/// Who edits a token.
pub(crate) enum Editor<'a> {
    /// The operator, who has the store's file and so holds everything.
    Operator,
    /// The holder of a token.
    Holder {
        /// What the token holds.
        grantor: &'a Grantor<'a>,
        /// What its scopes mean.
        catalogs: &'a Catalogs,
    },
}

/// Checks what an edit of this token changes, and whether the editor may make it, which no edit changes.
///
/// SECURITY: the editor holds everything that the token holds, as its creator did. Otherwise a token with few scopes
/// could open one with many to other origins, or keep it from expiring.
///
/// # Errors
/// [`Error::TokenImmutable`], [`Error::InsufficientScope`] or [`Error::InvalidRequest`], which names the field.
pub(crate) fn check(
    request: UpdateTokenRequest,
    record: &TokenRecord,
    editor: &Editor<'_>,
    now: u64,
) -> Result<TokenChange, Error> {
    let kind = record.kind;
    if !is_editable(kind) {
        return Err(Error::TokenImmutable(kind));
    }
    if let Editor::Holder { grantor, catalogs } = editor {
        grantor.require_all(&record.grants, catalogs)?;
    }
    let UpdateTokenRequest { name, origins, expires_at, accept_shared_suffix } = request;
    if name.is_none() && origins.is_none() && expires_at.is_none() {
        let why = "The edit changes nothing: give it a `name`, `origins` or `expiresAt`.";
        return Err(Error::InvalidRequest(why.into()));
    }
    name.as_deref().map_or(Ok(()), token_fields::check_name)?;
    token_fields::check_expiry(expires_at.flatten(), now)?;
    let origins = origins
        .map(|origins| token_fields::check_origins(kind, &origins, accept_shared_suffix, &record.origins))
        .transpose()?;
    Ok(TokenChange { name, origins, expires_at })
}

/// Returns whether tokens of this kind are edited. Application tokens are immutable, as in Crafter Profile; bundles
/// and JWTs are short-lived.
pub(crate) fn is_editable(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Publishable | TokenKind::Secret | TokenKind::Personal)
}

/// Returns what a token has after an edit; none if that is what it has.
///
/// # Errors
/// [`Error::NotFound`] if the store lacks the token, [`Error::VersionConflict`] if it has another version than the
/// edit is meant for, [`Error::InvalidRequest`] if it is revoked or expired.
pub(crate) fn edit(
    record: Option<&TokenRecord>,
    change: &TokenChange,
    versions: &Versions,
    now: u64,
) -> Result<Option<EditedToken>, Error> {
    let record = record.ok_or(Error::NotFound)?;
    versions::require(versions, record.version)?;
    let refuse = |why: &str| Err(Error::InvalidRequest(why.into()));
    match status(record, now) {
        TokenStatus::Active | TokenStatus::Suspended => {}
        TokenStatus::Revoked => return refuse("The token was revoked: create another one."),
        TokenStatus::Expired => return refuse("The token has expired: create another one."),
    }
    let TokenChange { name, origins, expires_at } = change.clone();
    let edited = EditedToken {
        name: name.unwrap_or_else(|| record.name.clone()),
        origins: origins.unwrap_or_else(|| record.origins.clone()),
        expires_at: expires_at.unwrap_or(record.expires_at),
        version: record.version + 1,
    };
    let is_same =
        edited.name == record.name && edited.origins == record.origins && edited.expires_at == record.expires_at;
    Ok((!is_same).then_some(edited))
}

#[cfg(test)]
mod tests {
    use daypass::{Grant, OpaqueToken};

    use super::*;
    use crate::domain::token::NewToken;

    fn record(kind: TokenKind) -> TokenRecord {
        let token = OpaqueToken::generate(kind, |bytes| bytes.fill(7)).expect("an opaque kind");
        let scopes = serde_json::from_str(r#"["floor:readPublic"]"#).expect("scopes");
        let grants = vec![Grant { tenant: "o".into(), scopes, resources: vec![] }];
        let mut record = NewToken::new(&token, "t".into(), "Shop".into(), "o".into(), grants, 50).record;
        if kind == TokenKind::Publishable {
            record.origins = token_fields::normalize_origins(&["shop.example".into()], false, &[]).expect("an origin");
        }
        record
    }

    fn request(json: &str) -> UpdateTokenRequest {
        serde_json::from_str(json).expect("a request")
    }

    fn changed(kind: TokenKind, json: &str) -> Result<TokenChange, Error> {
        check(request(json), &record(kind), &Editor::Operator, 100)
    }

    #[test]
    fn each_kind_has_the_fields_that_can_be_edited() {
        use TokenKind::{Application, Bundle, Publishable, Secret};
        for (kind, json, code) in [
            (Publishable, r#"{"name":"n","origins":["a.example"],"expiresAt":101}"#, None),
            (Publishable, r#"{"expiresAt":null}"#, None),
            (Publishable, r#"{"origins":[]}"#, Some("invalid_request")),
            (Publishable, r#"{"origins":["a b"]}"#, Some("invalid_request")),
            (Publishable, r#"{"name":""}"#, Some("invalid_request")),
            (Publishable, r#"{"expiresAt":100}"#, Some("invalid_request")),
            (Publishable, r#"{"expiresAt":253402300800}"#, Some("invalid_request")),
            (Publishable, "{}", Some("invalid_request")),
            (Secret, r#"{"name":"n","expiresAt":101}"#, None),
            (Secret, r#"{"origins":["a.example"]}"#, Some("invalid_request")),
            (Application, r#"{"name":"n"}"#, Some("token_immutable")),
            (Bundle, r#"{"name":"n"}"#, Some("token_immutable")),
        ] {
            let refused = changed(kind, json).err().map(|error| error.code().as_str());
            assert_eq!(refused, code, "{kind} {json}");
        }
    }

    #[test]
    fn an_edit_makes_the_next_version_of_an_active_token_and_only_of_the_version_that_it_is_meant_for() {
        let change = changed(TokenKind::Publishable, r#"{"name":"n"}"#).expect("a change");
        let of = |expires_at, revoked_at, suspended_at| TokenRecord {
            version: 3,
            expires_at,
            revoked_at,
            suspended_at,
            ..record(TokenKind::Publishable)
        };
        let active = of(Some(101), None, None);
        for (record, versions, expected) in [
            (&active, None, Ok(Some(4))),
            (&active, Some(vec![3]), Ok(Some(4))),
            (&active, Some(vec![2, 3]), Ok(Some(4))),
            (&active, Some(vec![2]), Err("version_conflict")),
            (&active, Some(vec![4]), Err("version_conflict")),
            (&of(None, None, Some(9)), None, Ok(Some(4))),
            (&of(Some(100), None, None), None, Err("invalid_request")),
            (&of(None, Some(9), None), None, Err("invalid_request")),
            (&of(None, Some(9), None), Some(vec![2]), Err("version_conflict")),
            (&TokenRecord { name: "n".into(), ..active.clone() }, None, Ok(None)),
        ] {
            let edited = edit(Some(record), &change, &versions, 100);
            let version = edited.map(|edited| edited.map(|edited| edited.version));
            assert_eq!(version.map_err(|error| error.code().as_str()), expected, "{record:?} {versions:?}");
        }
        assert_eq!(edit(None, &change, &None, 100), Err(Error::NotFound));
        let edited = edit(Some(&active), &change, &None, 100).ok().flatten().expect("an edit");
        assert_eq!((edited.name, edited.origins, edited.expires_at), ("n".into(), active.origins, Some(101)));
    }
}
