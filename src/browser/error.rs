//! What can fail in the browser: [`Error`], which is a `DaypassError` on the JavaScript side.

use std::fmt;

use wasm_bindgen::prelude::*;

use super::js::{get, object, set, text};
use crate::ErrorCode;
use crate::text::cut;

/// A failure of Daypass, or the browser's own, such as the reason of an abort.
///
/// It is a JavaScript error: with a `code`, it is one of Daypass; without, somebody else threw it.
#[derive(Clone)]
pub struct Error(JsValue);

impl Error {
    /// Returns the stable code; `None` if the failure is not Daypass's own.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        ErrorCode::find(&text(&self.0, "code")?)
    }

    /// Returns what happened, in a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        text(&self.0, "message").unwrap_or_default()
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        text(&self.0, "help").unwrap_or_default()
    }

    /// Returns the HTTP status of the response; 0 if there was none.
    #[must_use]
    pub fn status(&self) -> u16 {
        get(&self.0, "status").as_f64().unwrap_or_default() as u16
    }

    /// Returns whether the same call may succeed later without anyone changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        get(&self.0, "retryable") == true
    }

    /// Makes the error of a provider that is a function, whose backend answered with this status. After 401 and 403 the provider
    /// is not called again; others may pass.
    #[must_use]
    pub fn from_backend(status: u16, message: &str) -> Error {
        Error(object(&[("status", &status.into()), ("message", &message.into())]))
    }

    /// Makes the error of a code; the particulars go where its message has a place for them.
    #[inline(never)]
    pub(super) fn new(code: ErrorCode, particulars: &str) -> Error {
        Error::caused(code, particulars, &JsValue::UNDEFINED)
    }

    /// Makes the error of a code, with what caused it.
    #[inline(never)]
    pub(super) fn caused(code: ErrorCode, particulars: &str, cause: &JsValue) -> Error {
        let (text, help) = code.browser_texts();
        let message = match cut(text, b'{') {
            Some((before, after)) => [before, particulars, after.get(1..).unwrap_or_default()].concat(),
            None => text.to_owned(),
        };
        Error::read(code, code.status(), message.trim_ascii_end(), help, cause)
    }

    /// Makes the error of a code with the words and the status of a response.
    #[inline(never)]
    pub(super) fn read(code: ErrorCode, status: u16, message: &str, help: &str, cause: &JsValue) -> Error {
        let options = if cause.is_undefined() { JsValue::UNDEFINED } else { object(&[("cause", cause)]) };
        let error = new_error(message, &options);
        set(&error, "code", &code.as_str().into());
        set(&error, "status", &status.into());
        set(&error, "retryable", &code.is_retryable().into());
        set(&error, "help", &help.into());
        Error(error)
    }

    /// Sets the help, where a response brought its own.
    pub(super) fn with_help(self, help: &str) -> Error {
        set(&self.0, "help", &help.into());
        self
    }

    /// Says that the same call fails again until someone changes something.
    #[inline(never)]
    pub(super) fn lasting(self) -> Error {
        set(&self.0, "retryable", &false.into());
        self
    }

    /// Sets the HTTP status of the response that the failure comes from.
    pub(super) fn with_status(self, status: u16) -> Error {
        set(&self.0, "status", &status.into());
        self
    }

    /// An option of `connect` or an argument is wrong.
    #[inline(never)]
    pub(super) fn option(why: &str) -> Error {
        Error::new(ErrorCode::InvalidOptions, why)
    }

    /// An argument of another method than `connect` is wrong.
    #[inline(never)]
    pub(super) fn argument(why: &str) -> Error {
        let (_, help) = ErrorCode::InvalidOptions.browser_texts();
        Error::read(ErrorCode::InvalidOptions, 0, why, help, &JsValue::UNDEFINED)
    }

    /// Returns the JavaScript error.
    pub(super) fn js(&self) -> &JsValue {
        &self.0
    }
}

/// The class `DaypassError`: in the package that of `pkg/src/error.ts`, in a Rust app a plain `Error` of that name.
#[cfg(not(feature = "package"))]
fn new_error(message: &str, options: &JsValue) -> JsValue {
    let error = js_sys::Error::new_with_options(message, options.unchecked_ref());
    error.set_name("DaypassError");
    error.into()
}

#[cfg(feature = "package")]
fn new_error(message: &str, options: &JsValue) -> JsValue {
    DaypassError::new(message, options).into()
}

#[cfg(feature = "package")]
#[wasm_bindgen(raw_module = "../src/error.ts")]
extern "C" {
    type DaypassError;
    #[wasm_bindgen(constructor)]
    fn new(message: &str, options: &JsValue) -> DaypassError;
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.0, "code").unwrap_or_default())?;
        f.write_str(": ")?;
        f.write_str(&self.message())
    }
}

impl std::error::Error for Error {}

/// What JavaScript threw, as it is.
impl From<JsValue> for Error {
    fn from(thrown: JsValue) -> Error {
        Error(thrown)
    }
}

/// A failure of gloo-net, such as a body that is not the JSON that was expected.
impl From<gloo_net::Error> for Error {
    fn from(error: gloo_net::Error) -> Error {
        Error(match error {
            gloo_net::Error::JsError(error) => {
                let kept = js_sys::Error::new(&error.message);
                kept.set_name(&error.name);
                kept.into()
            }
            other => js_sys::Error::new(&other.to_string()).into(),
        })
    }
}

impl From<Error> for JsValue {
    fn from(error: Error) -> JsValue {
        error.0
    }
}
