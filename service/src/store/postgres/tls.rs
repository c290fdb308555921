//! TLS to a database server.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::server_trust::{Roots, ServerTrust};

/// Makes the handshakes of a store's connections.
///
/// # Errors
/// When there are no certificates of issuers where the URL says. The error names the file.
pub(super) fn connector(trust: &ServerTrust) -> anyhow::Result<MakeRustlsConnect> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match trust {
        ServerTrust::Any => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyServer { issuer: None, provider }))
        }
        ServerTrust::Issuer(roots) => {
            let roots = Arc::new(certificates(roots)?);
            let issuer = Some(WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build()?);
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyServer { issuer, provider }))
        }
        ServerTrust::Host(roots) => builder.with_root_certificates(certificates(roots)?),
    };
    Ok(MakeRustlsConnect::new(builder.with_no_client_auth()))
}

/// Reads the certificates of issuers.
fn certificates(roots: &Roots) -> anyhow::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            ensure!(
                !store.is_empty(),
                "the system has no certificates of issuers: set `sslrootcert` to a file that has"
            );
        }
        Roots::File(file) => {
            let context = || format!("the file of `sslrootcert`, {}", file.display());
            for certificate in CertificateDer::pem_file_iter(file).with_context(context)? {
                store.add(certificate.with_context(context)?).with_context(context)?;
            }
            ensure!(!store.is_empty(), "{} has no certificate: it must be PEM", context());
        }
    }
    Ok(store)
}

/// Accepts a server by whatever name, as `sslmode=require` and `verify-ca` do.
#[derive(Debug)]
struct AnyServer {
    /// Verifies who issued its certificate, if that matters.
    issuer: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(issuer) = &self.issuer else { return Ok(ServerCertVerified::assertion()) };
        match issuer.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is compared last.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Says what to do about a connection that failed because of TLS.
pub(super) fn advice(failure: &tokio_postgres::Error) -> Option<&'static str> {
    let cause = failure.source()?;
    if cause.to_string() == "server does not support TLS" {
        return Some(
            "it has no TLS: set `ssl = on` there, or take `sslmode` out of the URL on a network that nobody reads",
        );
    }
    let refused = cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<rustls::Error>()?;
    let rustls::Error::InvalidCertificate(why) = refused else { return None };
    Some(match why {
        CertificateError::UnknownIssuer => {
            "its certificate has another issuer: give `sslrootcert` the file with the certificate of the issuer"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name: use the name in the certificate as the host of the URL, with \
             `hostaddr` if that name has another address, or have one issued for the host"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired: renew it, and check the clock of this machine"
        }
        _ => "its certificate cannot be used: have one issued for a server, by an authority of your own",
    })
}
