//! Which pages may use a token: [`Origin`] as a browser sends it, [`OriginPattern`] as a token lists it.

#[cfg(any(feature = "browser", test))]
mod allowed;
mod error;
mod host;
mod pattern;

#[cfg(feature = "browser")]
pub(crate) use allowed::is_allowed;
pub use error::ParseOriginError;
pub use pattern::OriginPattern;

/// The origin of a page, as the `Origin` header serializes it (RFC 6454, section 6.2): `scheme://host[:port]`, or `app:`
/// for pages of an app whose scheme has no hosts.
///
/// Anything else is not an origin: `null`, a path, user info; on the web, also capitals and an empty label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// Parses an origin.
    ///
    /// # Errors
    /// When a browser would not have serialized it so.
    pub fn parse(text: &'a str) -> Result<Origin<'a>, ParseOriginError> {
        Origin::read(text).map_err(|why| ParseOriginError::new(text, why))
    }

    /// Like [`parse`](Origin::parse), but the error is the reason alone.
    pub(crate) fn read(text: &'a str) -> Result<Origin<'a>, &'static str> {
        let origin = Origin::split(text)?;
        if origin.host.is_empty() && text.ends_with(':') {
            host::check_scheme_alone(origin.scheme)?;
            return Ok(origin);
        }
        host::check_scheme(origin.scheme)?;
        host::check_host_of(Some(origin.scheme), origin.host)?;
        let default_port = host::default_port(origin.scheme);
        if origin.port.is_some() && origin.port == default_port {
            return Err("omit the scheme's default port");
        }
        Ok(Origin { port: origin.port.or(default_port), ..origin })
    }

    /// Splits an origin that a browser wrote, which needs no check. The default port stays out.
    fn split(text: &'a str) -> Result<Origin<'a>, host::SplitError> {
        let (scheme, rest) = host::split_scheme(text).ok_or(host::SplitError::Scheme)?;
        let (host, port) = host::split_port(rest)?;
        Ok(Origin { scheme, host, port })
    }
}
