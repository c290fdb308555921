//! The fields of a query or a form: [`Fields`].

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use daypass::Error;
use url::form_urlencoded;

use crate::http::{FormFields, SharedApp};

/// The fields of a query or a form, as a browser sends them: several values of one name are a choice of several.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Makes fields of pairs, such as the values that a form has at first.
    pub(super) fn of<const N: usize>(pairs: [(&str, String); N]) -> Fields {
        Fields(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Adds a value.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// Returns what was typed into a field, without the space around it; nothing for an empty one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        Some(self.raw(name).trim()).filter(|value| !value.is_empty())
    }

    /// Returns what was typed into a field, as it was typed.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Returns the values of a choice of several.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Returns whether a choice of several has a value.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|own| own == value)
    }

    /// Returns the lines of a field that are not empty.
    pub(super) fn lines(&self, name: &str) -> impl Iterator<Item = &str> {
        self.raw(name).lines().map(str::trim).filter(|line| !line.is_empty())
    }
}

/// The fields of a query.
pub(super) struct QueryFields(pub(super) Fields);

impl FromRequestParts<SharedApp> for QueryFields {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &SharedApp) -> Result<QueryFields, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(QueryFields(Fields(form_urlencoded::parse(query.as_bytes()).into_owned().collect())))
    }
}

impl FromRequest<SharedApp> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request, app: &SharedApp) -> Result<Fields, Error> {
        let FormFields(pairs) = FormFields::<Vec<(String, String)>>::from_request(request, app).await?;
        // A browser ends the lines of a field by both characters.
        let pairs = pairs.into_iter().map(|(name, value)| (name, value.replace("\r\n", "\n")));
        Ok(Fields(pairs.collect()))
    }
}
