//! What `connect` is given: [`Options`], checked field by field.

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Url;

use super::failure::Failure;
use super::js;
use crate::wire::{TemporaryTokenAnswer, TemporaryTokenRequest, duration};
use crate::{Scope, ScopeSet, TokenKind, TokenText};

/// The options of a connection.
pub(super) struct Options {
    /// The API's base URL.
    pub(super) api: Url,
    /// The token service's base URL, without a slash at its end.
    pub(super) service: Option<String>,
    /// The way in.
    pub(super) way: Way,
}

/// The ways in, of which one is chosen.
pub(super) enum Way {
    /// A publishable token.
    Publishable(TokenText),
    /// Temporary tokens from a provider, and perhaps a first one.
    Provider { provider: Provider, request: TemporaryTokenRequest, first: Option<TemporaryTokenAnswer> },
    /// One temporary token.
    Given(TemporaryTokenAnswer),
    /// A bundle: its reference or the signed document.
    Bundle(String),
}

/// Where temporary tokens come from.
#[derive(Clone)]
pub(super) enum Provider {
    Url(String),
    Callback(Function),
}

impl Options {
    pub(super) fn read(options: &JsValue) -> Result<Options, Failure> {
        if !options.is_object() {
            return Err(wrong("expected an object of options."));
        }
        Ok(Options {
            api: base_url(options, "api")?.ok_or_else(|| wrong("`api` is missing: the base URL of the API."))?,
            service: base_url(options, "service")?.map(|url| url.href().trim_end_matches('/').to_owned()),
            way: Way::read(options)?,
        })
    }
}

impl Way {
    fn read(options: &JsValue) -> Result<Way, Failure> {
        let publishable = js::field(options, "publishableToken");
        let bundle = js::field(options, "bundle");
        let provider = js::field(options, "provider");
        let given = js::field(options, "temporaryToken").map(temporary_token).transpose()?;
        match (publishable, bundle, provider, given) {
            (Some(token), None, None, None) => publishable_token(&token).map(Way::Publishable),
            (None, Some(bundle), None, None) => {
                let bundle = bundle.as_string().ok_or_else(|| wrong("`bundle` must be a string."))?;
                js::field(options, "service").ok_or_else(|| wrong("`service` is missing: a bundle needs it."))?;
                Ok(Way::Bundle(bundle))
            }
            (None, None, Some(provider), first) => {
                Ok(Way::Provider { provider: Provider::read(&provider)?, request: request(options)?, first })
            }
            (None, None, None, Some(token)) => Ok(Way::Given(token)),
            (None, None, None, None) => {
                Err(wrong("a way in is missing: `publishableToken`, `provider`, `temporaryToken` or `bundle`."))
            }
            _ => Err(wrong("more than one way in: give `publishableToken`, `provider` or `bundle`.")),
        }
    }
}

impl Provider {
    fn read(provider: &JsValue) -> Result<Provider, Failure> {
        if let Some(callback) = provider.dyn_ref::<Function>() {
            return Ok(Provider::Callback(callback.clone()));
        }
        let url = js::text_or_url(provider).ok_or_else(|| wrong("`provider` must be a URL or a function."))?;
        absolute(&url).map(|url| Provider::Url(url.href())).ok_or_else(|| wrong("`provider` is not a URL."))
    }
}

fn wrong(why: &str) -> Failure {
    Failure::InvalidOptions(why.into())
}

/// A URL; in a page, also one relative to the page.
fn absolute(url: &str) -> Option<Url> {
    match js::field(&js_sys::global(), "location").and_then(|location| js::text_field(&location, "href")) {
        Some(page) => Url::new_with_base(url, &page).ok(),
        None => Url::new(url).ok(),
    }
}

fn base_url(options: &JsValue, name: &str) -> Result<Option<Url>, Failure> {
    let Some(value) = js::field(options, name) else { return Ok(None) };
    let url = js::text_or_url(&value).and_then(|url| absolute(&url));
    url.filter(|url| matches!(&*url.protocol(), "http:" | "https:"))
        .map(Some)
        .ok_or_else(|| wrong(&format!("`{name}` is not an http or https URL.")))
}

fn publishable_token(value: &JsValue) -> Result<TokenText, Failure> {
    let text = value.as_string().ok_or_else(|| wrong("`publishableToken` must be a string."))?;
    let token: TokenText =
        text.parse().map_err(|why: crate::ParseTokenError| Failure::TokenMalformed(why.to_string()))?;
    if token.kind() == TokenKind::Publishable {
        Ok(token)
    } else {
        // Whoever reads the page could use it: say so before anything is sent.
        let kind = token.kind();
        Err(wrong(&format!(
            "`publishableToken` is a token of the kind {kind}, which must not be in a page. Replace it."
        )))
    }
}

fn temporary_token(value: JsValue) -> Result<TemporaryTokenAnswer, Failure> {
    js::read(value)
        .ok_or_else(|| wrong("`temporaryToken` must be {authorization, expiresAt}, as the service answers it."))
}

fn request(options: &JsValue) -> Result<TemporaryTokenRequest, Failure> {
    let scopes = match js::field(options, "scopes") {
        None => ScopeSet::default(),
        Some(list) => {
            let scopes = list.dyn_into::<js_sys::Array>().map_err(|_| wrong("`scopes` must be an array."))?;
            let read = |value: JsValue| {
                js::read::<Scope>(value)
                    .ok_or_else(|| wrong("`scopes` holds something that is not a scope: expected resource:action."))
            };
            scopes.iter().map(read).collect::<Result<_, _>>()?
        }
    };
    let duration_seconds = match js::field(options, "durationSeconds").map(|value| value.as_f64()) {
        None => duration::DEFAULT,
        Some(Some(seconds)) if seconds >= 1.0 && seconds.fract() == 0.0 && seconds <= duration::MOST as f64 => {
            seconds as u64
        }
        Some(_) => return Err(wrong("`durationSeconds` must be a whole number of seconds, at most 86400.")),
    };
    Ok(TemporaryTokenRequest { scopes, duration_seconds: Some(duration_seconds), dpop_jkt: None })
}
