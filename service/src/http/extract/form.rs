//! Forms, as RFC 7662 and RFC 7009 require them: [`FormFields`].

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use daypass::Error;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{MAX_BODY, in_time};

/// A form, parsed as a `T`.
pub(crate) struct FormFields<T>(pub(crate) T);

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

/// The form of a request that revokes a token. A `token_type_hint` makes no difference.
#[derive(Deserialize)]
pub(in crate::http) struct TokenForm {
    pub(in crate::http) token: String,
}
