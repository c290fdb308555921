//! THE table of error codes: [`ErrorCode`].
//!
//! The enum comes from the table below. `cargo xtask codegen` writes `docs/reference/errors.md` and the TypeScript union
//! `DaypassErrorCode` from it, and a test says when they are stale.

use std::fmt;

/// What the table says about one code.
struct Row {
    code: &'static str,
    status: u16,
    is_retryable: bool,
    message: &'static str,
    help: &'static str,
}

macro_rules! error_codes {
    ($($variant:ident: $code:literal, $status:literal, $retryable:literal, $message:literal, $help:literal;)*) => {
        /// A stable name for each way to fail, on the wire and in the browser.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $code, "`: ", $message)] $variant,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),*];
        }

        static TABLE: [Row; ErrorCode::ALL.len()] = [$(
            Row { code: $code, status: $status, is_retryable: $retryable, message: $message, help: $help },
        )*];
    };
}

// Code, HTTP status (0 for what the browser finds by itself), whether the same request may succeed later without anyone changing
// anything, what happened (`{}` stands for the particulars), what to do about it.
error_codes! {
    MissingToken: "missing_token", 401, false,
        "The request has no token.",
        "Send a publishable token as ?pubtoken=, any other as Authorization: Bearer.";
    InvalidToken: "invalid_token", 401, false,
        "The token is not valid.",
        "Check that the whole token was copied, and that this service issued it.";
    TokenExpired: "token_expired", 401, false,
        "The token has expired.",
        "Get a new token and send the request again.";
    TokenNotYetValid: "token_not_yet_valid", 401, true,
        "The token is not valid yet.",
        "Check the clocks of the servers, or wait until the token is valid.";
    TokenRevoked: "token_revoked", 401, false,
        "The token was revoked.",
        "Ask the issuer of the token for a new one.";
    DpopRequired: "dpop_required", 401, false,
        "The token is bound to a key, and was sent without a proof.",
        "Send it as Authorization: DPoP, with a proof made by the token's key.";
    InvalidDpopProof: "invalid_dpop_proof", 401, false,
        "{}",
        "Make a new proof for each request (RFC 9449).";
    UseDpopNonce: "use_dpop_nonce", 401, false,
        "The proof lacks a current nonce.",
        "Make a proof with the nonce in the header DPoP-Nonce, and send the request again.";
    TooManyRequests: "too_many_requests", 429, true,
        "Too many requests.",
        "Wait for the seconds in the header Retry-After, and send fewer requests.";
    InvalidRequest: "invalid_request", 400, false,
        "{}",
        "Fix the request as the message says, and send it again.";
    InvalidBody: "invalid_body", 400, false,
        "The body is not valid: {}.",
        "Send a JSON object of the documented shape, with Content-Type: application/json.";
    BodyTooLarge: "body_too_large", 413, false,
        "The body is larger than {} bytes.",
        "Send a smaller body.";
    TooSlow: "too_slow", 408, true,
        "The request did not arrive in time.",
        "Send the whole request again.";
    SecretInQuery: "secret_in_query", 400, false,
        "A token of kind {} was sent in the query of a URL.",
        "Send it in the Authorization header, and replace this token: logs may hold it.";
    SecretInBrowser: "secret_in_browser", 403, false,
        "A token of kind {} was sent by a browser.",
        "Give browsers a publishable or a temporary token, and replace this token: visitors may have read it.";
    KindNotAccepted: "kind_not_accepted", 403, false,
        "A token of kind {} is not accepted here.",
        "Use a token of a kind that is accepted here.";
    OriginRequired: "origin_required", 403, false,
        "The request has no usable Origin header, which a publishable token needs.",
        "Use a publishable token in web pages only, and a secret token on a server.";
    OriginNotAllowed: "origin_not_allowed", 403, false,
        "The token does not allow the origin {}.",
        "Add the page's origin to the token, or use a token made for it.";
    InsufficientScope: "insufficient_scope", 403, false,
        "The token lacks the scope {}.",
        "Use a token with this scope for the tenant and the resources of the request.";
    InvalidScope: "invalid_scope", 400, false,
        "{}",
        "Request only scopes of the catalogue that your own token has.";
    DurationOutOfRange: "duration_out_of_range", 400, false,
        "The duration must be {} seconds, and end no later than your own token.",
        "Request a duration within the range.";
    NotFound: "not_found", 404, false,
        "Nothing was found here.",
        "Check the path and the id.";
    MethodNotAllowed: "method_not_allowed", 405, false,
        "This path does not support this method.",
        "Use one of the methods in the header Allow.";
    AlreadyExists: "already_exists", 409, false,
        "A token with this id exists.",
        "Choose another id, or revoke the token that has it.";
    LimitReached: "limit_reached", 409, false,
        "Limit reached: {}.",
        "Revoke a token that is no longer needed.";
    Misconfigured: "misconfigured", 500, false,
        "The API is not set up correctly.",
        "Look at the log of the API: it names what is missing.";
    Unavailable: "unavailable", 503, true,
        "The token could not be checked.",
        "Try again in a moment.";
    // From here on: what the browser finds by itself.
    InvalidOptions: "invalid_options", 0, false,
        "connect: {}",
        "Fix the option that the message names.";
    TokenMalformed: "token_malformed", 0, false,
        "The token is malformed: {}.",
        "Copy the whole token again.";
    NetworkFailed: "network_failed", 0, true,
        "No response from {} that this page may read.",
        "Check the connection, the address, and that the server allows this page's origin (CORS).";
    ForeignUrl: "foreign_url", 0, false,
        "{} is not the API's origin.",
        "Use the browser's own fetch for other servers: the token goes to the API alone.";
    BodyNotReplayable: "body_not_replayable", 0, true,
        "The API answered 401, and the request's body can be sent only once.",
        "The token is fresh now: make the request again.";
    ProviderFailed: "provider_failed", 0, true,
        "The token provider failed. {}",
        "Check your backend's response; Daypass retries by itself.";
    ProviderTimeout: "provider_timeout", 0, true,
        "The token provider did not answer.",
        "Make your backend answer within 10 seconds; Daypass retries by itself.";
    ProviderStale: "provider_stale", 0, true,
        "The token provider answered with a token that is expired or already in use.",
        "Do not cache tokens: create one for each call, and answer with Cache-Control: no-store.";
    ProviderForbidden: "provider_forbidden", 0, false,
        "The token provider gives no more tokens.",
        "Your backend answered 403: the visitor may have to sign in again.";
    BundleMalformed: "bundle_malformed", 0, false,
        "This is not a parameter bundle.",
        "Pass the whole bundle, as the service returned it.";
    BundleUnknownKey: "bundle_unknown_key", 0, false,
        "The bundle is not signed with a key of the service.",
        "Check that `service` is the service that signed the bundle.";
    BundleChanged: "bundle_changed", 0, false,
        "The bundle was changed after it was signed.",
        "Pass the bundle as the service returned it: a link may have been cut or edited.";
    BundleUnverifiable: "bundle_unverifiable", 0, false,
        "This browser cannot verify a signed bundle.",
        "Serve the page over https. Browsers know Ed25519 since 2025; others open bundles by reference.";
    BundleExpired: "bundle_expired", 0, false,
        "The bundle has expired.",
        "Open the page again from where it was linked: bundles are short-lived.";
    BundleOrigin: "bundle_origin", 0, false,
        "The bundle was not made for the origin {}.",
        "Add this page's origin to `origins` when you create the bundle.";
    BundleRefused: "bundle_refused", 0, false,
        "The service does not accept the bundle.",
        "Create a new bundle: this one is unknown, expired or revoked.";
    Closed: "closed", 0, false,
        "The connection is closed.",
        "Connect again.";
    // `pkg/src/core.js` repeats this row: the table is in the module that could not be loaded.
    LoadFailed: "load_failed", 0, true,
        "The WebAssembly could not be loaded: {}",
        "Allow 'wasm-unsafe-eval' in script-src, or import daypass/nowasm.";
}

impl ErrorCode {
    /// Finds a code by its stable name.
    #[must_use]
    pub fn find(name: &str) -> Option<ErrorCode> {
        ErrorCode::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Returns the stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().code
    }

    /// Returns the HTTP status; 0 for what the browser finds by itself.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().status
    }

    /// Returns whether the same request may succeed later without anyone changing anything.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        self.row().is_retryable
    }

    /// Returns what happened, in a sentence. `{}` stands for the particulars.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.row().message
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(self) -> &'static str {
        self.row().help
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<&str> for ErrorCode {
    fn eq(&self, name: &&str) -> bool {
        self.as_str() == *name
    }
}
