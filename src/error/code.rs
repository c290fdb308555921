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
}

/// What people read about one code.
#[derive(Clone, Copy)]
struct Texts {
    message: &'static str,
    help: &'static str,
}

macro_rules! error_codes {
    ($($variant:ident: $code:literal, $status:literal, $retryable:literal, $message:literal, $help:literal,
        $meaning:literal;)*) => {
        /// A stable name for each way to fail, on the wire and in the browser.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $code, "`: ", $meaning)] $variant,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),*];

            /// Returns what the code means, for the reference.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                // Not in the table: the browser's build then drops these texts, which it never shows.
                match self {
                    $(ErrorCode::$variant => $meaning,)*
                }
            }
        }

        static TABLE: [Row; ErrorCode::ALL.len()] = [$(
            Row { code: $code, status: $status, is_retryable: $retryable },
        )*];

        const TEXTS: [Texts; ErrorCode::ALL.len()] = [$(Texts { message: $message, help: $help },)*];
    };
}

// Code, HTTP status (0 for what the browser finds by itself), whether the same request may succeed later without anyone
// changing anything, what happened (`{}` stands for the particulars), what to do about it, what the code means.
error_codes! {
    MissingToken: "missing_token", 401, false,
        "The request has no token.",
        "Send a publishable token as ?pubtoken=, any other as Authorization: Bearer.",
        "The request has no token.";
    InvalidToken: "invalid_token", 401, false,
        "The token is not valid.",
        "Check that the whole token was copied, and that this service issued it.",
        "The token is not authentic: malformed, mistyped, unknown or signed by another key.";
    TokenExpired: "token_expired", 401, false,
        "The token has expired.",
        "Get a new token and send the request again.",
        "The token is authentic and has expired.";
    TokenNotYetValid: "token_not_yet_valid", 401, true,
        "The token is not valid yet.",
        "Check the clocks of the servers, or wait until the token is valid.",
        "The token is authentic, and its time has not come.";
    TokenRevoked: "token_revoked", 401, false,
        "The token was revoked.",
        "Ask the issuer of the token for a new one.",
        "The token is authentic and was revoked.";
    OrganizationSuspended: "organization_suspended", 403, false,
        "The organization of the token is suspended.",
        "Ask the operator of the token service to resume the organization.",
        "The token is authentic, and its organization is suspended: none of its tokens is accepted until that ends.";
    InvalidClient: "invalid_client", 401, false,
        "The client could not be authenticated: {}",
        "Send the id of a secret token and the token itself, each form-urlencoded, as Basic authentication.",
        "Basic authentication failed (RFC 6749, sections 2.3.1 and 5.2); the message says why.";
    DpopRequired: "dpop_required", 401, false,
        "The token is bound to a key, and was sent without a proof.",
        "Send it as Authorization: DPoP, with a proof made by the token's key.",
        "The token is bound to a key (RFC 9449) and was sent without a proof.";
    InvalidDpopProof: "invalid_dpop_proof", 401, false,
        "{}",
        "Make a new proof for each request (RFC 9449).",
        "The proof is for another request, too old, used before or malformed; the message says which.";
    UseDpopNonce: "use_dpop_nonce", 401, false,
        "The proof lacks a current nonce.",
        "Make a proof with the nonce in the header DPoP-Nonce, and send the request again.",
        "The proof lacks the nonce that the header `DPoP-Nonce` gives.";
    TooManyRequests: "too_many_requests", 429, true,
        "Too many requests.",
        "Wait for the seconds in the header Retry-After, and send fewer requests.",
        "A client, token, organization or key exceeded a limit, which an API names in RateLimit, or too many sign-ins failed.";
    InvalidRequest: "invalid_request", 400, false,
        "{}",
        "Fix the request as the message says, and send it again.",
        "The request has two tokens, two origins, a field that is missing or wrong, or too much for one JWT.";
    InvalidBody: "invalid_body", 400, false,
        "The body is not valid: {}.",
        "Send a JSON object of the documented shape, with Content-Type: application/json.",
        "The body is not the expected JSON.";
    BodyTooLarge: "body_too_large", 413, false,
        "The body is larger than {} bytes.",
        "Send a smaller body.",
        "The body is larger than 64 KiB.";
    TooSlow: "too_slow", 408, true,
        "The request did not arrive in time.",
        "Send the whole request again.",
        "The body did not arrive within 15 seconds.";
    SecretInQuery: "secret_in_query", 400, false,
        "A token of kind {} was sent in the query of a URL.",
        "Send it in the Authorization header, and replace this token: logs may hold it.",
        "A token that is not publishable was sent in the query of a URL.";
    SecretInBrowser: "secret_in_browser", 403, false,
        "A token of kind {} was sent by a browser.",
        "Give browsers a publishable or a temporary token, and replace this token: visitors may have read it.",
        "A token for backends was sent with an `Origin` header, so by a browser.";
    KindNotAccepted: "kind_not_accepted", 403, false,
        "A token of kind {} is not accepted here.",
        "Use a token of a kind that is accepted here.",
        "Tokens of this kind are not accepted for this request.";
    OriginRequired: "origin_required", 403, false,
        "It is not known which page sent the request: {}.",
        "Use a token that is bound to origins in web pages only, and a secret token on a server.",
        "A publishable token, or a temporary one that is bound to origins, was sent without saying from which page. \
         The message says what was seen, and the help fits it.";
    OriginNotAllowed: "origin_not_allowed", 403, false,
        "The token does not allow the origin {}.",
        "Add the page's origin to the token, or use a token made for it.",
        "The token does not allow the page's origin. In the browser the message also lists the allowed origins.";
    InsufficientScope: "insufficient_scope", 403, false,
        "The token lacks the scope {}.",
        "Use a token with this scope for the tenant and the resources of the request.",
        "The token lacks the scope, or lacks it for this tenant or resource.";
    InvalidScope: "invalid_scope", 400, false,
        "{}",
        "Request only scopes of the catalogue that your own token has.",
        "A requested scope does not exist, or the caller's token does not have it.";
    DurationOutOfRange: "duration_out_of_range", 400, false,
        "The duration must be {} seconds, and end no later than your own token.",
        "Request a duration within the range.",
        "The duration is outside the documented range, or ends after the caller's token.";
    NotFound: "not_found", 404, false,
        "Nothing was found here.",
        "Check the path and the id.",
        "Nothing has this path or id.";
    MethodNotAllowed: "method_not_allowed", 405, false,
        "This path does not support this method.",
        "Use one of the methods in the header Allow.",
        "The path exists, for other methods.";
    AlreadyExists: "already_exists", 409, false,
        "This id or email is taken.",
        "Choose another, or revoke or remove what has it.",
        "An active token or an organization has this id, or a user of the organization this email address.";
    LimitReached: "limit_reached", 409, false,
        "Limit reached: {}.",
        "Revoke a token that is no longer needed, or ask the operator for a higher limit.",
        "The organization has as many active tokens of this kind, principals or bundles as its limits allow.";
    VersionConflict: "version_conflict", 409, false,
        "It was edited meanwhile: its version is {}.",
        "Read it again, and send the edit with its new version in If-Match.",
        "The token, principal or catalogue has another version than the edit's `If-Match`.";
    ScopesInUse: "scopes_in_use", 409, false,
        "{}",
        "Keep these scopes, or add ?yes=true.",
        "Active tokens hold scopes that the new catalogue lacks; the message names both.";
    TokenImmutable: "token_immutable", 403, false,
        "A token of kind {} cannot be edited.",
        "Revoke it and create another one: an application token under the same id.",
        "Tokens of this kind are immutable.";
    BundleUsed: "bundle_used", 403, false,
        "The bundle was redeemed before, and can be redeemed only once.",
        "Create a new bundle for each visitor and page.",
        "A single-use bundle was redeemed by another client, or more than 60 seconds ago.";
    NotSignedIn: "not_signed_in", 401, false,
        "{}",
        "Sign in, and send the request again.",
        "The request has no session or one that has ended, and no token. The message says what needs the session.";
    SignInFailed: "sign_in_failed", 401, false,
        "{}",
        "Check what you entered, or ask an administrator of your organization for an invitation.",
        "The email or the password is wrong, or the OpenID Connect provider did not confirm a linked identity.";
    CrossSiteRequest: "cross_site_request", 403, false,
        "The request does not come from a page of this service.",
        "Send the service's own origin in the header Origin, or use a token instead of a session.",
        "A request with a session would change something, and its `Origin` or `Sec-Fetch-Site` is not the service's own.";
    InsufficientRole: "insufficient_role", 403, false,
        "The role {} does not allow this request.",
        "Ask an owner or an admin of the organization.",
        "The signed-in user's role in the organization does not include what the request needs.";
    InvalidInvitation: "invalid_invitation", 403, false,
        "The invitation is not valid.",
        "Ask the person who invited you for a new link: each can be used once, within 7 days.",
        "The invitation is unknown, expired, used or replaced by a newer one, or the user was removed.";
    Misconfigured: "misconfigured", 500, false,
        "The API is not set up correctly.",
        "Look at the log of the API: it names what is missing.",
        "The API lacks a part that the request needs, such as the verifier's layer.";
    Unavailable: "unavailable", 503, true,
        "The token could not be checked.",
        "Try again in a moment.",
        "The store, the keys, introspection or the revocation feed did not answer in time. Nothing passes until then.";
    // From here on: what the browser finds by itself.
    InvalidOptions: "invalid_options", 0, false,
        "connect: {}",
        "Fix the option that the message names.",
        "An option of `connect` is missing or wrong; the message names it.";
    TokenMalformed: "token_malformed", 0, false,
        "The token is malformed: {}.",
        "Copy the whole token again.",
        "The publishable token is mistyped or incomplete.";
    NetworkFailed: "network_failed", 0, true,
        "No response from {} that this page may read.",
        "Check the address, and that the server allows this page's origin (CORS).",
        "The page got no response that it may read.";
    ForeignUrl: "foreign_url", 0, false,
        "The URL is not the API's: {}.",
        "Use the browser's own fetch for other servers.",
        "`fetch` got a URL of another origin than the API's.";
    BodyNotReplayable: "body_not_replayable", 0, true,
        "The API answered 401, and the body can be sent only once.",
        "The token is fresh now: make the request again.",
        "The API answered 401, and the body is a stream that can be sent only once.";
    ProviderFailed: "provider_failed", 0, true,
        "The token provider failed. {}",
        "Check your backend; an open connection retries by itself.",
        "The token provider failed, or returned something other than a token.";
    ProviderTimeout: "provider_timeout", 0, true,
        "The token provider did not answer.",
        "Make your backend answer within 10 seconds; an open connection retries by itself.",
        "The token provider did not answer for 10 seconds.";
    ProviderStale: "provider_stale", 0, true,
        "The token provider answered with a token that is expired or already in use.",
        "Create a token for each call, and answer with Cache-Control: no-store.",
        "The token provider returned a token that is expired or already in use.";
    ProviderUnauthorized: "provider_unauthorized", 0, false,
        "The token provider does not know the visitor. {}",
        "Have the visitor sign in again, and connect again.",
        "The token provider answered 401. It is not called again.";
    ProviderForbidden: "provider_forbidden", 0, false,
        "The token provider gives no more tokens. {}",
        "Your backend answered 403: have the visitor sign in again.",
        "The token provider answered 403. It is not called again.";
    BundleMalformed: "bundle_malformed", 0, false,
        "This is not a parameter bundle.",
        "Pass the whole bundle, as the service returned it.",
        "The bundle is neither a reference nor a JWT.";
    BundleUnknownKey: "bundle_unknown_key", 0, false,
        "The bundle is not signed with a key of the service.",
        "Check that `service` is the service that signed the bundle.",
        "No key of the service has the id that the bundle names.";
    BundleChanged: "bundle_changed", 0, false,
        "The bundle was changed after it was signed.",
        "Pass the whole bundle, as the service returned it.",
        "The signature does not match the bundle.";
    BundleUnverifiable: "bundle_unverifiable", 0, false,
        "This browser cannot verify a signed bundle.",
        "Serve the page over https. Browsers without Ed25519 open bundles by reference.",
        "The page has no cryptography because it is not served over https, or the browser has no Ed25519.";
    BundleExpired: "bundle_expired", 0, false,
        "The bundle has expired.",
        "Open the page again from where it was linked.",
        "The bundle has expired.";
    BundleOrigin: "bundle_origin", 0, false,
        "The bundle was not made for the origin {}.",
        "Add this page's origin to `origins` when you create the bundle.",
        "The bundle was made for pages of other origins.";
    BundleRefused: "bundle_refused", 0, false,
        "The service does not accept the bundle.",
        "Create a new bundle: this one is unknown, expired or revoked.",
        "The service does not know the reference, or it is expired or revoked.";
    StreamNotSupported: "stream_not_supported", 0, false,
        "This browser cannot send a stream as a body.",
        "Send bytes or a Blob.",
        "The request's body is a stream, and the browser would send its name instead.";
    Interrupted: "interrupted", 0, true,
        "The call was interrupted.",
        "Make the call again.",
        "The WebAssembly instance failed during the call. Another one has taken over the connection.";
    Closed: "closed", 0, false,
        "The connection is closed.",
        "Connect again.",
        "`close()` was called.";
    // `pkg/src/core.js` repeats this row: the table is in the module that could not be loaded.
    LoadFailed: "load_failed", 0, true,
        "The WebAssembly could not be loaded: {}",
        "Allow 'wasm-unsafe-eval' in script-src, or import daypass/nowasm.",
        "The WebAssembly could not be loaded; the message gives the browser's reason.";
}

static ALL_TEXTS: [Texts; ErrorCode::ALL.len()] = TEXTS;

/// The texts that every visitor downloads.
#[cfg(feature = "browser")]
static BROWSER_TEXTS: [Texts; ErrorCode::ALL.len()] = {
    let mut texts = TEXTS;
    let mut at = 0;
    while at < texts.len() {
        if !ErrorCode::ALL[at].is_reported_by_browser() {
            texts[at] = Texts { message: "", help: "" };
        }
        at += 1;
    }
    texts
};

impl ErrorCode {
    /// Returns whether the browser itself reports the code: what it finds, and what it knows without asking the API.
    #[cfg(feature = "browser")]
    const fn is_reported_by_browser(self) -> bool {
        let is_known = matches!(
            self,
            ErrorCode::TokenExpired
                | ErrorCode::DpopRequired
                | ErrorCode::InsufficientScope
                | ErrorCode::OriginNotAllowed
        );
        // The loader has the text of its own failure.
        is_known || (TABLE[self as usize].status == 0 && !matches!(self, ErrorCode::LoadFailed))
    }

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
        ALL_TEXTS[self as usize].message
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(self) -> &'static str {
        ALL_TEXTS[self as usize].help
    }

    /// Returns the message and the help of a code that the browser itself reports; of another they are empty, since an API
    /// sends its own.
    #[cfg(feature = "browser")]
    pub(crate) fn browser_texts(self) -> (&'static str, &'static str) {
        let Texts { message, help } = BROWSER_TEXTS[self as usize];
        (message, help)
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

/// Returns the schema of a text that names a code of a response.
#[cfg(feature = "schema")]
pub(super) fn names(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = ErrorCode::ALL.iter().filter(|code| code.status() > 0).map(|code| code.as_str());
    schemars::json_schema!({ "type": "string", "enum": names.collect::<Vec<_>>() })
}
