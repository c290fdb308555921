//! Which requests pages may send, and which responses they may read: [`Cors`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};

/// The headers of responses that pages may read, besides those that they always may (Fetch Standard, "CORS-safelisted
/// response-header name"): what loaders of ranges, pagers and caches go by, then what this layer sends.
const EXPOSED: &str = "Accept-Ranges, Content-Range, Content-Encoding, Content-Disposition, ETag, Link, \
                       WWW-Authenticate, Retry-After, Date, DPoP-Nonce, RateLimit, RateLimit-Policy";
/// The methods that pages may use.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// How long a browser may remember the response to a preflight, in seconds: as long as Chromium does at most.
const MAX_AGE: &str = "7200";
/// The methods that a page may use without asking (Fetch Standard, "CORS-safelisted method").
const SAFELISTED: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];
/// Methods that a product may have forgotten. The log names each of them that is not allowed.
const KNOWN: &[&str] = &[
    "OPTIONS",
    "PUT",
    "PATCH",
    "DELETE",
    "QUERY",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
];
/// How many other methods the log names that were asked for and are not allowed.
const MAX_LOGGED: usize = 8;
/// How much of a method the log has, in characters.
const MAX_SHOWN: usize = 32;

/// What pages of other origins may send and read (CORS): a setting of
/// [`VerifyLayer`](super::VerifyLayer::cors).
///
/// Which origins may read a response is no setting: the token says it. Every header of a request is allowed.
///
/// ```
/// # use std::time::Duration;
/// # use axum::http::Method;
/// # use daypass::verify::{Verifier, http::{Cors, VerifyLayer}};
/// # fn layer(verifier: Verifier) -> VerifyLayer {
/// let cors = Cors::new()
///     .expose(&["X-Total-Count"])
///     .methods(&[Method::GET, Method::HEAD, Method::from_bytes(b"PROPFIND").expect("a method")])
///     .max_age(Duration::from_secs(600))
///     .credentials();
/// VerifyLayer::new(verifier).cors(cors)
/// # }
/// ```
#[derive(Debug)]
pub struct Cors {
    exposed: HeaderValue,
    methods: HeaderValue,
    max_age: HeaderValue,
    allows_credentials: bool,
    /// The methods that the log has named, in upper case.
    logged: Mutex<Vec<String>>,
}

impl Default for Cors {
    fn default() -> Cors {
        Cors::new()
    }
}

impl Cors {
    /// Makes the settings that a layer has unless it gets others.
    #[must_use]
    pub fn new() -> Cors {
        Cors {
            exposed: HeaderValue::from_static(EXPOSED),
            methods: HeaderValue::from_static(METHODS),
            max_age: HeaderValue::from_static(MAX_AGE),
            allows_credentials: false,
            logged: Mutex::default(),
        }
    }

    /// Lets pages read these headers of responses too, besides `Accept-Ranges`, `Content-Range`, `Content-Encoding`,
    /// `Content-Disposition`, `ETag`, `Link` and those of this layer. A handler that sends its own
    /// `Access-Control-Expose-Headers` adds to them as well.
    ///
    /// # Panics
    /// If one is no name of a header.
    #[must_use]
    pub fn expose(self, names: &[&str]) -> Cors {
        let mut exposed = self.exposed.to_str().expect("names are ASCII").to_owned();
        for name in names {
            assert!(HeaderName::try_from(*name).is_ok(), "an exposed header must have a header's name: {name:?}");
            exposed.extend([", ", name]);
        }
        Cors { exposed: HeaderValue::try_from(exposed).expect("names are ASCII"), ..self }
    }

    /// Lets pages use these methods, instead of GET, HEAD, POST, PUT, PATCH and DELETE.
    ///
    /// Methods are compared exactly. A browser sends `patch` in lower case if the page wrote it so.
    ///
    /// This cannot keep pages from GET, HEAD and POST: browsers send them without asking, or whatever the response to
    /// the preflight says. A route that must not have them is one without them.
    #[must_use]
    pub fn methods(self, methods: &[Method]) -> Cors {
        let names: Vec<_> = methods.iter().map(Method::as_str).collect();
        Cors { methods: HeaderValue::try_from(names.join(", ")).expect("methods are ASCII"), ..self }
    }

    /// Sets how long a browser may remember the response to a preflight: 7200 seconds unless set, as
    /// Chromium takes no more. Firefox takes up to 86 400.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Cors {
        Cors { max_age: HeaderValue::from(age.as_secs()), ..self }
    }

    /// Lets pages send the API's cookies along (`credentials: 'include'`), and read the response, if the request has
    /// one token and that is not a [cookie](crate::verify::TokenLocation::Cookie).
    ///
    /// SECURITY: then a page that has a token, of whichever customer, can have a visitor's cookie sent with it. A
    /// handler must go by the [`Access`](crate::verify::Access) alone, and by a cookie for nothing that counts. A
    /// request [without a token](super::VerifyLayer::allow_missing_token) gets no such permission, since its handler
    /// may go by the cookie: a layer that lets it through allows no credentials in its preflights either.
    #[must_use]
    pub fn credentials(self) -> Cors {
        Cors { allows_credentials: true, ..self }
    }

    /// Answers a preflight. It carries no token, so it allows pages of every origin to send the request, which is then
    /// verified itself.
    pub(super) fn preflight<R: From<String>>(&self, parts: &Parts, needs_token: bool) -> Response<R> {
        let mut response = Response::new(R::from(String::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        for name in [header::ORIGIN, header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_REQUEST_HEADERS] {
            headers.append(header::VARY, name.into());
        }
        let requested = |name| parts.headers.get(name).cloned();
        if let Some(method) = requested(header::ACCESS_CONTROL_REQUEST_METHOD) {
            self.log_unless_allowed(&method);
        }
        let allow = [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, requested(header::ORIGIN)),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, requested(header::ACCESS_CONTROL_REQUEST_HEADERS)),
            (header::ACCESS_CONTROL_ALLOW_METHODS, Some(self.methods.clone())),
            (header::ACCESS_CONTROL_MAX_AGE, Some(self.max_age.clone())),
            (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, self.credentials_header().filter(|_| needs_token)),
        ];
        headers.extend(allow.into_iter().filter_map(|(name, value)| Some((name, value?))));
        response
    }

    /// Lets pages of one origin read a response, with the visitor's cookies or without.
    pub(super) fn allow(&self, headers: &mut HeaderMap, origin: HeaderValue, with_cookies: bool) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, self.exposed.clone());
        if let Some(allowed) = self.credentials_header().filter(|_| with_cookies) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, allowed);
        }
    }

    fn credentials_header(&self) -> Option<HeaderValue> {
        self.allows_credentials.then(|| HeaderValue::from_static("true"))
    }

    /// Logs a method that a page asked for and may not use, once for each: the browser tells only the page's developer.
    ///
    /// SECURITY: any program can send a preflight, so that the log names few methods that it invents, shortened, and
    /// still those that a product may have. A method has neither spaces nor control characters.
    fn log_unless_allowed(&self, method: &HeaderValue) {
        let Ok(method) = Method::from_bytes(method.as_bytes()) else { return };
        let allowed = self.methods.to_str().unwrap_or_default();
        if SAFELISTED.contains(&method) || allowed.split(", ").any(|name| name == method.as_str()) {
            return;
        }
        let name = method.as_str().to_ascii_uppercase();
        let is_known = |name: &str| KNOWN.contains(&name) || allowed.split(", ").any(|allowed| allowed == name);
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = || logged.iter().filter(|name| !is_known(name)).count() < MAX_LOGGED;
        if !logged.contains(&name) && (is_known(&name) || has_room()) {
            let help = if allowed.split(", ").any(|name| name.eq_ignore_ascii_case(method.as_str())) {
                "write the method in upper case in the page"
            } else {
                "add the method with `Cors::methods`, if the API has it"
            };
            let shown: String = method.as_str().chars().take(MAX_SHOWN).collect();
            tracing::warn!(method = shown, allowed, help, "page asks for a method that CORS does not allow");
            logged.push(name);
        }
    }
}

pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(header::ORIGIN)
        && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
