//! Reads what `connect` is given, field by field: serde-wasm-bindgen would be 16 kB more, and names no field in its errors.

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Url, UrlSearchParams};

use super::super::js::{
    call, get, global, is_present, items, joined, list, set, text, texts, try_get, whole_number, written,
};
use super::super::options::{DURATION, LONGEST, Options, ProviderOptions, RETRY_AFTER, Source, TIMEOUT, no_token};
use super::super::provider::{Provider, read_answer};
use super::super::signal::any;
use super::super::url::url_text;
use super::Error;
use crate::api::TemporaryTokenResponse;
use crate::text::parts;
use crate::{Scope, ScopeSet};

/// Each of these is one source of the credential; a provider may come with a first temporary token.
const SOURCES: [&str; 5] = ["publishableToken", "provider", "temporaryToken", "bundle", "host"];

/// The options that are read.
const NAMES: [&str; 14] = [
    "api",
    "service",
    "publishableToken",
    "provider",
    "temporaryToken",
    "bundle",
    "host",
    "scopes",
    "durationSeconds",
    "dpop",
    "share",
    "timeoutSeconds",
    "maxRetryAfterSeconds",
    "signal",
];

/// Copies the options, each of which is read once: getters may throw, or answer something else the next time.
pub(super) fn copy(given: &JsValue) -> Result<JsValue, Error> {
    if !given.is_object() {
        return Err(Error::option(&["expected an object of options, not ", type_name(given), "."].concat()));
    }
    // A proxy may have no keys to tell.
    let names =
        call(&global("Object"), "keys", &[given]).ok().and_then(|names| items(&names)).and_then(|names| texts(&names));
    if let Some(name) = names.iter().flatten().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(Error::option(&["`", name, "` is no option."].concat()));
    }
    let copy = Object::new().into();
    for name in NAMES {
        let value =
            try_get(given, name).map_err(|_| Error::option(&["`", name, "` cannot be read: it throws."].concat()))?;
        set(&copy, name, &value);
    }
    Ok(copy)
}

/// What is done to the page's address once a bundle is open.
pub(super) struct Clean {
    part: &'static str,
    name: String,
}

impl Clean {
    /// Removes the bundle from the page's address and history, and leaves the rest as it is.
    pub(super) fn run(self) -> Result<(), Error> {
        let url = Url::new(&text(&global("location"), "href").unwrap_or_default())?;
        let pairs = text(&url, self.part).unwrap_or_default();
        let is_other = |pair: &&str| UrlSearchParams::new_with_str(pair).is_ok_and(|pair| !pair.has(&self.name));
        let rest = parts(pairs.get(1..).unwrap_or_default(), b'&').filter(is_other).collect::<Vec<_>>();
        let rest = joined(&rest, "&");
        set(&url, self.part, &rest.into());
        let history = global("history");
        call(&history, "replaceState", &[&get(&history, "state"), &"".into(), &get(&url, "href")])?;
        Ok(())
    }
}

/// Reads the options. A bundle that stands in the page's address is looked for only the first time: it may be gone after that.
pub(super) fn read(given: &JsValue, is_first: bool) -> Result<(Options, Option<Clean>), Error> {
    let given = Given(given);
    let api = given.present("api").ok_or_else(|| Error::option("`api` is missing: the base URL of the API."))?;
    let api = url_text(&api).ok_or_else(|| wrong("api", "an http or https URL", &api))?;
    let service = given.present("service");
    let service = service.map(|url| url_text(&url).ok_or_else(|| wrong("service", "an http or https URL", &url)));
    let service = service.transpose()?;
    let mut clean = None;
    let sources: Vec<&str> = SOURCES.into_iter().filter(|source| given.present(source).is_some()).collect();
    let source = match sources[..] {
        [] => return Err(Error::option(&["a way in is missing: `", &joined(&SOURCES, "`, `"), "`."].concat())),
        ["publishableToken"] => Source::Publishable(given.text("publishableToken")?),
        ["provider"] | ["provider", "temporaryToken"] => {
            let provider = provider(given.get("provider"))?;
            Source::Provider(given.provider_options(provider)?)
        }
        ["host"] => {
            let patterns = hosts(&given.get("host"))
                .ok_or_else(|| wrong("host", "a string or an array of strings", &given.get("host")))?;
            let provider = Provider::host(patterns.iter().map(String::as_str))?;
            Source::Provider(given.provider_options(provider)?)
        }
        ["temporaryToken"] => Source::Temporary(given.temporary()?),
        ["bundle"] => {
            if service.is_none() {
                return Err(Error::option("`service` is missing: a bundle needs it."));
            }
            let mut text = String::new();
            if is_first {
                (text, clean) = find_bundle(&given.get("bundle"))?;
            }
            Source::Bundle(text)
        }
        _ => return Err(Error::option(&["more than one way in: `", &joined(&sources, "`, `"), "`."].concat())),
    };
    let timeout_seconds = given.seconds("timeoutSeconds", TIMEOUT)?;
    let max_retry_after_seconds = given.seconds("maxRetryAfterSeconds", RETRY_AFTER)?;
    let signal = given.present("signal");
    if let Some(signal) = signal.as_ref().filter(|signal| any(&[signal]).is_err()) {
        return Err(wrong("signal", "an AbortSignal", signal));
    }
    let signal = signal.map(|signal| signal.unchecked_into::<AbortSignal>());
    Ok((Options { api, service, source, timeout_seconds, max_retry_after_seconds, signal }, clean))
}

/// The options of `connect`, all of which are plain properties.
struct Given<'a>(&'a JsValue);

impl Given<'_> {
    fn get(&self, name: &str) -> JsValue {
        get(self.0, name)
    }

    fn present(&self, name: &str) -> Option<JsValue> {
        Some(self.get(name)).filter(is_present)
    }

    fn text(&self, name: &str) -> Result<String, Error> {
        let value = self.get(name);
        value.as_string().ok_or_else(|| wrong(name, "a string", &value))
    }

    fn seconds(&self, name: &str, default: f64) -> Result<f64, Error> {
        match self.present(name) {
            None => Ok(default),
            Some(value) => {
                let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0);
                seconds.ok_or_else(|| wrong(name, "a number of seconds, 0 or more", &value))
            }
        }
    }

    fn provider_options(&self, provider: Provider) -> Result<ProviderOptions, Error> {
        Ok(ProviderOptions {
            scopes: self.scopes()?,
            duration_seconds: self.duration()?,
            first: self.present("temporaryToken").map(|_| self.temporary()).transpose()?,
            share: self.share()?,
            dpop: self.dpop()?,
            ..ProviderOptions::new(provider)
        })
    }

    fn temporary(&self) -> Result<TemporaryTokenResponse, Error> {
        let token = self.get("temporaryToken");
        if text(&token, "authorization").is_none() || !is_present(&get(&token, "expiresAt")) {
            return Err(wrong("temporaryToken", "{authorization, expiresAt}, as the service answers it", &token));
        }
        read_answer(&token).map_err(|why| no_token(&why))
    }

    fn scopes(&self) -> Result<ScopeSet, Error> {
        let Some(value) = self.present("scopes") else { return Ok(ScopeSet::default()) };
        let what = "an array of scopes, each resource:action";
        let scopes = list(self.0, "scopes").ok_or_else(|| wrong("scopes", what, &value))?;
        let mut read = Vec::new();
        for scope in scopes.iter() {
            let text = scope.as_string().unwrap_or_default();
            read.push(Scope::read(&text).ok_or_else(|| wrong("scopes", what, &scope))?);
        }
        Ok(read.into_iter().collect())
    }

    fn duration(&self) -> Result<u64, Error> {
        let Some(value) = self.present("durationSeconds") else { return Ok(DURATION) };
        whole_number(&value)
            .filter(|seconds| (1..=LONGEST).contains(seconds))
            .ok_or_else(|| wrong("durationSeconds", "a whole number of seconds from 1 to 86400", &value))
    }

    fn share(&self) -> Result<Option<String>, Error> {
        match self.present("share") {
            None => Ok(None),
            Some(value) if value == false => Ok(None),
            Some(value) => {
                let name = value.as_string().filter(|name| !name.is_empty());
                name.map(Some).ok_or_else(|| wrong("share", "a name, such as the visitor's id, or false", &value))
            }
        }
    }

    fn dpop(&self) -> Result<bool, Error> {
        let value = self.get("dpop");
        if value.is_undefined() {
            Ok(false)
        } else {
            value.as_bool().ok_or_else(|| wrong("dpop", "true or false", &value))
        }
    }
}

/// Says what was expected, and the type of what is there: the value itself may be a secret, unless it is a number.
fn wrong(name: &str, expected: &str, value: &JsValue) -> Error {
    let (mark, number) = if value.as_f64().is_some() { (" ", written(value)) } else { ("", String::new()) };
    Error::option(&["`", name, "` must be ", expected, ", and is ", type_name(value), mark, &number, "."].concat())
}

fn provider(value: JsValue) -> Result<Provider, Error> {
    if value.is_function() {
        return Ok(value.unchecked_into::<Function>().into());
    }
    let url = url_text(&value).ok_or_else(|| wrong("provider", "a URL or a function", &value))?;
    Ok(Provider::url(url))
}

fn hosts(value: &JsValue) -> Option<Vec<String>> {
    match value.as_string() {
        Some(pattern) => Some(vec![pattern]),
        None => texts(&items(value)?),
    }
}

/// Finds the bundle, and what is to be done to the page's address once it is open.
fn find_bundle(bundle: &JsValue) -> Result<(String, Option<Clean>), Error> {
    if let Some(text) = bundle.as_string() {
        return Ok((text, None));
    }
    let from = text(bundle, "from").unwrap_or_default();
    let part = match from.as_str() {
        "query" => "search",
        "fragment" => "hash",
        _ => return Err(wrong("bundle", "a string, or say `from: 'query'` or `from: 'fragment'`", bundle)),
    };
    if !is_present(&global("location")) {
        return Err(Error::option("`bundle.from` needs a page: here is no location."));
    }
    let name = get(bundle, "name");
    let name =
        if name.is_undefined() { Some("bundle".to_owned()) } else { name.as_string().filter(|name| !name.is_empty()) };
    let name = name.ok_or_else(|| Error::option("`bundle.name` must be the name of a parameter."))?;
    let pairs = text(&global("location"), part).unwrap_or_default();
    let Some(found) = UrlSearchParams::new_with_str(pairs.get(1..).unwrap_or_default())?.get(&name) else {
        return Err(Error::option(&["`bundle`: the page's ", &from, " has no `", &name, "`."].concat()));
    };
    let clean = get(bundle, "clean").is_truthy().then_some(Clean { part, name });
    Ok((found, clean))
}

/// Names a value's type, for messages: never the value, which may be a secret.
fn type_name(value: &JsValue) -> &'static str {
    match () {
        () if value.is_undefined() => "undefined",
        () if value.is_null() => "null",
        () if value.as_f64().is_some() => "a number:",
        () if value.is_string() => "a string",
        () if value.as_bool().is_some() => "a boolean",
        () if value.is_function() => "a function",
        () if items(value).is_some() => "an array",
        () => "an object",
    }
}
