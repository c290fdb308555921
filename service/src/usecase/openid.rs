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
use tokio::time::timeout;

use crate::config::OpenIdSettings;
use crate::crypto::secret;
use crate::domain::account::Identity;

/// The path to which the provider sends the person back.
pub(crate) const CALLBACK: &str = "/v2/session/openid-connect/callback";

/// How long the provider's metadata and keys are used before they are fetched again.
const METADATA_AGE: Duration = Duration::from_secs(60);
/// How long they are used at most while they cannot be fetched again.
const MOST_METADATA_AGE: Duration = Duration::from_secs(3600);
/// How long the provider may take for one response, and a request may wait for another that fetches the metadata.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long after a failure the metadata is not fetched again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

const NO_ANSWER: &str = "The OpenID Connect provider does not answer: try again, or sign in with a password.";

/// The client, with the endpoints that the provider's metadata names.
type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointMaybeSet>;

/// The service as a client of an OpenID Connect provider.
pub(crate) struct OpenIdProvider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    http: Http,
    metadata: Mutex<Kept>,
}

/// What is known of the provider.
#[derive(Default)]
struct Kept {
    /// The metadata, and when it was fetched.
    metadata: Option<(CoreProviderMetadata, Instant)>,
    /// When fetching it failed, if it did since.
    failed_at: Option<Instant>,
}

impl Kept {
    /// Returns the metadata, if it is not older than this.
    fn at_most(&self, age: Duration) -> Option<CoreProviderMetadata> {
        self.metadata.as_ref().filter(|(_, at)| at.elapsed() < age).map(|(metadata, _)| metadata.clone())
    }
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
            metadata: Mutex::default(),
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
    ///
    /// SECURITY: who waits for a provider that does not answer waits once, and not behind all the others.
    async fn metadata(&self) -> Result<CoreProviderMetadata, Error> {
        let Ok(mut kept) = timeout(PATIENCE, self.metadata.lock()).await else { return Err(failed(NO_ANSWER)) };
        if let Some(metadata) = kept.at_most(METADATA_AGE) {
            return Ok(metadata);
        }
        if kept.failed_at.is_none_or(|at| at.elapsed() >= RETRY_AFTER) {
            match CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await {
                Ok(metadata) => *kept = Kept { metadata: Some((metadata, Instant::now())), failed_at: None },
                Err(cause) => {
                    log(&cause);
                    kept.failed_at = Some(Instant::now());
                }
            }
        }
        kept.at_most(MOST_METADATA_AGE).ok_or_else(|| failed(NO_ANSWER))
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
fn refuse(cause: &dyn std::error::Error, why: &str) -> Error {
    log(cause);
    failed(why)
}

/// Logs why the provider's response is of no use.
///
/// SECURITY: a cause names a claim, a status or an error code of the provider. Codes and tokens are not in its text.
fn log(cause: &dyn std::error::Error) {
    let mut text = cause.to_string();
    let mut source = cause.source();
    while let Some(next) = source {
        text += &format!(": {next}");
        source = next.source();
    }
    tracing::warn!(cause = text, "the provider did not confirm a person");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::*;

    /// A provider that ends every connection, and how many there were.
    async fn start() -> (OpenIdProvider, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let settings = OpenIdSettings { issuer, client_id: "daypass".into(), client_secret: None };
        let provider = OpenIdProvider::new(settings, "https://tokens.example").expect("a client");
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                drop(connection);
            }
        });
        (provider, connections)
    }

    #[tokio::test]
    async fn sign_ins_wait_for_one_failure_of_the_provider_together() {
        let (provider, connections) = start().await;
        assert_eq!(provider.metadata().await.err(), Some(failed(NO_ANSWER)));
        let tried = connections.load(Ordering::SeqCst);
        assert!(tried > 0);
        for _ in 0..3 {
            assert_eq!(provider.metadata().await.err(), Some(failed(NO_ANSWER)));
        }
        assert_eq!(connections.load(Ordering::SeqCst), tried);
        provider.metadata.lock().await.failed_at = Instant::now().checked_sub(RETRY_AFTER);
        assert!(provider.metadata().await.is_err());
        assert!(connections.load(Ordering::SeqCst) > tried);
    }

    #[tokio::test]
    async fn the_last_metadata_is_used_for_an_hour_while_the_provider_does_not_answer() {
        let (provider, connections) = start().await;
        let issuer = provider.issuer();
        let metadata = serde_json::json!({
            "issuer": issuer, "authorization_endpoint": issuer, "jwks_uri": issuer, "subject_types_supported": [],
            "response_types_supported": [], "id_token_signing_alg_values_supported": [],
        });
        let metadata: CoreProviderMetadata = serde_json::from_value(metadata).expect("metadata");
        for (age, is_used, is_fetched) in [(59, true, false), (61, true, true), (3601, false, true)] {
            let at = Instant::now().checked_sub(Duration::from_secs(age)).expect("a time");
            *provider.metadata.lock().await = Kept { metadata: Some((metadata.clone(), at)), failed_at: None };
            let before = connections.load(Ordering::SeqCst);
            assert_eq!(provider.metadata().await.is_ok(), is_used, "{age}");
            assert_eq!(connections.load(Ordering::SeqCst) > before, is_fetched, "{age}");
        }
    }
}
