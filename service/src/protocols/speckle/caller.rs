//! The token of a request, and the user that it belongs to: [`Caller`].

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, ORIGIN};
use axum::http::request::Parts;
use daypass::api::PrincipalKind;
use daypass::verify::{Access, Credential, Credentials, OriginHeader, TokenLocation, Verifier};
use daypass::{Error, Scope, TokenKind};
use url::form_urlencoded;

use super::error::{self, InvalidToken};
use crate::domain::principal::Principal;
use crate::http::{SharedApp, actor, find_cookie};
use crate::store::{TokenSelector, acting};

/// Who sends a request: the holder of an active token, or an anonymous client.
pub(super) enum Caller {
    /// A client without a token.
    Anonymous,
    /// The holder of a token.
    Holder(Box<Holder>),
}

/// The holder of an active token.
pub(super) struct Holder {
    /// What the token may do.
    pub(super) access: Access,
    /// The user that it belongs to, if it belongs to one.
    pub(super) user: Option<Principal>,
}

impl Holder {
    /// Returns whether the token has a scope in its own organization.
    pub(super) fn has(&self, scope: &Scope) -> bool {
        self.access.require(scope).tenant(self.access.organization()).is_met()
    }
}

impl Caller {
    /// Returns the holder of a token that belongs to a user, and the user.
    ///
    /// # Errors
    /// For any other caller, as Speckle words it.
    pub(super) fn require_user(&self) -> async_graphql::Result<(&Holder, &Principal)> {
        match self {
            Caller::Anonymous => Err(error::forbidden("You must provide an auth token.")),
            Caller::Holder(holder) => match &holder.user {
                Some(user) => Ok((holder, user)),
                None => Err(error::forbidden("You do not have the required server role")),
            },
        }
    }

    /// Returns the user whose own token has a scope; `None` for any other caller.
    pub(super) fn user_with(&self, scope: &Scope) -> Option<&Principal> {
        match self {
            Caller::Anonymous => None,
            Caller::Holder(holder) => holder.user.as_ref().filter(|_| holder.has(scope)),
        }
    }
}

impl FromRequestParts<SharedApp> for Caller {
    type Rejection = InvalidToken;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Caller, InvalidToken> {
        let verifier = &app.catalog.view().verifier;
        let Some((text, location)) = token(parts, verifier) else { return Ok(Caller::Anonymous) };
        let access = authenticate(app, &text, location, origin(&parts.headers)).await.map_err(InvalidToken)?;
        let user = find_user(app, &access).await.map_err(InvalidToken)?;
        Ok(Caller::Holder(Box::new(Holder { access, user })))
    }
}

/// Returns a request's token: of the header `Authorization`, or else of the cookie `authn`, or else of the query's
/// `embedToken`. The header has one if its scheme is `Bearer` or left out. The cookie comes before the query only if it
/// looks like a token, since another system may have a cookie with this name.
fn token(parts: &Parts, verifier: &Verifier) -> Option<(String, TokenLocation)> {
    let headers = parts.headers.get_all(AUTHORIZATION).into_iter().map(|value| value.to_str().unwrap_or("?"));
    let mut headers = headers.filter(|text| !text.is_empty() && !has_other_scheme(text)).map(without_scheme);
    if let Some(text) = headers.next() {
        // A text that is no token, if there are several.
        let text = if headers.next().is_none() { text } else { "" };
        return Some((text.to_owned(), TokenLocation::Bearer));
    }
    let cookie = find_cookie(&parts.headers, "authn").filter(|text| !text.is_empty());
    let cookie = cookie.map(|text| (without_scheme(text), TokenLocation::Cookie));
    let query = parts.uri.query().unwrap_or_default();
    let mut tokens = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "embedToken");
    let embed = tokens.next().map(|(_, text)| text).filter(|text| !text.is_empty());
    let embed = embed.as_deref().map(|text| (without_scheme(text), TokenLocation::Query));
    let is_token =
        |(text, location): &(&str, _)| verifier.recognizes(Credential { text: text.as_bytes(), location: *location });
    let (text, location) = cookie.filter(is_token).or(embed).or(cookie)?;
    Some((text.to_owned(), location))
}

/// Returns whether a text is that of another scheme than `Bearer`, such as a gateway's `Basic`.
fn has_other_scheme(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(scheme, _)| !scheme.eq_ignore_ascii_case("Bearer"))
}

/// Removes `Bearer `, which is optional.
fn without_scheme(text: &str) -> &str {
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token.trim_start(),
        _ => text,
    }
}

fn origin(headers: &HeaderMap) -> OriginHeader<'_> {
    let mut origins = headers.get_all(ORIGIN).into_iter();
    match (origins.next().map(|origin| origin.to_str()), origins.next()) {
        (None, _) => OriginHeader::None,
        (Some(Ok(origin)), None) => OriginHeader::One(origin),
        _ => OriginHeader::Invalid,
    }
}

async fn authenticate(
    app: &SharedApp,
    text: &str,
    location: TokenLocation,
    origin: OriginHeader<'_>,
) -> Result<Access, Error> {
    let view = app.catalog.view();
    let credentials = Credentials::new(text, location);
    let verdict = view.verifier.verify(&credentials.with_origin(origin), None).await;
    let access = match verdict {
        // SECURITY: Speckle's own pages call this path with a personal token, as its documentation shows. Such a token
        // manages nothing here. What a browser adds by itself, a cookie, counts on the service's own pages alone.
        Err(Error::SecretInBrowser(TokenKind::Personal))
            if location == TokenLocation::Bearer || origin == OriginHeader::One(&app.sign_in.public_origin) =>
        {
            view.verifier.verify(&credentials, None).await?
        }
        verdict => verdict?,
    };
    match access.kind() {
        TokenKind::Personal
        | TokenKind::OauthAccess
        | TokenKind::Secret
        | TokenKind::Application
        | TokenKind::Publishable => {
            app.uses.note(access.root_serial());
            acting::authenticated(actor(&access));
            Ok(access)
        }
        kind => Err(Error::KindNotAccepted(kind)),
    }
}

/// Finds the user that a token belongs to, or that an OAuth access token acts for.
///
/// SECURITY: an access token that was exchanged for a secret token acts for nobody, although that may belong to a user.
async fn find_user(app: &SharedApp, access: &Access) -> Result<Option<Principal>, Error> {
    let owner = match access.kind() {
        TokenKind::OauthAccess => access.subject().map(str::to_owned),
        _ => app.store.token(TokenSelector::Serial(access.root_serial())).await?.and_then(|record| record.owner),
    };
    let Some(owner) = owner else { return Ok(None) };
    let owner = app.store.principal(access.organization(), &owner).await?;
    Ok(owner.filter(|owner| owner.kind == PrincipalKind::User && owner.removed_at.is_none()))
}
