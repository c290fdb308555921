//! Which pages may use a token: [`Origin`] as a browser sends it, [`OriginPattern`] as a token lists it.

mod error;
mod host;
mod pattern;

pub use error::ParseOriginError;
pub use pattern::OriginPattern;

/// The origin of a page, as the `Origin` header serializes it (RFC 6454, section 6.2): `scheme://host[:port]`.
///
/// Anything else is not an origin: `null`, a path, user info, capitals, an empty label.
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
        let (scheme, rest) = host::split_scheme(text).ok_or("expected scheme://host")?;
        let (name, port) = host::split_port(rest)?;
        host::check_scheme(scheme)?;
        host::check_host(name)?;
        let default_port = host::default_port(scheme);
        if port.is_some() && port == default_port {
            return Err("omit the scheme's default port");
        }
        Ok(Origin { scheme, host: name, port: port.or(default_port) })
    }
}
