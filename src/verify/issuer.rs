//! The issuer that tokens must name: [`Issuer`].

use std::sync::{Arc, OnceLock};

use super::Unavailable;

/// The issuer of the tokens. It may be unknown at first. Clones share it.
///
/// SECURITY: once known it never changes, so that a service that is reconfigured, or replaced by
/// another one, gets no other issuer into a running verifier.
#[derive(Clone, Default)]
pub(super) struct Issuer(Arc<OnceLock<String>>);

impl Issuer {
    /// An issuer that is known from the start.
    pub(super) fn new(name: &str) -> Issuer {
        Issuer(Arc::new(OnceLock::from(normalize(name))))
    }

    /// Sets the name of an issuer that was unknown.
    #[cfg(feature = "remote")]
    pub(super) fn set(&self, name: &str) {
        self.0.get_or_init(|| normalize(name));
    }

    /// Returns whether nothing else holds this issuer.
    #[cfg(feature = "remote")]
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Returns the name, as tokens claim it.
    ///
    /// # Errors
    /// [`Unavailable`] while it is unknown.
    pub(super) fn get(&self) -> Result<&str, Unavailable> {
        let name = self.0.get().map(String::as_str);
        name.ok_or_else(|| Unavailable("the token service has not told its issuer yet".into()))
    }
}

/// Returns the name without a trailing slash, which people type or leave out.
pub(super) fn normalize(name: &str) -> String {
    name.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::Issuer;

    #[test]
    fn a_trailing_slash_does_not_matter() {
        for name in ["https://tokens.example/t", "https://tokens.example/t/", "https://tokens.example/t//"] {
            assert_eq!(Issuer::new(name).get(), Ok("https://tokens.example/t"));
        }
    }

    #[cfg(feature = "remote")]
    #[test]
    fn an_issuer_is_set_once() {
        let issuer = Issuer::default();
        assert!(issuer.get().is_err());
        issuer.set("https://tokens.example/");
        issuer.set("https://other.example");
        assert_eq!(issuer.get(), Ok("https://tokens.example"));
    }
}
