//! [`Client`]: one credential, kept fresh, for one API.

#[cfg(not(feature = "package"))]
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo_net::http::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal, Response};

use super::bundle;
use super::channel::Channel;
use super::connection::{Connection, Setup, seconds};
use super::dpop::Prover;
use super::error::Error;
use super::events::{Events, Listener, Streams};
use super::explain;
#[cfg(not(feature = "package"))]
use super::js::{get, text};
use super::key::open_key;
use super::options::{LONGEST, Options, ProviderOptions, Source, no_token, publishable};
use super::provider::{received, request_to_js};
use super::request;
use super::signal::{either, until_aborted};
use super::token::Token;
use super::url::Base;
use crate::api::TemporaryTokenResponse;
use crate::{ErrorCode, Scope, TokenKind};

/// A connection: one credential, kept fresh, for one API. It lives until [`Client::close`], or until it is dropped,
/// which also aborts responses whose bodies are still being read.
///
/// ```no_run
/// # async fn example() -> Result<(), daypass::browser::Error> {
/// use daypass::browser::{Client, Options, Provider, ProviderOptions, Source};
///
/// let provider = ProviderOptions::new(Provider::url("/floor-token"));
/// let client = Client::connect(Options::new("https://api.example.com", Source::Provider(provider))).await?;
/// let response = client.get("v2/floor/first").await?;
/// # Ok(()) }
/// ```
pub struct Client {
    pub(super) api: Base,
    pub(super) service: Option<Base>,
    pub(super) kind: TokenKind,
    pub(super) connection: Rc<Connection>,
    pub(super) prover: Option<Prover>,
    /// Milliseconds.
    pub(super) max_retry_after: f64,
    parameters: JsValue,
}

/// What is known about the token in use. It contains no token, and needs no request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// The kind of the token.
    pub kind: TokenKind,
    /// The token's scopes; `None` if the token is opaque.
    pub scopes: Option<Vec<String>>,
    /// The patterns of the origins that may use the token, empty if any may; `None` if the token is opaque.
    pub origins: Option<Vec<String>>,
    /// The visitor whom the token is for, if it names one.
    #[cfg(not(feature = "package"))]
    pub subject: Option<String>,
    /// What the token says of the visitor.
    #[cfg(not(feature = "package"))]
    pub claims: BTreeMap<String, String>,
    /// The lifetime that the token had when it was received; `None` if the token does not expire.
    pub lifetime_seconds: Option<f64>,
    /// The time until the token expires; `None` if it does not.
    pub seconds_left: Option<f64>,
    /// The time until the next refresh; `None` if none is planned.
    pub refresh_in_seconds: Option<f64>,
}

/// What a connection is made of, once everything that takes time is done.
pub(super) struct Prepared {
    pub(super) api: Base,
    pub(super) service: Option<Base>,
    pub(super) options: Options,
    pub(super) parameters: JsValue,
    /// The first token.
    pub(super) token: Option<Token>,
    pub(super) prover: Option<Prover>,
}

impl Prepared {
    /// Checks the options, opens a bundle, and gets the key of proofs.
    pub(super) async fn new(options: Options, signal: &AbortSignal) -> Result<Prepared, Error> {
        let mut prepared = Prepared::checked(options)?;
        match &prepared.options.source {
            Source::Bundle(text) => {
                let Some(service) = &prepared.service else {
                    return Err(Error::option("`service` is missing: a bundle needs it."));
                };
                let opened = bundle::open(text, service, signal).await?;
                prepared.parameters = opened.parameters;
                prepared.token = Some(opened.token);
            }
            Source::Provider(provider) if provider.dpop => {
                prepared.prover = Some(Prover::new(open_key(prepared.api.origin()).await?).await?);
            }
            _ => {}
        }
        Ok(prepared)
    }

    /// Does what takes no time.
    pub(super) fn checked(mut options: Options) -> Result<Prepared, Error> {
        let api = Base::parse("api", &options.api)?;
        let service = options.service.as_ref().map(|url| Base::parse("service", url)).transpose()?;
        let token = match &mut options.source {
            Source::Publishable(text) => Some(publishable(text)?),
            Source::Temporary(token) => {
                Some(first_token(token, "Bearer")?.ok_or_else(|| Error::new(ErrorCode::TokenExpired, ""))?)
            }
            // One that has expired is no failure where a provider is there.
            Source::Provider(provider) => {
                if !(1..=LONGEST).contains(&provider.duration_seconds) {
                    return Err(Error::option("`durationSeconds` must be a whole number of seconds from 1 to 86400."));
                }
                provider.provider.resolve()?;
                let scheme = provider.scheme();
                provider.first.as_ref().map(|token| first_token(token, scheme)).transpose()?.flatten()
            }
            Source::Bundle(_) => None,
        };
        Ok(Prepared { api, service, options, parameters: JsValue::NULL, token, prover: None })
    }

    /// Opens the connection.
    pub(super) fn open(self, listener: Rc<dyn Listener>, life: AbortController) -> Client {
        let Prepared { api, service, options, parameters, token, prover } = self;
        let kind = options.source.kind();
        let (mut source, mut shared) = (None, None);
        if let Source::Provider(provider) = options.source {
            let request = provider.request(prover.as_ref().map(Prover::thumbprint));
            shared = provider.channel(&api, &request_to_js(&request));
            source = Some((provider.provider, request));
        }
        let connection = Connection::open(Setup { source, token, shared, listener, life });
        let max_retry_after = options.max_retry_after_seconds * 1000.0;
        Client { api, service, kind, connection, prover, max_retry_after, parameters }
    }
}

impl ProviderOptions {
    fn scheme(&self) -> &'static str {
        if self.dpop { "DPoP" } else { "Bearer" }
    }

    /// The tabs that refresh together, if they do.
    fn channel(&self, api: &Base, request: &JsValue) -> Option<Channel> {
        let key = self.shared_key(api, request)?;
        Some(Channel::new(self.share.as_deref()?, key, self.scheme()))
    }
}

/// Reads a first token; `None` if it has expired.
fn first_token(token: &TemporaryTokenResponse, scheme: &str) -> Result<Option<Token>, Error> {
    received(token.clone(), None, scheme).map_err(|why| no_token(&why))
}

impl Client {
    /// Connects. With a provider, connected means that the first token is there.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidOptions`] names a wrong option; [`ErrorCode::TokenMalformed`], [`ErrorCode::TokenExpired`],
    /// [`ErrorCode::NetworkFailed`] and the codes `Provider…` and `Bundle…` say why there is no credential.
    pub async fn connect(options: Options) -> Result<Client, Error> {
        let life = AbortController::new()?;
        let signal = match &options.signal {
            Some(own) => either(own, &life.signal()),
            None => life.signal(),
        };
        let timeout = options.timeout_seconds;
        let prepared = until_aborted(&signal, Prepared::new(options, &signal)).await?;
        let client = prepared.open(Rc::<Streams>::default(), life);
        until_aborted(&signal, client.first_token(timeout)).await?;
        Ok(client)
    }

    /// With a provider, waits for the first token.
    pub(super) async fn first_token(&self, timeout_seconds: f64) -> Result<(), Error> {
        if !self.connection.can_refresh() {
            return Ok(());
        }
        self.connection.first_token((timeout_seconds * 1000.0) as u64).await
    }

    /// Returns the parameters of the bundle.
    ///
    /// # Errors
    /// If they do not have the form of `T`. Without a bundle they are `null`.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_wasm_bindgen::from_value(self.parameters.clone()).map_err(|error| Error::from(JsValue::from(error)))
    }

    /// Returns the events from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        self.connection.events().unwrap_or_default()
    }

    /// Gets a path of the API, with the credential. On a 401 a temporary token is refreshed, and the request sent once more.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub async fn get(&self, path: &str) -> Result<gloo_net::http::Response, Error> {
        Ok(self.fetch(&path.into(), &JsValue::UNDEFINED).await?.into())
    }

    /// Begins a request to a path of the API, to give it headers and a body. [`Client::send`] sends it.
    ///
    /// # Errors
    /// [`ErrorCode::ForeignUrl`] if the path leaves the base.
    pub fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Error> {
        Ok(RequestBuilder::new(self.api.resolve(path)?.href()).method(method))
    }

    /// Sends a request of gloo-net with the credential, as [`Client::get`] does.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub async fn send(&self, request: gloo_net::http::Request) -> Result<gloo_net::http::Response, Error> {
        let request: web_sys::Request = request.into();
        Ok(self.fetch(&request, &JsValue::UNDEFINED).await?.into())
    }

    /// Sends a request as the browser's `fetch` does, with the credential. `input` is a path, a URL or a `Request`, and `init` its
    /// options or `undefined`.
    ///
    /// # Errors
    /// [`ErrorCode::ForeignUrl`] for a URL of another origin than the API's, [`ErrorCode::NetworkFailed`] without a readable
    /// response, [`ErrorCode::OriginNotAllowed`] if the service says that the page's origin is the reason,
    /// [`ErrorCode::BodyNotReplayable`] for a stream that would have to be sent twice, [`ErrorCode::Closed`] after
    /// [`Client::close`], and those of [`Client::authorization`].
    pub async fn fetch(&self, input: &JsValue, init: &JsValue) -> Result<Response, Error> {
        request::send(self, input, init, None).await
    }

    /// Returns the value of the `Authorization` header, and waits for a refresh if the token has expired.
    ///
    /// # Errors
    /// [`ErrorCode::TokenExpired`] or a code `Provider…` if no token is active and the provider supplies none,
    /// [`ErrorCode::Closed`] after [`Client::close`].
    pub async fn authorization(&self) -> Result<String, Error> {
        let (_, token) = self.connection.credential().await?;
        Ok(token.authorization.clone())
    }

    /// Returns the value of the `Authorization` header without waiting; `None` if no token is active.
    #[must_use]
    pub fn peek(&self) -> Option<String> {
        self.connection.peek().map(|token| token.authorization.clone())
    }

    /// Asks the provider for a new token now, for all tabs, and waits for it.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidOptions`] without a provider, and those of [`Client::authorization`].
    pub async fn refresh(&self) -> Result<(), Error> {
        if !self.connection.can_refresh() {
            return Err(Error::argument("`refresh` needs a `provider`: this connection has none."));
        }
        self.connection.renew().await
    }

    /// Returns whether a grant of the token has this scope; `None` if there is no token or it is opaque. Use it to choose what to
    /// show. The decision is the API's.
    #[must_use]
    pub fn can(&self, scope: &Scope) -> Option<bool> {
        let token = self.connection.token()?;
        let contents = token.contents.as_ref()?;
        Some(contents.scopes.iter().filter_map(|held| Scope::read(held)).any(|held| held.covers(scope)))
    }

    /// Describes the token in use.
    #[must_use]
    pub fn describe(&self) -> Description {
        let token = self.connection.token();
        let contents = token.as_ref().and_then(|token| token.contents.as_ref());
        Description {
            kind: self.kind,
            scopes: contents.map(|contents| contents.scopes.clone()),
            origins: contents.map(|contents| contents.origins.clone()),
            #[cfg(not(feature = "package"))]
            subject: contents.and_then(|contents| text(&contents.visitor, "subject")),
            #[cfg(not(feature = "package"))]
            claims: contents
                .and_then(|contents| serde_wasm_bindgen::from_value(get(&contents.visitor, "claims")).ok())
                .unwrap_or_default(),
            lifetime_seconds: seconds(token.as_ref().map(|token| token.lifetime)),
            seconds_left: seconds(self.connection.expires_in()),
            refresh_in_seconds: seconds(self.connection.refresh_in()),
        }
    }

    /// Returns the error in a response of the API; `None` if it contains none. The response's body stays readable.
    pub async fn refusal(&self, response: &Response) -> Option<Error> {
        explain::refusal(response).await
    }

    /// Ends the connection: its refreshes, timers, listeners and requests. Pending and later calls fail with
    /// [`ErrorCode::Closed`].
    pub fn close(&self) {
        self.connection.close();
    }

    /// Closes this connection, and those of the same person in all tabs, which have the same name to share under.
    pub fn sign_out(&self) {
        self.connection.sign_out();
    }

    /// Aborts when the connection ends.
    pub(super) fn life(&self) -> AbortSignal {
        self.connection.life.signal()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}
