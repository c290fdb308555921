//! OpenID Connect: confirms who a person is at the provider of the service's operator, [`OpenIdProvider`].

use std::pin::Pin;
use std::time::{Duration, Instant};

use anyhow::Context;
use daypass::Error;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    TokenResponse,
};
use tokio::sync::Mutex;

use crate::config::OpenIdSettings;
use crate::crypto::secret;
use crate::domain::account::Identity;

/// The path to which the provider sends the person back.
pub(crate) const CALLBACK: &str = "/v2/session/openid-connect/callback";

/// How long the provider's metadata and keys are used before they are fetched again.
const METADATA_AGE: Duration = Duration::from_secs(60);
/// How long the provider may take for one response.
const PATIENCE: Duration = Duration::from_secs(10);

/// The client, with the endpoints that the provider's metadata names.
type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointMaybeSet>;

/// The service as a client of an OpenID Connect provider.
pub(crate) struct OpenIdProvider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    http: Http,
    /// The metadata, and when it was fetched.
    metadata: Mutex<Option<(CoreProviderMetadata, Instant)>>,
}

/// What the browser keeps until the provider has sent the person back.
pub(crate) struct Pending {
    /// Ties the response to the browser.
    pub(crate) state: String,
    /// Ties the ID token to the request.
    pub(crate) nonce: String,
    /// Ties the code to the request (RFC 7636).
    pub(crate) verifier: String,
}

impl OpenIdProvider {
    /// Makes a client of a provider, for a service at a URL.
    ///
    /// # Errors
    /// When the issuer is not a URL, or there is no TLS.
    pub(crate) fn new(settings: OpenIdSettings, service: &str) -> anyhow::Result<OpenIdProvider> {
        let OpenIdSettings { issuer, client_id, client_secret } = settings;
        let context = || format!("cannot use the OpenID Connect provider {issuer}: check --oidc-issuer");
        // SECURITY: a redirect could lead a request of this machine to another one that it can reach.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()?;
        Ok(OpenIdProvider {
            issuer: IssuerUrl::new(issuer.clone()).with_context(context)?,
            client_id: ClientId::new(client_id),
            client_secret: client_secret.map(ClientSecret::new),
            redirect: RedirectUrl::new(format!("{service}{CALLBACK}"))?,
            http: Http(http),
            metadata: Mutex::new(None),
        })
    }

    /// Returns the provider's issuer.
    pub(crate) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Returns where the browser goes, and what it keeps meanwhile.
    ///
    /// # Errors
    /// [`Error::SignInFailed`] if the provider does not answer. The log says why.
    pub(crate) async fn start(&self) -> Result<(String, Pending), Error> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            .url();
        let pending =
            Pending { state: state.into_secret(), nonce: nonce.secret().clone(), verifier: verifier.into_secret() };
        Ok((url.into(), pending))
    }

    /// Returns who the person is that the provider has sent back with a state and a code.
    ///
    /// # Errors
    /// [`Error::SignInFailed`] if the response is not to the pending request, or the provider does not confirm it. The
    /// log says why.
    pub(crate) async fn finish(&self, pending: Pending, state: &str, code: String) -> Result<Identity, Error> {
        // Hashes are compared, so that the time tells nothing.
        if secret::hash(state) != secret::hash(&pending.state) {
            return Err(failed("The response is not to a sign-in of this browser: begin again."));
        }
        let client = self.client().await?;
        let response = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier))
            .request_async(&self.http)
            .await
            .map_err(|cause| refuse(&cause, "The OpenID Connect provider did not accept the sign-in: begin again."))?;
        let why = "The OpenID Connect provider's response is not valid: begin again.";
        let Some(token) = response.id_token() else {
            tracing::warn!("the provider sent no ID token");
            return Err(failed(why));
        };
        let claims = token.claims(&client.id_token_verifier(), &Nonce::new(pending.nonce));
        let claims = claims.map_err(|cause| refuse(&cause, why))?;
        Ok(Identity { issuer: claims.issuer().to_string(), subject: claims.subject().to_string() })
    }

    async fn client(&self) -> Result<Client, Error> {
        let client_id = self.client_id.clone();
        let client = CoreClient::from_provider_metadata(self.metadata().await?, client_id, self.client_secret.clone());
        let client = client.set_redirect_uri(self.redirect.clone());
        let Some(token) = client.token_uri().cloned() else {
            tracing::warn!("the provider's metadata has no token endpoint");
            return Err(failed("The OpenID Connect provider cannot be used: ask the operator of the service."));
        };
        Ok(client.set_token_uri(token))
    }

    /// Returns the provider's metadata, with its keys. One request fetches them for all.
    async fn metadata(&self) -> Result<CoreProviderMetadata, Error> {
        let mut kept = self.metadata.lock().await;
        if let Some((metadata, _)) = kept.as_ref().filter(|(_, at)| at.elapsed() < METADATA_AGE) {
            return Ok(metadata.clone());
        }
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await;
        let metadata = metadata.map_err(|cause| {
            refuse(&cause, "The OpenID Connect provider does not answer: try again, or sign in with a password.")
        })?;
        *kept = Some((metadata.clone(), Instant::now()));
        Ok(metadata)
    }
}

/// Sends the requests to the provider.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async {
            let response = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut answer = HttpResponse::new(response.bytes().await?.to_vec());
            (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
            Ok(answer)
        })
    }
}

fn failed(why: &str) -> Error {
    Error::SignInFailed(why.into())
}

/// Logs the cause, and returns what the person hears.
///
/// SECURITY: a cause names a claim, a status or an error code of the provider. Codes and tokens are not in its text.
fn refuse(cause: &dyn std::error::Error, why: &str) -> Error {
    let mut text = cause.to_string();
    let mut source = cause.source();
    while let Some(next) = source {
        text += &format!(": {next}");
        source = next.source();
    }
    tracing::warn!(cause = text, "the provider did not confirm a person");
    failed(why)
}
