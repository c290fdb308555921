//! What a signed-in person's browser sends: [`SignedIn`].

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, Method};
use daypass::Error;
use daypass::verify::http::client_address;

use super::super::{SharedApp, cookie};
use crate::domain::audit::actor::Actor;
use crate::domain::cross_site::{Page, require_own_page};
use crate::store::acting;
use crate::usecase::sign_in::{self, Session};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Proof that a request comes from a page of the service, or changes nothing.
pub(crate) struct OwnPage;

impl OwnPage {
    /// Checks a request.
    ///
    /// # Errors
    /// [`Error::CrossSiteRequest`].
    pub(super) fn check(parts: &Parts, app: &SharedApp) -> Result<OwnPage, Error> {
        if [Method::GET, Method::HEAD].contains(&parts.method) {
            return Ok(OwnPage);
        }
        let [origin, fetch_site] = [ORIGIN, FETCH_SITE].map(|name| only(&parts.headers, &name));
        require_own_page(Page { origin, fetch_site }, &app.sign_in.public_origin).map(|()| OwnPage)
    }
}

/// Returns the value of a header; a text that is no such value if there are several.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).into_iter();
    let value = values.next()?.to_str().unwrap_or_default();
    Some(if values.next().is_some() { "" } else { value })
}

impl FromRequestParts<SharedApp> for OwnPage {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<OwnPage, Error> {
        OwnPage::check(parts, app)
    }
}

/// A person who is signed in, on a page of the service.
pub(crate) struct SignedIn(pub(crate) Session);

impl SignedIn {
    /// Finds the session of a request.
    ///
    /// SECURITY: there is no way to it but by the check of the page.
    ///
    /// # Errors
    /// [`Error::CrossSiteRequest`] or [`Error::NotSignedIn`].
    pub(super) async fn authenticate(parts: &Parts, app: &SharedApp) -> Result<SignedIn, Error> {
        OwnPage::check(parts, app)?;
        let text = cookie::find(&parts.headers, cookie::SESSION);
        let session = sign_in::find(&*app.store, app.sign_in.limits, text).await?;
        let (account, email) = (session.account.id.clone(), session.account.email.clone());
        acting::authenticated(Actor::Person { account, email, users: vec![] });
        Ok(SignedIn(session))
    }
}

impl FromRequestParts<SharedApp> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<SignedIn, Error> {
        SignedIn::authenticate(parts, app).await
    }
}

/// Returns whether a request has the cookie of a session, which may have ended.
pub(super) fn has_cookie(parts: &Parts) -> bool {
    cookie::find(&parts.headers, cookie::SESSION).is_some()
}

/// The address of the client, behind the service's proxies too.
#[derive(Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl ClientAddress {
    /// Finds the address of a request.
    pub(crate) fn of(parts: &Parts, app: &SharedApp) -> Result<ClientAddress, Error> {
        ClientAddress::find(&parts.extensions, &parts.headers, app.sign_in.proxies).ok_or(Error::Misconfigured)
    }

    /// Finds the address of a request that passed so many proxies.
    pub(crate) fn find(extensions: &Extensions, headers: &HeaderMap, proxies: usize) -> Option<ClientAddress> {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(ClientAddress(client_address(peer.ip(), headers, proxies)))
    }
}

impl FromRequestParts<SharedApp> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<ClientAddress, Error> {
        ClientAddress::of(parts, app)
    }
}
