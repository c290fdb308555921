//! The service's issuer, learned from its metadata (RFC 8414).

use std::fmt;
use std::time::Duration;

use tokio::time::sleep;

use super::{client, fetch, url};
use crate::api::ServerMetadata;
use crate::verify::issuer::normalize;
use crate::verify::outage::Outage;
use crate::verify::{Issuer, Unavailable};

/// The time between two attempts.
const RETRY: Duration = Duration::from_millis(500);

/// The token service says that it is another issuer than the one that the verifier was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerMismatch {
    /// The service's address, as it was given.
    pub address: String,
    /// The issuer that was given.
    pub expected: String,
    /// The issuer that the service says it is.
    pub actual: String,
}

impl fmt::Display for IssuerMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IssuerMismatch { address, expected, actual } = self;
        write!(
            f,
            "the token service at {address} is the issuer {actual}, and this verifier expects the issuer {expected}: \
             correct the address, or the issuer on one of the two sides"
        )
    }
}

impl std::error::Error for IssuerMismatch {}

/// Learns a service's issuer.
///
/// SECURITY: of the metadata, only the issuer is used. Keys, introspection and feed come from the
/// address that the operator typed, never from a URL in a document.
pub(super) struct IssuerSource {
    client: reqwest::Client,
    address: String,
    /// The issuer that the operator expects, if any.
    expected: Option<String>,
    outage: Outage,
}

impl IssuerSource {
    pub(super) fn new(address: &str, expected: Option<&str>) -> IssuerSource {
        let expected = expected.map(normalize);
        IssuerSource { client: client(), address: address.to_owned(), expected, outage: Outage::new("issuer") }
    }

    /// Waits until the service says which issuer it is.
    pub(super) async fn learn(&self, issuer: &Issuer) -> Result<(), IssuerMismatch> {
        while !self.try_learn(issuer).await? {
            sleep(RETRY).await;
        }
        Ok(())
    }

    /// Like `learn`, but waits also while the service says that it is another issuer, and until nothing
    /// needs the issuer any more.
    pub(super) async fn learn_later(self, issuer: Issuer) {
        while !issuer.is_abandoned() {
            match self.try_learn(&issuer).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(mismatch) => self.outage.begin(&Unavailable(mismatch.to_string())),
            }
            sleep(RETRY).await;
        }
    }

    /// Asks the service once. Returns whether it answered.
    async fn try_learn(&self, issuer: &Issuer) -> Result<bool, IssuerMismatch> {
        let request = self.client.get(url(&self.address, "/.well-known/oauth-authorization-server"));
        let actual = match fetch::<ServerMetadata>(request).await {
            Ok(metadata) => normalize(&metadata.issuer),
            Err(cause) => {
                self.outage.begin(&cause);
                return Ok(false);
            }
        };
        if let Some(expected) = self.expected.as_ref().filter(|expected| **expected != actual) {
            return Err(IssuerMismatch { address: self.address.clone(), expected: expected.clone(), actual });
        }
        tracing::info!(address = self.address, issuer = actual, "token service found");
        issuer.set(&actual);
        self.outage.end();
        Ok(true)
    }
}
