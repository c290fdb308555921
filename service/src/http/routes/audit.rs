//! `GET /v2/audit`: the audit trail, by the page or as an export.

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::response::{IntoResponse, Response};
use daypass::Error;
use futures_util::stream;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::openapi::{Callers, Operation, Tag};
use super::super::{Caller, NO_STORE, SharedApp};
use super::organizations::ADMINISTER;
use crate::domain::audit::Outcome;
use crate::domain::audit::export::{Format, json};
use crate::domain::audit::list::{ActionFilter, AuditCursor, AuditFilter};
use crate::domain::page_limit::PageLimit;
use crate::domain::timestamp::Timestamp;
use crate::usecase::audit::{self, AuditPage, Export};

/// The query. An unknown field is refused: a misspelt filter must not list everything.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Entries that concern this organization; without it, those that the caller may read.
    organization: Option<String>,
    /// Entries of the actor with this id, name or email, and of tokens that belong to it.
    actor: Option<String>,
    /// Entries of this action, or of a group of actions.
    action: Option<ActionFilter>,
    /// Entries about the target with this id.
    target: Option<String>,
    /// Entries with this outcome.
    outcome: Option<Outcome>,
    /// Entries from this time on: Unix seconds, or RFC 3339.
    since: Option<Timestamp>,
    /// Entries before this time: Unix seconds, or RFC 3339.
    until: Option<Timestamp>,
    /// The most entries of the page; 100 without it.
    limit: Option<PageLimit>,
    /// The `nextCursor` of the page before.
    cursor: Option<AuditCursor>,
    /// `json`, or an export as `csv` or `ndjson`; without it, the header `Accept` decides.
    format: Option<String>,
}

/// Lists or exports the trail of the caller's organization; an operator's, that of all.
pub(super) async fn list(
    State(app): State<SharedApp>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Error> {
    let own = caller.reach(&ADMINISTER)?;
    let Query(query) = query.map_err(|cause| Error::InvalidRequest(format!("{}.", cause.body_text())))?;
    let ListQuery { organization, actor, action, target, outcome, since, until, limit, cursor, format } = query;
    if let Some(organization) = &organization {
        caller.require_in(organization, &ADMINISTER)?;
    }
    let [since, until] = [since, until].map(|time| time.map(|Timestamp(seconds)| seconds));
    let organization = organization.or(own);
    let filter = AuditFilter { organization, actor, action, target, outcome, since, until };
    match export_format(format.as_deref(), &headers)? {
        None => {
            let page = audit::list(&*app.store, filter, cursor, limit.unwrap_or_default()).await?;
            Ok((NO_STORE, [(CONTENT_TYPE, "application/json")], json(&page)).into_response())
        }
        Some(_) if limit.is_some() || cursor.is_some() => Err(Error::InvalidRequest(
            "An export has all entries of the filter: leave out `limit` and `cursor`.".into(),
        )),
        Some(format) => Ok(send(format, Export::begin(app.store.clone(), filter).await?)),
    }
}

/// Returns the form of an export: that of `format`, or of the header `Accept`; `None` for a page.
fn export_format(name: Option<&str>, headers: &HeaderMap) -> Result<Option<Format>, Error> {
    if let Some(name) = name {
        let format = (name == "json").then_some(None).or_else(|| Format::named(name).map(Some));
        return format.ok_or_else(|| Error::InvalidRequest("The `format` is `json`, `csv` or `ndjson`.".into()));
    }
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let mut media_types = accepted.flat_map(|value| value.split(',')).filter_map(|range| range.split(';').next());
    Ok(media_types.find_map(|media_type| {
        [Format::Csv, Format::JsonLines].into_iter().find(|format| format.media_type() == media_type.trim())
    }))
}

/// Sends an export page by page, so that its memory is that of one page. If the store does not answer, the response ends
/// without its end, which the client notices.
pub(crate) fn send(format: Format, export: Export) -> Response {
    let lines = stream::try_unfold((export, Some(format.header())), move |(mut export, header)| async move {
        if let Some(header) = header.filter(|header| !header.is_empty()) {
            return Ok(Some((header, (export, None))));
        }
        let entries = export.next().await?;
        Ok::<_, Error>(entries.map(|entries| (format.lines(&entries), (export, None))))
    });
    let (extension, charset) = match format {
        Format::Csv => ("csv", "; charset=utf-8; header=present"),
        Format::JsonLines => ("ndjson", ""),
    };
    let headers: [(HeaderName, String); 3] = [
        (CONTENT_TYPE, format!("{}{charset}", format.media_type())),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"daypass-audit.{extension}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
    ];
    (NO_STORE, headers, Body::from_stream(lines)).into_response()
}

/// Describes the operation of this module.
pub(super) fn operations() -> Vec<Operation> {
    let operation = Operation::new(Method::GET, "/v2/audit", "listAudit", "List or export the audit trail", Tag::Audit)
        .says("Newest first, by the page, or all entries of the filters as an export. A token with the scope on `*` reads \
               the entries of every organization, and those of the service itself.")
        .by(Callers::Managers("daypass:administer"))
        .query::<ListQuery>()
        .answers::<AuditPage>(200, "A page of entries, or an export.")
        .or_text(Format::Csv.media_type())
        .or_text(Format::JsonLines.media_type());
    vec![operation]
}
