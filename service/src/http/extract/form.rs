//! Forms, as OAuth requires them: [`Parameters`].

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use daypass::Error;
use serde::de::DeserializeOwned;

use super::{MAX_BODY, in_time};

/// A form, parsed as a `T`.
struct FormFields<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for FormFields<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<FormFields<T>, Error> {
        match in_time(Form::from_request(request, state)).await? {
            Ok(Form(fields)) => Ok(FormFields(fields)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::BodyTooLarge(MAX_BODY)),
            Err(rejection) => Err(Error::InvalidRequest(format!("{}.", rejection.body_text()))),
        }
    }
}

/// The parameters of an OAuth request. One without a value is as if it were not there (RFC 6749, section 3.1).
pub(crate) struct Parameters(Vec<(String, String)>);

/// The parameters that a request may have several times (RFC 8693, section 2.1).
const REPEATABLE: [&str; 2] = ["audience", "resource"];

impl Parameters {
    /// Checks the parameters of a request.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if one is repeated.
    pub(crate) fn new(mut pairs: Vec<(String, String)>) -> Result<Parameters, Error> {
        let mut names: Vec<_> =
            pairs.iter().map(|(name, _)| &**name).filter(|name| !REPEATABLE.contains(name)).collect();
        names.sort_unstable();
        if let Some(repeated) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::InvalidRequest(format!("The request has the parameter `{}` twice.", repeated[0])));
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Parameters(pairs))
    }

    /// Returns the value of a parameter, if the request has it.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Returns all values of a parameter that the request may have several times.
    pub(crate) fn find_all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| &**value).collect()
    }

    /// Returns the value of a parameter that the request must have.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`].
    pub(crate) fn require(&self, name: &str) -> Result<&str, Error> {
        self.find(name).ok_or_else(|| Error::InvalidRequest(format!("The request lacks the parameter `{name}`.")))
    }
}

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Parameters, Error> {
        let FormFields(pairs) = FormFields::from_request(request, state).await?;
        Parameters::new(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_there_once_and_has_a_value() {
        let read = |pairs: &[(&str, &str)]| {
            Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let parameters = read(&[("a", "1"), ("b", ""), ("resource", "x"), ("resource", "y")]).ok();
        let find = |name| parameters.as_ref().and_then(|parameters| parameters.find(name));
        assert_eq!([find("a"), find("b"), find("c"), find("resource")], [Some("1"), None, None, Some("x")]);
        for repeated in [[("a", "1"), ("a", "1")], [("a", ""), ("a", "1")]] {
            assert!(read(&repeated).is_err(), "{repeated:?}");
        }
    }
}
