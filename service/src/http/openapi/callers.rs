//! Who may call an operation, and how they authenticate: [`Callers`].

use daypass::ErrorCode;
use serde_json::{Map, Value, json};

use super::super::cookie;

use ErrorCode::{
    CrossSiteRequest, InsufficientRole, InsufficientScope, InvalidClient, InvalidRequest, InvalidToken,
    KindNotAccepted, MissingToken, NotFound, NotSignedIn, OrganizationSuspended, OriginNotAllowed, OriginRequired,
    SecretInBrowser, SecretInQuery, TokenExpired, TokenNotYetValid, TokenRevoked, TooManyRequests, Unavailable,
};

/// Who may call an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Callers {
    /// Anyone.
    Anyone,
    /// The holder of any token, in any state.
    Holders,
    /// The holder of a secret token with this scope, or a signed-in user whose role has it.
    Managers(&'static str),
    /// The holder of a secret token with this scope, whose organization may be suspended.
    Followers(&'static str),
    /// The holder of a secret token with this scope.
    Secret(&'static str),
    /// The holder of a secret token with this scope on every tenant.
    Operators(&'static str),
    /// The holder of a secret token.
    Backends,
    /// The holder of a secret or an application token with this scope.
    Minters(&'static str),
    /// The holder of a secret token with this scope, or an OAuth client about its own tokens.
    HoldersAndClients(&'static str),
    /// An OAuth client.
    Clients,
    /// A page of the service.
    OwnPages,
    /// A signed-in person, on a page of the service.
    People,
}

/// What the check of any token may find.
const OF_TOKENS: &[ErrorCode] = &[
    MissingToken,
    InvalidToken,
    TokenExpired,
    TokenNotYetValid,
    TokenRevoked,
    OrganizationSuspended,
    InvalidRequest,
    SecretInQuery,
    SecretInBrowser,
    KindNotAccepted,
    OriginRequired,
    OriginNotAllowed,
    TooManyRequests,
    Unavailable,
];

const OF_SESSIONS: &[ErrorCode] = &[NotSignedIn, CrossSiteRequest, TooManyRequests, Unavailable];

impl Callers {
    /// Returns the names of the security schemes, any one of which is enough.
    fn schemes(self) -> &'static [&'static str] {
        match self {
            Callers::Anyone | Callers::OwnPages => &[],
            Callers::Holders => {
                &["bearerToken", "boundToken", "applicationToken", "publishableToken", "bundleReference"]
            }
            Callers::Managers(_) => &["bearerToken", "session"],
            Callers::Followers(_) | Callers::Secret(_) | Callers::Operators(_) | Callers::Backends => &["bearerToken"],
            Callers::Minters(_) => &["bearerToken", "applicationToken"],
            Callers::HoldersAndClients(_) => &["bearerToken", "basic"],
            Callers::Clients => &["basic"],
            Callers::People => &["session"],
        }
    }

    /// Returns the security requirements of an operation.
    pub(super) fn security(self) -> Value {
        let schemes = self.schemes().iter().map(|scheme| json!({ *scheme: [] }));
        // A public client names itself in the form, without a credential.
        let is_public = matches!(self, Callers::Clients | Callers::HoldersAndClients(_));
        schemes.chain(is_public.then(|| json!({}))).collect()
    }

    /// Returns who may call, in a sentence.
    pub(super) fn describe(self) -> String {
        match self {
            Callers::Anyone => "Anyone may call it, without a token.".into(),
            Callers::Holders => "The holder of any token may call it, whatever the token's state is.".into(),
            Callers::Managers(scope) => {
                format!("Needs a secret token with the scope `{scope}`, or the session of a user whose role has it.")
            }
            Callers::Followers(scope) => {
                format!("Needs a secret token with the scope `{scope}`. Its organization may be suspended.")
            }
            Callers::Secret(scope) => format!("Needs a secret token with the scope `{scope}`."),
            Callers::Operators(scope) => {
                format!("Needs a secret token with the scope `{scope}` on the tenant `*`, as operators have.")
            }
            Callers::Backends => "Needs a secret token.".into(),
            Callers::Minters(scope) => format!("Needs a secret or an application token with the scope `{scope}`."),
            Callers::HoldersAndClients(scope) => format!(
                "Needs a secret token with the scope `{scope}`, as Bearer or as Basic with the token's id as the user. An \
                 OAuth client authenticates as at `/oauth/token`, and reaches its own tokens alone."
            ),
            Callers::Clients => {
                "For OAuth clients. A confidential client sends its id and secret as Basic or in the form, a \
                                 public client its `client_id` in the form."
                    .into()
            }
            Callers::OwnPages => {
                "For pages of the service: the header `Origin`, or else `Sec-Fetch-Site`, says so.".into()
            }
            Callers::People => "For signed-in people, on pages of the service.".into(),
        }
    }

    /// Returns the codes with which a caller may be refused.
    pub(super) fn codes(self) -> Vec<ErrorCode> {
        let parts: &[&[ErrorCode]] = match self {
            Callers::Anyone => &[],
            Callers::Clients => &[&[InvalidClient, TooManyRequests, Unavailable]],
            Callers::Holders => &[OF_TOKENS],
            Callers::Managers(_) => &[OF_TOKENS, OF_SESSIONS, &[InsufficientScope, InsufficientRole, NotFound]],
            Callers::Followers(_) | Callers::Secret(_) | Callers::Operators(_) | Callers::Minters(_) => {
                &[OF_TOKENS, &[InsufficientScope]]
            }
            Callers::Backends => &[OF_TOKENS],
            Callers::HoldersAndClients(_) => &[OF_TOKENS, &[InsufficientScope, InvalidClient]],
            Callers::OwnPages => &[&[CrossSiteRequest, TooManyRequests, Unavailable]],
            Callers::People => &[OF_SESSIONS],
        };
        parts.concat()
    }
}

/// Returns every security scheme, by its name.
pub(super) fn security_schemes() -> Map<String, Value> {
    let key = |place: &str, name: &str, description: &str| json!({ "type": "apiKey", "in": place, "name": name, "description": description });
    let http =
        |scheme: &str, description: &str| json!({ "type": "http", "scheme": scheme, "description": description });
    let schemes = [
        (
            "bearerToken",
            http(
                "bearer",
                "A token of any kind but OAuth refresh tokens. `Authorization: AL-Secret-Token …` is the same for a secret \
                 token (Space API). A token for backends is refused in a request with `Origin`.",
            ),
        ),
        (
            "boundToken",
            key(
                "header",
                "Authorization",
                "`DPoP …`, with a proof in the header `DPoP`: a token bound to a key (RFC 9449).",
            ),
        ),
        ("applicationToken", key("header", "x-api-key", "An application token.")),
        (
            "publishableToken",
            key("query", "pubtoken", "A publishable token, which is used from the origins that it lists alone."),
        ),
        ("bundleReference", key("header", "x-api-token", "A reference to a bundle.")),
        (
            "session",
            key(
                "cookie",
                cookie::SESSION,
                "The session of a signed-in person. A request that is not GET needs the service's own `Origin`, or without \
                 one `Sec-Fetch-Site: same-origin`. Beside a token it does not count.",
            ),
        ),
        (
            "basic",
            http(
                "basic",
                "An OAuth client's id and its secret, or a secret token's id and the token; each form-urlencoded.",
            ),
        ),
    ];
    schemes.into_iter().map(|(name, scheme)| (name.to_owned(), scheme)).collect()
}
