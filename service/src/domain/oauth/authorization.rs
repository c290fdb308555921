//! Authorization requests (RFC 6749, section 4.1.1): who gets the answer, what is asked for, and what comes next.

use daypass::{Error, ScopeSet};

use super::client::Client;
use super::parameters::{Parameters, Repeated};
use super::redirect_uri::{Destination, RedirectUri};
use super::refusal::{Refusal, RefusalCode};
use super::{pkce, scope};
use crate::domain::catalogs::Catalogs;

/// Longest `state`, in bytes. It comes back in a URL.
const MAX_STATE: usize = 2000;

/// The `response_mode` of an answer whose code is in the parameter of that name, as the apps of Speckle read it.
pub(crate) const ACCESS_CODE: &str = "access_code";

/// Why a request is refused, in the words that its client reads (RFC 6749, section 4.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) error: RefusalCode,
    /// In ASCII without quotation marks and backslashes.
    pub(crate) description: &'static str,
}

impl Denial {
    pub(crate) const ACCESS_DENIED: Denial = denial(RefusalCode::AccessDenied, "The user did not allow it.");
    pub(crate) const NO_MEMBER: Denial =
        denial(RefusalCode::AccessDenied, "The user does not belong to the organization of the application.");
    pub(crate) const NO_SCOPE: Denial =
        denial(RefusalCode::AccessDenied, "The role of the user has none of the scopes.");
    pub(crate) const LOGIN_REQUIRED: Denial = denial(RefusalCode::LoginRequired, "Nobody is signed in.");
    pub(crate) const CONSENT_REQUIRED: Denial = denial(RefusalCode::ConsentRequired, "The user has to be asked.");
    pub(crate) const UNAUTHORIZED_CLIENT: Denial =
        denial(RefusalCode::UnauthorizedClient, "The application may not use authorization codes.");
    pub(crate) const NOT_PUSHED: Denial =
        denial(RefusalCode::InvalidRequest, "A pushed request cannot name another one.");
    pub(crate) const NO_ADDRESS: Denial = denial(
        RefusalCode::InvalidRequest,
        "The redirect_uri must be one that the client is registered with, exactly.",
    );
    pub(crate) const UNAVAILABLE: Denial =
        denial(RefusalCode::TemporarilyUnavailable, "The service cannot answer now: try again.");
    pub(crate) const FAILED: Denial = denial(RefusalCode::ServerError, "The service failed.");
}

impl From<Denial> for Refusal {
    fn from(Denial { error, description }: Denial) -> Refusal {
        Refusal::new(error, description)
    }
}

const fn denial(error: RefusalCode, description: &'static str) -> Denial {
    Denial { error, description }
}

/// Where the answer to a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnAddress {
    pub(crate) redirect_uri: RedirectUri,
    /// Whether the request named the redirect URI, so that the token request must name it too (RFC 6749, section 4.1.3).
    pub(crate) is_named: bool,
    /// The name of the parameter with the code.
    code_name: &'static str,
    pub(crate) state: Option<String>,
}

impl ReturnAddress {
    /// Finds where the answer to a request of a client with these redirect URIs goes.
    ///
    /// SECURITY: until this has succeeded, an error is shown to the person. No redirect leads anywhere.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for the person who reads it.
    pub(crate) fn find(parameters: &Parameters, registered: &[String]) -> Result<ReturnAddress, Error> {
        let refuse = |why: &str| Err(Error::InvalidRequest(why.into()));
        let named = match parameters.find_once("redirect_uri") {
            Err(Repeated(_)) => return refuse("The application sent the parameter redirect_uri twice."),
            Ok(named) => named,
        };
        let redirect_uri = match (named, registered) {
            (Some(named), _) => {
                let requested = named.parse::<RedirectUri>().ok();
                requested.filter(|requested| redirect_uris(registered).any(|own| own.matches(requested)))
            }
            (None, [only]) => only.parse().ok(),
            (None, _) => return refuse("The application did not say where the answer goes: redirect_uri is missing."),
        };
        let Some(redirect_uri) = redirect_uri else {
            return refuse(
                "The redirect_uri is not one that this application is registered with, character by character.",
            );
        };
        // One that is there twice is refused by `read`, and none of them comes back.
        let state = parameters.find_once("state").unwrap_or_default().filter(|state| state.len() <= MAX_STATE);
        let has_access_code = parameters.find_once("response_mode") == Ok(Some(ACCESS_CODE));
        let code_name = if has_access_code { ACCESS_CODE } else { "code" };
        Ok(ReturnAddress { redirect_uri, is_named: named.is_some(), code_name, state: state.map(str::to_owned) })
    }

    /// Returns the address that gives the client a code.
    pub(crate) fn with_code(&self, code: &str, issuer: &str) -> String {
        self.respond(&[(self.code_name, code)], issuer)
    }

    /// Returns the address that tells the client why it gets no code.
    pub(crate) fn with_denial(&self, Denial { error, description }: Denial, issuer: &str) -> String {
        self.respond(&[("error", error.as_str()), ("error_description", description)], issuer)
    }

    /// Adds the `state` as it was sent, and the issuer, by which a client of several notices a mix-up (RFC 9207).
    fn respond(&self, parameters: &[(&str, &str)], issuer: &str) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let parameters: Vec<_> = parameters.iter().copied().chain(state).chain([("iss", issuer)]).collect();
        self.redirect_uri.respond(&parameters)
    }
}

fn redirect_uris(registered: &[String]) -> impl Iterator<Item = RedirectUri> {
    registered.iter().filter_map(|text| text.parse().ok())
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
/// A [`Denial`] for the client.
pub(crate) fn read(
    parameters: &Parameters,
    address: ReturnAddress,
    client: &Client,
    catalogs: &Catalogs,
    audience: &str,
) -> Result<AuthorizationRequest, Denial> {
    let invalid = |description| denial(RefusalCode::InvalidRequest, description);
    if parameters.repeated().is_some() {
        return Err(invalid("A parameter is there twice."));
    }
    let get = |name| parameters.find(name);
    if get("request").is_some() {
        return Err(denial(
            RefusalCode::RequestNotSupported,
            "Request objects (RFC 9101) are not supported: push the request.",
        ));
    }
    match get("response_type") {
        Some("code") => {}
        None => return Err(invalid("The parameter response_type is missing.")),
        Some(_) => return Err(denial(RefusalCode::UnsupportedResponseType, "The response_type must be code.")),
    }
    if get("response_mode").is_some_and(|mode| !["query", ACCESS_CODE].contains(&mode)) {
        return Err(invalid("The response_mode must be query."));
    }
    if get("state") != address.state.as_deref() {
        return Err(invalid("The state is longer than 2000 bytes."));
    }
    let challenge =
        get("code_challenge").ok_or_else(|| invalid("PKCE is required (RFC 7636): code_challenge is missing."))?;
    if get("code_challenge_method") != Some("S256") {
        return Err(invalid("The code_challenge_method must be S256."));
    }
    if !pkce::is_challenge(challenge) {
        return Err(invalid("The code_challenge must be a SHA-256 in base64url."));
    }
    let jkt = get("dpop_jkt").map(str::to_owned);
    if !jkt.as_deref().is_none_or(pkce::is_challenge) {
        return Err(invalid("The dpop_jkt must be the SHA-256 thumbprint of a key in base64url (RFC 7638)."));
    }
    if parameters.all("resource").any(|resource| resource != audience) {
        return Err(denial(RefusalCode::InvalidTarget, "The resource must be the audience of the service."));
    }
    let prompt = Prompt::read(get("prompt").unwrap_or_default())
        .ok_or_else(|| invalid("The prompt must be none, or some of login, consent and select_account."))?;
    let scopes = scope::requested(get("scope"), client, catalogs);
    let scopes = scopes.map_err(|_| {
        denial(RefusalCode::InvalidScope, "A scope does not exist, or the application may not ask for it.")
    })?;
    Ok(AuthorizationRequest { address, scopes, challenge: challenge.to_owned(), prompt, jkt })
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
/// A person who has seen the sign-in because of this request is not sent there again.
///
/// SECURITY: nobody is sent back without being asked unless it is known that the client gets the code, or alone can use it
/// (RFC 8252, section 8.6): any program on the person's device can listen there, or claim the scheme of an app.
///
/// # Errors
/// A [`Denial`] for the client.
pub(crate) fn next(
    request: &AuthorizationRequest,
    client: &Client,
    held: &ScopeSet,
    given: &ScopeSet,
    has_seen_sign_in: bool,
) -> Result<Step, Denial> {
    if request.prompt.has_login && !has_seen_sign_in {
        return Ok(Step::SignIn);
    }
    let scopes = request.scopes.intersection(held);
    if scopes.is_empty() {
        return Err(Denial::NO_SCOPE);
    }
    let is_site = matches!(request.address.redirect_uri.destination(), Destination::Site(_));
    let is_known = is_site || client.settings.is_confidential;
    match (is_known && given.covers_all(&scopes) && !request.prompt.has_consent, request.prompt.is_none) {
        (true, _) => Ok(Step::Answer(scopes)),
        (false, true) => Err(Denial::CONSENT_REQUIRED),
        (false, false) => Ok(Step::Consent(scopes)),
    }
}

#[cfg(test)]
mod tests;
