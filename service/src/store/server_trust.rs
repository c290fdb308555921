//! Which certificates of a database server are accepted, as the URL of a store says: [`ServerTrust`].

use std::path::PathBuf;

use anyhow::bail;
use percent_encoding::percent_decode_str;

/// Which certificates of a database server are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerTrust {
    /// Any: nobody who only listens reads the connection, but who can redirect it does.
    Any,
    /// Those of these issuers, whatever their name.
    Issuer(Roots),
    /// Those of these issuers for the name of the host.
    Host(Roots),
}

/// The issuers of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// Those that the operating system trusts.
    System,
    /// Those in this file, as PEM.
    File(PathBuf),
}

impl ServerTrust {
    /// Takes the parameters `sslmode` and `sslrootcert` out of a URL, with the meaning that they have for libpq. Returns the
    /// URL with what the driver knows of them.
    ///
    /// # Errors
    /// When they contradict each other. The error has no value of the URL.
    pub(super) fn take(url: &str) -> anyhow::Result<(String, ServerTrust)> {
        let Some((address, query)) = url.split_once('?') else { return Ok((url.to_owned(), ServerTrust::Any)) };
        let (mut mode, mut roots, mut others) = (None, None, vec![]);
        for parameter in query.split('&') {
            match parameter.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => roots = Some(Roots::parse(value)),
                _ => others.push(parameter),
            }
        }
        let trust = match (mode, roots) {
            (Some("verify-full"), Some(roots)) => ServerTrust::Host(roots),
            (Some("verify-ca" | "require"), Some(Roots::System)) => {
                bail!(
                    "the URL of the store has `sslrootcert=system`: that needs `sslmode=verify-full`, because anyone can \
                       get a certificate of these issuers"
                )
            }
            // As libpq: a file of issuers is not ignored.
            (Some("verify-ca" | "require"), Some(roots)) => ServerTrust::Issuer(roots),
            (Some("verify-ca" | "verify-full"), None) => bail!(
                "the URL of the store has an `sslmode` that verifies the server's certificate: add \
                 `sslrootcert=FILE` with the certificate of its issuer, or `sslrootcert=system`"
            ),
            (_, Some(_)) => bail!(
                "the URL of the store has `sslrootcert`, and an `sslmode` that does not verify by it: add \
                 `sslmode=verify-full`"
            ),
            (_, None) => ServerTrust::Any,
        };
        let mode = mode.map(|mode| if mode.starts_with("verify-") { "require" } else { mode });
        let mode = mode.map(|mode| format!("sslmode={mode}"));
        others.extend(mode.as_deref());
        Ok((format!("{address}?{}", others.join("&")), trust))
    }
}

impl Roots {
    fn parse(value: &str) -> Roots {
        match &*percent_decode_str(value).decode_utf8_lossy() {
            "system" => Roots::System,
            file => Roots::File(file.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_mean_what_they_mean_for_libpq() {
        let file = || Roots::File("/etc/ca 1.pem".into());
        for (query, rest, expected) in [
            ("", "", Some(ServerTrust::Any)),
            ("?connect_timeout=3", "?connect_timeout=3", Some(ServerTrust::Any)),
            ("?sslmode=disable", "?sslmode=disable", Some(ServerTrust::Any)),
            ("?sslmode=prefer", "?sslmode=prefer", Some(ServerTrust::Any)),
            ("?sslmode=require", "?sslmode=require", Some(ServerTrust::Any)),
            ("?sslmode=require&sslrootcert=%2Fetc%2Fca%201.pem", "?sslmode=require", Some(ServerTrust::Issuer(file()))),
            ("?sslrootcert=/etc/ca%201.pem&sslmode=verify-ca", "?sslmode=require", Some(ServerTrust::Issuer(file()))),
            (
                "?sslmode=verify-full&a=b&sslrootcert=/etc/ca%201.pem",
                "?a=b&sslmode=require",
                Some(ServerTrust::Host(file())),
            ),
            ("?sslmode=verify-full&sslrootcert=system", "?sslmode=require", Some(ServerTrust::Host(Roots::System))),
            // The driver refuses it.
            ("?sslmode=allow", "?sslmode=allow", Some(ServerTrust::Any)),
            ("?sslmode=verify-full", "", None),
            ("?sslmode=verify-ca", "", None),
            ("?sslmode=require&sslrootcert=system", "", None),
            ("?sslrootcert=system", "", None),
            ("?sslmode=prefer&sslrootcert=f", "", None),
        ] {
            let taken = ServerTrust::take(&format!("postgres://h/d{query}"));
            let expected = expected.map(|trust| (format!("postgres://h/d{rest}"), trust));
            assert_eq!(taken.ok(), expected, "{query}");
        }
    }
}
