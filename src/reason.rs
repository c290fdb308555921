//! Every code, on the wire and in the browser, in one table: [`REASONS`].

/// What is the same for everything that has a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The stable name.
    pub code: &'static str,
    /// The HTTP status; 0 for what the browser half finds by itself.
    pub status: u16,
    /// Whether the same may succeed later without anyone changing anything.
    pub is_retryable: bool,
    /// What happened, in a sentence. `{}` stands for the particulars.
    pub message: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

impl Reason {
    /// The reason with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Reason> {
        REASONS.iter().find(|reason| reason.code == code)
    }
}

const fn reason(
    code: &'static str,
    status: u16,
    is_retryable: bool,
    message: &'static str,
    help: &'static str,
) -> Reason {
    Reason { code, status, is_retryable, message, help }
}

/// The one that is not among [`REASONS`]: those are in what could not be loaded. `pkg/src/core.js` says the same.
pub const LOAD_FAILED: Reason = reason(
    "load_failed",
    0,
    true,
    "The WebAssembly could not be loaded: {}",
    "Allow 'wasm-unsafe-eval' in script-src, or import daypass/nowasm.",
);

/// All of them but one. `docs/errors.md` and the TypeScript union list the same; `tests/codes.rs` holds the three together.
pub const REASONS: [Reason; 43] = [
    reason(
        "missing_token",
        401,
        false,
        "The request has no token.",
        "Send a token: a publishable one as ?pubtoken=, any other as Authorization: Bearer.",
    ),
    reason(
        "invalid_token",
        401,
        false,
        "The token is not valid.",
        "Check that the whole token was copied and that it is from this service.",
    ),
    reason("token_expired", 401, false, "The token has expired.", "Get a new token and send the request again."),
    reason(
        "token_not_yet_valid",
        401,
        true,
        "The token is not valid yet.",
        "Check the clocks of the servers, or wait until the token's time has come.",
    ),
    reason("token_revoked", 401, false, "The token was revoked.", "Ask whoever issued the token for a new one."),
    reason(
        "dpop_required",
        401,
        false,
        "The token is bound to a key, and was sent without a proof.",
        "Send it as Authorization: DPoP, with a proof made by the token's key.",
    ),
    reason("invalid_dpop_proof", 401, false, "{}", "Make a new proof for each request, as RFC 9449 says."),
    reason(
        "use_dpop_nonce",
        401,
        false,
        "The proof has no nonce, or an old one.",
        "Make a proof with the nonce in the header DPoP-Nonce, and send the request again.",
    ),
    reason(
        "too_many_requests",
        429,
        true,
        "There were too many requests just now.",
        "Wait for as many seconds as the header Retry-After says, and send fewer requests.",
    ),
    reason("invalid_request", 400, false, "{}", "Mend the request as the message says."),
    reason(
        "invalid_body",
        400,
        false,
        "The body is not what was expected: {}.",
        "Send a JSON object of the documented shape, with Content-Type: application/json.",
    ),
    reason("body_too_large", 413, false, "The body is larger than {} bytes.", "Send less."),
    reason("too_slow", 408, true, "The request did not arrive in time.", "Send the request again, whole."),
    reason(
        "secret_in_query",
        400,
        false,
        "A token of the kind {} was sent in the query of a URL.",
        "Send it in the Authorization header, and replace this token: logs may hold it by now.",
    ),
    reason(
        "secret_in_browser",
        403,
        false,
        "A token of the kind {} was sent by a browser.",
        "Give browsers a publishable or a temporary token, and replace this token: visitors may have read it.",
    ),
    reason(
        "kind_not_accepted",
        403,
        false,
        "A token of the kind {} is not accepted here.",
        "Use a token of a kind that is accepted here.",
    ),
    reason(
        "origin_required",
        403,
        false,
        "The request has no usable Origin header, which a publishable token needs.",
        "A publishable token works in web pages only. Use a secret token on a server.",
    ),
    reason(
        "origin_not_allowed",
        403,
        false,
        "The token does not allow the origin {}.",
        "Add the page's origin to the token, or use a token made for it.",
    ),
    reason(
        "insufficient_scope",
        403,
        false,
        "The token does not have the scope {} here.",
        "Use a token with this scope for the tenant and resource in question.",
    ),
    reason("invalid_scope", 400, false, "{}", "Ask only for scopes of the catalogue that your own token holds."),
    reason(
        "duration_out_of_range",
        400,
        false,
        "The duration must be {} seconds, within the life of the token that asks.",
        "Ask for a duration within the range.",
    ),
    reason("not_found", 404, false, "There is nothing here.", "Check the path and the id."),
    reason(
        "method_not_allowed",
        405,
        false,
        "This path does not answer this method.",
        "Use one of the methods in the header Allow.",
    ),
    reason(
        "already_exists",
        409,
        false,
        "A token with this id exists.",
        "Choose another id, or revoke the token that has it.",
    ),
    reason(
        "limit_reached",
        409,
        false,
        "There are {} tokens of this kind, which is the most.",
        "Revoke a token that is no longer needed.",
    ),
    reason("unavailable", 503, true, "The token could not be checked just now.", "Try again in a moment."),
    // What the browser half finds by itself.
    reason("invalid_options", 0, false, "connect: {}", "Mend the option that the message names."),
    reason("token_malformed", 0, false, "The token cannot be right: {}.", "Copy the whole token again."),
    reason(
        "network_failed",
        0,
        true,
        "No answer from {} that this page may read.",
        "Check the connection, the address, and that the server allows this page's origin (CORS).",
    ),
    reason(
        "foreign_url",
        0,
        false,
        "{} is not the API's origin.",
        "Use the browser's own fetch for other servers: the token goes to the API alone.",
    ),
    reason(
        "body_not_replayable",
        0,
        true,
        "The API answered 401, and the request's body can be sent only once.",
        "The token is fresh now: make the request again.",
    ),
    reason(
        "provider_failed",
        0,
        true,
        "The token provider failed. {}",
        "Look at what your backend answers; Daypass tries again by itself.",
    ),
    reason(
        "provider_timeout",
        0,
        true,
        "The token provider did not answer.",
        "Make your backend answer within 10 seconds; Daypass tries again by itself.",
    ),
    reason(
        "provider_stale",
        0,
        true,
        "The token provider answered with a token that is over or already in use.",
        "Do not cache tokens: create one for each call, and answer with Cache-Control: no-store.",
    ),
    reason(
        "provider_forbidden",
        0,
        false,
        "The token provider gives no more tokens.",
        "Your backend answered 403: the visitor may have to sign in again.",
    ),
    reason(
        "bundle_malformed",
        0,
        false,
        "This is not a parameter bundle.",
        "Pass the bundle as the service answered it, whole.",
    ),
    reason(
        "bundle_unknown_key",
        0,
        false,
        "The bundle is not signed with a key of the service.",
        "Check that `service` is the service that signed the bundle.",
    ),
    reason(
        "bundle_changed",
        0,
        false,
        "The bundle was changed after it was signed.",
        "Pass the bundle as the service answered it: a link may have been cut or edited.",
    ),
    reason(
        "bundle_unverifiable",
        0,
        false,
        "This browser cannot verify a signed bundle.",
        "Serve the page over https. Browsers know Ed25519 since 2025; others open bundles by reference.",
    ),
    reason(
        "bundle_expired",
        0,
        false,
        "The bundle has expired.",
        "Open the page again from where it was linked: bundles are short-lived.",
    ),
    reason(
        "bundle_origin",
        0,
        false,
        "The bundle was not made for the origin {}.",
        "Add this page's origin to `origins` when the bundle is created.",
    ),
    reason(
        "bundle_refused",
        0,
        false,
        "The service does not accept the bundle.",
        "Create a new bundle: this one is unknown, over or revoked.",
    ),
    reason("closed", 0, false, "The connection is closed.", "Connect again."),
];
