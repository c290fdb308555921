//! The parameters of a request, each of which is there at most once: [`Parameters`].

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// Parameters in the form `application/x-www-form-urlencoded`, of a query or a body.
///
/// A parameter without a value counts as omitted (RFC 6749, section 3.1).
#[derive(Serialize, Deserialize)]
pub(crate) struct Parameters(Vec<(String, String)>);

/// The name of a parameter that is there twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repeated(pub(crate) &'static str);

impl Parameters {
    /// Reads parameters; `None` if a name or a value is not UTF-8, which could not be returned as it was sent.
    pub(crate) fn read(text: &str) -> Option<Parameters> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        pairs.collect::<Option<_>>().map(Parameters)
    }

    /// Returns the value of a parameter.
    ///
    /// # Errors
    /// [`Repeated`] if it is there twice.
    pub(crate) fn get(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() { Err(Repeated(name)) } else { Ok(value.filter(|value| !value.is_empty())) }
    }

    /// Returns the values of a parameter that may be there several times.
    pub(crate) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Returns them without one of these names.
    pub(crate) fn without(self, name: &str) -> Parameters {
        Parameters(self.0.into_iter().filter(|(own, _)| own != name).collect())
    }

    /// Returns whether a parameter is there twice, except the one that may be.
    pub(crate) fn has_repeated(&self, except: &str) -> bool {
        let names = || self.0.iter().map(|(name, _)| &**name).filter(|name| *name != except);
        names().enumerate().any(|(index, name)| names().take(index).any(|earlier| earlier == name))
    }
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_there_once_with_the_value_that_was_sent() {
        for (text, expected) in [
            ("state=1", Ok(Some("1"))),
            ("a=2&state=a%20b+c%2B%26&b=3", Ok(Some("a b c+&"))),
            ("%73tate=%C3%A9=", Ok(Some("é="))),
            ("state=", Ok(None)),
            ("state", Ok(None)),
            ("", Ok(None)),
            ("&&State=1&", Ok(None)),
            ("state=1&state=1", Err(Repeated("state"))),
            ("state=&state=1", Err(Repeated("state"))),
            ("st%61te=1&state=2", Err(Repeated("state"))),
        ] {
            assert_eq!(Parameters::read(text).expect("UTF-8").get("state"), expected, "{text}");
        }
        assert!(Parameters::read("state=%FF").is_none() && Parameters::read("%C3=1").is_none());
        for (text, expected) in [("a=1&b=2", false), ("a=1&b=2&a=3", true), ("r=1&r=2&a=1", false), ("", false)] {
            assert_eq!(Parameters::read(text).expect("UTF-8").has_repeated("r"), expected, "{text}");
        }
    }
}
