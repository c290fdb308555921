//! Authorization requests (RFC 6749, section 4.1.1): who gets the answer, what is asked for, and what comes next.

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::{Error, Scope, ScopeSet};

use super::parameters::{Parameters, Repeated};
use super::redirect_uri::RedirectUri;
use crate::domain::catalogs::Catalogs;

/// Longest `state`, in bytes. It comes back in a URL.
const MAX_STATE: usize = 2000;

/// The parameter that a request may have several times (RFC 8707, section 2).
const RESOURCE: &str = "resource";

/// Why a request is refused, in the words that its client reads (RFC 6749, section 4.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    /// In ASCII without quotation marks and backslashes.
    pub(crate) description: &'static str,
}

impl Refusal {
    pub(crate) const ACCESS_DENIED: Refusal = refusal("access_denied", "The user did not allow it.");
    pub(crate) const NO_MEMBER: Refusal =
        refusal("access_denied", "The user does not belong to the organization of the application.");
    pub(crate) const NO_SCOPE: Refusal = refusal("access_denied", "The role of the user has none of the scopes.");
    pub(crate) const LOGIN_REQUIRED: Refusal = refusal("login_required", "Nobody is signed in.");
    pub(crate) const CONSENT_REQUIRED: Refusal = refusal("consent_required", "The user has not allowed this before.");
    pub(crate) const UNAVAILABLE: Refusal =
        refusal("temporarily_unavailable", "The service cannot answer now: try again.");
    pub(crate) const FAILED: Refusal = refusal("server_error", "The service failed.");
}

const fn refusal(error: &'static str, description: &'static str) -> Refusal {
    Refusal { error, description }
}

/// Where the answer to a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnAddress {
    pub(crate) redirect_uri: RedirectUri,
    /// Whether the request named the redirect URI, so that the token request must name it too (RFC 6749, section 4.1.3).
    pub(crate) is_named: bool,
    pub(crate) state: Option<String>,
}

impl ReturnAddress {
    /// Finds where the answer to a request of a client with these redirect URIs goes.
    ///
    /// SECURITY: until this has succeeded, an error is shown to the person. No redirect leads anywhere.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for the person who reads it.
    pub(crate) fn find(parameters: &Parameters, registered: &[RedirectUri]) -> Result<ReturnAddress, Error> {
        let refuse = |why: &str| Err(Error::InvalidRequest(why.into()));
        let named = match parameters.get("redirect_uri") {
            Err(Repeated(_)) => return refuse("The application sent the parameter redirect_uri twice."),
            Ok(named) => named,
        };
        let redirect_uri = match (named, registered) {
            (Some(named), _) => {
                let requested = named.parse::<RedirectUri>().ok();
                requested.filter(|requested| registered.iter().any(|own| own.matches(requested)))
            }
            (None, [only]) => Some(only.clone()),
            (None, _) => return refuse("The application did not say where the answer goes: redirect_uri is missing."),
        };
        let Some(redirect_uri) = redirect_uri else {
            return refuse(
                "The redirect_uri is not one that this application is registered with, character by character.",
            );
        };
        // One that is there twice is refused by `read`, and none of them comes back.
        let state = parameters.get("state").unwrap_or_default().filter(|state| state.len() <= MAX_STATE);
        Ok(ReturnAddress { redirect_uri, is_named: named.is_some(), state: state.map(str::to_owned) })
    }

    /// Returns the address that gives the client a code.
    pub(crate) fn with_code(&self, code: &str, issuer: &str) -> String {
        self.respond(&[("code", code)], issuer)
    }

    /// Returns the address that tells the client why it gets no code.
    pub(crate) fn with_refusal(&self, Refusal { error, description }: Refusal, issuer: &str) -> String {
        self.respond(&[("error", error), ("error_description", description)], issuer)
    }

    /// Adds the `state` as it was sent, and the issuer, by which a client of several notices a mix-up (RFC 9207).
    fn respond(&self, parameters: &[(&str, &str)], issuer: &str) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let parameters: Vec<_> = parameters.iter().copied().chain(state).chain([("iss", issuer)]).collect();
        self.redirect_uri.respond(&parameters)
    }
}

/// What the client wants to be shown to the person (OpenID Connect Core, section 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Prompt {
    /// Nothing.
    pub(crate) is_none: bool,
    /// The sign-in, to a person who is signed in too.
    pub(crate) has_login: bool,
    /// The consent, to a person who has given it before too.
    pub(crate) has_consent: bool,
}

impl Prompt {
    fn read(text: &str) -> Option<Prompt> {
        let mut prompt = Prompt::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" => prompt.is_none = true,
                "login" | "select_account" => prompt.has_login = true,
                "consent" => prompt.has_consent = true,
                _ => return None,
            }
        }
        (!prompt.is_none || !(prompt.has_login || prompt.has_consent)).then_some(prompt)
    }
}

/// An authorization request whose parameters are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorizationRequest {
    pub(crate) address: ReturnAddress,
    /// By their current names; part of those that the client may ask for.
    pub(crate) scopes: ScopeSet,
    /// The SHA-256 of the verifier, in base64url (RFC 7636, section 4.2).
    pub(crate) challenge: String,
    pub(crate) prompt: Prompt,
    /// The thumbprint of the key that the code is bound to (RFC 9449, section 10).
    pub(crate) jkt: Option<String>,
}

/// Reads what a client asks for.
///
/// # Errors
/// A [`Refusal`] for the client.
pub(crate) fn read(
    parameters: &Parameters,
    address: ReturnAddress,
    registered: &ScopeSet,
    catalogs: &Catalogs,
    audience: &str,
) -> Result<AuthorizationRequest, Refusal> {
    let invalid = |description| refusal("invalid_request", description);
    if parameters.has_repeated(RESOURCE) {
        return Err(invalid("A parameter is there twice."));
    }
    let get = |name| parameters.get(name).unwrap_or_default();
    if get("request").is_some() {
        return Err(refusal(
            "request_not_supported",
            "Request objects (RFC 9101) are not supported: push the request.",
        ));
    }
    match get("response_type") {
        Some("code") => {}
        None => return Err(invalid("The parameter response_type is missing.")),
        Some(_) => return Err(refusal("unsupported_response_type", "The response_type must be code.")),
    }
    if get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(invalid("The response_mode must be query."));
    }
    if get("state") != address.state.as_deref() {
        return Err(invalid("The state is longer than 2000 bytes."));
    }
    let challenge = match (get("code_challenge"), get("code_challenge_method")) {
        (None, _) => return Err(invalid("PKCE is required (RFC 7636): code_challenge is missing.")),
        (Some(_), None | Some("plain")) => return Err(invalid("The code_challenge_method must be S256.")),
        (Some(challenge), Some("S256")) if is_sha256(challenge) => challenge.to_owned(),
        (Some(_), Some("S256")) => return Err(invalid("The code_challenge must be a SHA-256 in base64url.")),
        (Some(_), Some(_)) => return Err(invalid("The code_challenge_method must be S256.")),
    };
    let jkt = get("dpop_jkt").map(str::to_owned);
    if !jkt.as_deref().is_none_or(is_sha256) {
        return Err(invalid("The dpop_jkt must be the SHA-256 thumbprint of a key in base64url (RFC 7638)."));
    }
    if parameters.all(RESOURCE).any(|resource| resource != audience) {
        return Err(refusal("invalid_target", "The resource must be the audience of the service."));
    }
    let prompt = Prompt::read(get("prompt").unwrap_or_default())
        .ok_or_else(|| invalid("The prompt must be none, or some of login, consent and select_account."))?;
    let scopes = requested_scopes(get("scope"), registered, catalogs)?;
    Ok(AuthorizationRequest { address, scopes, challenge, prompt, jkt })
}

fn is_sha256(text: &str) -> bool {
    Base64UrlUnpadded::decode_vec(text).is_ok_and(|hash| hash.len() == 32)
}

/// Returns the scopes that a request is for: without any, all that the client may ask for (RFC 6749, section 3.3).
fn requested_scopes(requested: Option<&str>, registered: &ScopeSet, catalogs: &Catalogs) -> Result<ScopeSet, Refusal> {
    let Some(text) = requested else { return Ok(registered.clone()) };
    let scopes = text.split(' ').filter(|scope| !scope.is_empty()).map(str::parse::<Scope>);
    let scopes: Option<ScopeSet> = scopes.collect::<Result<_, _>>().ok();
    let scopes = scopes.and_then(|scopes| catalogs.product().resolve(&scopes, &[]).ok());
    let scopes = scopes.ok_or_else(|| refusal("invalid_scope", "A scope does not exist."))?;
    if !registered.covers_all(&scopes) {
        return Err(refusal("invalid_scope", "The application is not registered for a scope."));
    }
    Ok(scopes)
}

/// What comes next for the person with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// To sign in.
    SignIn,
    /// To consent to these scopes.
    Consent(ScopeSet),
    /// To go back with a code for these scopes.
    Answer(ScopeSet),
}

/// Decides what comes next for a person who is signed in and has these scopes, and has consented to others before.
///
/// # Errors
/// A [`Refusal`] for the client.
pub(crate) fn next(request: &AuthorizationRequest, held: &ScopeSet, consented: &ScopeSet) -> Result<Step, Refusal> {
    if request.prompt.has_login {
        return Ok(Step::SignIn);
    }
    let scopes = request.scopes.intersection(held);
    if scopes.is_empty() {
        return Err(Refusal::NO_SCOPE);
    }
    match (consented.covers_all(&scopes) && !request.prompt.has_consent, request.prompt.is_none) {
        (true, _) => Ok(Step::Answer(scopes)),
        (false, true) => Err(Refusal::CONSENT_REQUIRED),
        (false, false) => Ok(Step::Consent(scopes)),
    }
}

#[cfg(test)]
mod tests;
