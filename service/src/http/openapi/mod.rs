//! The description of the native API: `GET /openapi.json` (OpenAPI 3.1), and a page to read it.
//!
//! Each module of handlers lists its operations beside them. The schemas of bodies and queries come from the types that
//! the handlers read and write, and the errors from the table of codes.
//!
//! | module | what it has |
//! | --- | --- |
//! | `callers` | who may call, and how they authenticate |
//! | `document` | the document, from the operations |
//! | `headers` | the headers of requests and responses |
//! | `operation` | one operation |
//! | `page` | the document as a page |
//! | `routes` | the paths |
//! | `schemas` | the schemas of types |
//! | `type_text` | a schema in words |

mod callers;
mod document;
mod headers;
mod operation;
mod page;
mod routes;
mod schemas;
mod type_text;

pub(crate) use callers::Callers;
pub(crate) use document::document;
pub(crate) use headers::Header;
pub(crate) use operation::{Field, Operation, Tag};
pub(crate) use routes::{operations, router};
