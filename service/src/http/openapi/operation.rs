//! One operation of the API, as its module describes it: [`Operation`].

use axum::http::Method;
use daypass::ErrorCode;
use schemars::JsonSchema;

use super::schemas::SchemaOf;
use super::{Callers, Header};

/// What an operation is about. The document has them in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Stored tokens.
    Tokens,
    /// What is made from a token.
    Minting,
    /// What products' APIs ask.
    Verification,
    /// The authorization server.
    OAuth,
    /// Tenants.
    Organizations,
    /// Users, service accounts and applications.
    Principals,
    /// The product's scopes.
    Catalogue,
    /// The audit trail.
    Audit,
    /// Signed-in people.
    People,
    /// The service itself.
    Service,
}

impl Tag {
    /// Every tag.
    pub(super) const ALL: [Tag; 10] = [
        Tag::Tokens,
        Tag::Minting,
        Tag::Verification,
        Tag::OAuth,
        Tag::Organizations,
        Tag::Principals,
        Tag::Catalogue,
        Tag::Audit,
        Tag::People,
        Tag::Service,
    ];

    /// Returns the name, and a sentence.
    pub(super) fn texts(self) -> (&'static str, &'static str) {
        match self {
            Tag::Tokens => ("Tokens", "Publishable, secret, personal and application tokens."),
            Tag::Minting => ("Temporary tokens and bundles", "What a backend makes from its token for a browser."),
            Tag::Verification => ("Introspection and revocation", "What products' APIs ask, and how tokens end."),
            Tag::OAuth => ("OAuth", "The authorization server (OAuth 2.1)."),
            Tag::Organizations => ("Organizations", "The tenants of the service."),
            Tag::Principals => ("Principals", "The users, service accounts and applications of an organization."),
            Tag::Catalogue => ("Catalogue", "The product's scopes."),
            Tag::Audit => ("Audit", "Who did what, from where, when, and with which outcome."),
            Tag::People => ("People", "Sessions, invitations and consents. Pages of the service call these."),
            Tag::Service => ("Service", "The state, the keys and the files of the service."),
        }
    }
}

/// One part of a form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) is_required: bool,
    pub(crate) description: &'static str,
}

impl Field {
    /// A part that the form must have.
    pub(crate) const fn required(name: &'static str, description: &'static str) -> Field {
        Field { name, is_required: true, description }
    }

    /// A part that the form may have.
    pub(crate) const fn optional(name: &'static str, description: &'static str) -> Field {
        Field { name, is_required: false, description }
    }
}

/// What a response has.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// A type, as JSON.
    Json(SchemaOf),
    /// A text of this media type.
    Text(&'static str),
}

/// A response of an operation that is done.
pub(super) struct Success {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) contents: Vec<Content>,
    pub(super) headers: Vec<Header>,
}

/// What a request has.
pub(super) enum Body {
    /// A type, as JSON.
    Json(SchemaOf),
    /// A form with these parts.
    Form(Vec<Field>),
}

/// How the errors of an operation look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errors {
    /// As everywhere.
    Native,
    /// As OAuth words them.
    OAuth,
    /// By the caller: as OAuth words them for an OAuth client.
    ByCaller,
    /// A page for a person.
    Page,
}

/// One operation.
pub(crate) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) tag: Tag,
    pub(super) description: &'static str,
    pub(super) callers: Callers,
    pub(super) query: Option<SchemaOf>,
    /// The headers that the request may have, and what each is for.
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: Option<Body>,
    pub(super) successes: Vec<Success>,
    pub(super) codes: Vec<ErrorCode>,
    pub(super) errors: Errors,
}

impl Operation {
    /// Describes the operation of a method and a path, which has this id and does what the summary says.
    pub(crate) fn new(
        method: Method,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        tag: Tag,
    ) -> Operation {
        Operation {
            method,
            path,
            id,
            summary,
            tag,
            description: "",
            callers: Callers::Anyone,
            query: None,
            headers: vec![],
            body: None,
            successes: vec![],
            codes: vec![],
            errors: Errors::Native,
        }
    }

    /// Says more than the summary.
    pub(crate) fn says(self, description: &'static str) -> Operation {
        Operation { description, ..self }
    }

    /// Sets who may call it.
    pub(crate) fn by(self, callers: Callers) -> Operation {
        Operation { callers, ..self }
    }

    /// Sets the query to the fields of this type.
    pub(crate) fn query<T: JsonSchema>(self) -> Operation {
        Operation { query: Some(T::json_schema), ..self }
    }

    /// Adds a header that the request may have.
    pub(crate) fn header(mut self, name: &'static str, description: &'static str) -> Operation {
        self.headers.push((name, description));
        self
    }

    /// Sets the body to this type, as JSON.
    pub(crate) fn takes<T: JsonSchema>(self) -> Operation {
        Operation { body: Some(Body::Json(|generator| generator.subschema_for::<T>())), ..self }
    }

    /// Sets the body to a form.
    pub(crate) fn takes_form(self, fields: &[Field]) -> Operation {
        Operation { body: Some(Body::Form(fields.to_vec())), ..self }
    }

    /// Adds a response with this type as JSON.
    pub(crate) fn answers<T: JsonSchema>(self, status: u16, description: &'static str) -> Operation {
        self.success(status, description, vec![Content::Json(|generator| generator.subschema_for::<T>())])
    }

    /// Adds a response with a text of this media type.
    pub(crate) fn answers_text(self, status: u16, media_type: &'static str, description: &'static str) -> Operation {
        self.success(status, description, vec![Content::Text(media_type)])
    }

    /// Adds a response without a body.
    pub(crate) fn answers_nothing(self, status: u16, description: &'static str) -> Operation {
        self.success(status, description, vec![])
    }

    fn success(mut self, status: u16, description: &'static str, contents: Vec<Content>) -> Operation {
        self.successes.push(Success { status, description, contents, headers: vec![] });
        self
    }

    /// Adds a form of the last response: a text of this media type.
    pub(crate) fn or_text(mut self, media_type: &'static str) -> Operation {
        self.last().contents.push(Content::Text(media_type));
        self
    }

    /// Adds a header to the last response.
    pub(crate) fn with(mut self, header: Header) -> Operation {
        self.last().headers.push(header);
        self
    }

    fn last(&mut self) -> &mut Success {
        self.successes.last_mut().expect("an operation has a response before what is said of it")
    }

    /// Says that the last response has the tag of a version, and that the request may name the version that it is for.
    pub(crate) fn of_version(self) -> Operation {
        let what = "Makes the change only if the record still has this version, its `ETag`.";
        self.with(Header::Tag)
            .header("If-Match", what)
            .refuses(&[ErrorCode::VersionConflict, ErrorCode::InvalidRequest])
    }

    /// Says that a client may revalidate its copy of the last response.
    pub(crate) fn revalidated(self) -> Operation {
        let what = "Answers 304 if the copy with this `ETag` is current.";
        self.with(Header::Tag)
            .header("If-None-Match", what)
            .answers_nothing(304, "The client's copy is current.")
            .with(Header::Tag)
    }

    /// Adds codes with which a request may be refused, beside those of its callers, its body, its query and its path.
    pub(crate) fn refuses(mut self, codes: &[ErrorCode]) -> Operation {
        self.codes.extend(codes);
        self
    }

    /// Says that errors are as OAuth words them.
    pub(crate) fn with_oauth_errors(self) -> Operation {
        Operation { errors: Errors::OAuth, ..self }
    }

    /// Says that errors are as OAuth words them if an OAuth client calls.
    pub(crate) fn with_errors_by_caller(self) -> Operation {
        Operation { errors: Errors::ByCaller, ..self }
    }

    /// Says that errors are pages for a person.
    pub(crate) fn with_error_pages(self) -> Operation {
        Operation { errors: Errors::Page, ..self }
    }

    /// Returns every code with which a request may be refused, each once.
    pub(super) fn all_codes(&self) -> Vec<ErrorCode> {
        let of_body: &[ErrorCode] = match &self.body {
            Some(Body::Json(_)) => &[ErrorCode::InvalidBody, ErrorCode::BodyTooLarge, ErrorCode::TooSlow],
            Some(Body::Form(_)) => &[ErrorCode::InvalidRequest, ErrorCode::BodyTooLarge, ErrorCode::TooSlow],
            None => &[],
        };
        let of_query = self.query.map(|_| ErrorCode::InvalidRequest);
        let of_path = self.path.contains('{').then_some(ErrorCode::NotFound);
        let given = [&*self.callers.codes(), of_body, &self.codes].concat();
        let all: Vec<_> = given.into_iter().chain(of_query).chain(of_path).collect();
        ErrorCode::ALL.iter().copied().filter(|code| all.contains(code)).collect()
    }
}
