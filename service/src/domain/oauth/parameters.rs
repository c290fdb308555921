//! The parameters of a request of OAuth: [`Parameters`].

use daypass::Error;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// The parameters that a request may have several times (RFC 8693, section 2.1; RFC 8707, section 2).
const REPEATABLE: [&str; 2] = ["audience", "resource"];

/// The thumbprint of the key that the code is bound to (RFC 9449, section 10).
const DPOP_JKT: &str = "dpop_jkt";

/// The parameters of a request, in its query or its form. One without a value is as if it were not there (RFC 6749, section
/// 3.1).
#[derive(Serialize, Deserialize)]
pub(crate) struct Parameters(Vec<(String, String)>);

/// The name of a parameter that is there twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repeated(pub(crate) String);

impl Parameters {
    /// Checks the parameters of a request.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if one is repeated.
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Result<Parameters, Error> {
        let parameters = Parameters(pairs);
        match parameters.repeated() {
            Some(Repeated(name)) => {
                Err(Error::InvalidRequest(format!("The request has the parameter `{name}` twice.")))
            }
            None => Ok(parameters),
        }
    }

    /// Reads a query, in which parameters may be repeated; `None` if a name or a value is not UTF-8, which could not be
    /// returned as it was sent.
    pub(crate) fn read(query: &str) -> Option<Parameters> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        pairs.collect::<Option<_>>().map(Parameters)
    }

    /// Returns the value of a parameter, if the request has it.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Returns the value of a parameter that the request must have.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`].
    pub(crate) fn require(&self, name: &str) -> Result<&str, Error> {
        self.find(name).ok_or_else(|| Error::InvalidRequest(format!("The request lacks the parameter `{name}`.")))
    }

    /// Returns the value of a parameter of a query, if the request has it.
    ///
    /// # Errors
    /// [`Repeated`] if it is there twice.
    pub(crate) fn find_once(&self, name: &str) -> Result<Option<&str>, Repeated> {
        match self.0.iter().filter(|(own, _)| own == name).count() {
            0 | 1 => Ok(self.find(name)),
            _ => Err(Repeated(name.to_owned())),
        }
    }

    /// Returns the values of a parameter that may be there several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(own, value)| own == name && !value.is_empty()).map(|(_, value)| &**value)
    }

    /// Returns the first parameter that is there twice, except those that may be.
    pub(crate) fn repeated(&self) -> Option<Repeated> {
        let mut names: Vec<_> =
            self.0.iter().map(|(name, _)| &**name).filter(|name| !REPEATABLE.contains(name)).collect();
        names.sort_unstable();
        names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| Repeated(pair[0].to_owned()))
    }

    /// Binds an authorization request to the key that its client proves, if it does (RFC 9449, section 10.1).
    ///
    /// # Errors
    /// [`Error::InvalidDpopProof`] if it names another key.
    pub(crate) fn bound_to(mut self, jkt: Option<String>) -> Result<Parameters, Error> {
        match (self.find(DPOP_JKT), jkt) {
            (_, None) => {}
            (Some(named), Some(jkt)) if named == jkt => {}
            (Some(_), Some(_)) => return Err(Error::InvalidDpopProof("The dpop_jkt is not that of the proof's key.")),
            (None, Some(jkt)) => self.0.push((DPOP_JKT.to_owned(), jkt)),
        }
        Ok(self)
    }

    /// Returns the parameters without the one with a name.
    pub(crate) fn without(self, name: &str) -> Parameters {
        Parameters(self.0.into_iter().filter(|(own, _)| own != name).collect())
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
    fn a_parameter_is_there_once_and_has_a_value() {
        let read = |pairs: &[(&str, &str)]| {
            Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let parameters = read(&[("a", "1"), ("b", ""), ("resource", "x"), ("resource", "y")]).expect("no repetition");
        assert_eq!(["a", "b", "c", "resource"].map(|name| parameters.find(name)), [Some("1"), None, None, Some("x")]);
        assert_eq!(parameters.all("resource").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(parameters.without("a").find("a"), None);
        for repeated in [[("a", "1"), ("a", "1")], [("a", ""), ("a", "1")]] {
            assert!(read(&repeated).is_err(), "{repeated:?}");
        }
    }

    #[test]
    fn a_pushed_request_is_bound_to_the_key_that_its_client_proves() {
        for (query, proved, expected) in [
            ("a=1", None, Ok(None)),
            ("a=1", Some("k"), Ok(Some("k"))),
            ("dpop_jkt=k", Some("k"), Ok(Some("k"))),
            ("dpop_jkt=k", None, Ok(Some("k"))),
            ("dpop_jkt=other", Some("k"), Err("invalid_dpop_proof")),
        ] {
            let bound = Parameters::read(query).expect("UTF-8").bound_to(proved.map(str::to_owned));
            let found = bound.map_err(|error| error.code().as_str());
            assert_eq!(found.as_ref().map(|bound| bound.find(DPOP_JKT)).map_err(|code| *code), expected, "{query}");
        }
    }

    #[test]
    fn a_query_is_read_as_it_was_sent() {
        for (text, expected) in [
            ("state=1", Ok(Some("1"))),
            ("a=2&state=a%20b+c%2B%26&b=3", Ok(Some("a b c+&"))),
            ("%73tate=%C3%A9=", Ok(Some("é="))),
            ("state=", Ok(None)),
            ("state", Ok(None)),
            ("", Ok(None)),
            ("&&State=1&", Ok(None)),
            ("state=1&state=1", Err(Repeated("state".into()))),
            ("state=&state=1", Err(Repeated("state".into()))),
            ("st%61te=1&state=2", Err(Repeated("state".into()))),
        ] {
            let read = Parameters::read(text).expect("UTF-8");
            assert_eq!(read.find_once("state"), expected, "{text}");
            assert_eq!(read.repeated(), expected.err(), "{text}");
        }
        assert!(Parameters::read("state=%FF").is_none() && Parameters::read("%C3=1").is_none());
    }
}
