//! The decision on a token, by the code that verifiers decide with.

use daypass::api::TokenRecord;
use daypass::verify::{Check, RequestFacts, Standing};
use daypass::{Error, ErrorCode, Grant, Requirement};
use maud::{Markup, html};

use super::super::flaw::Flaw;
use super::super::links::query;
use super::super::table::{cards, cell, head, row};
use super::super::text::outside;
use super::super::visitor::Visitor;
use super::form::Question;
use super::steps::{self, Facts};
use crate::http::SharedApp;
use crate::usecase::clock::now;
use crate::usecase::explain::{Search, Subject};

/// What was decided on a token.
pub(super) struct Decision {
    pub(super) content: Markup,
    /// The code of the refusal, or none if it passes; `None` if it is not clear which token it is.
    pub(super) decided: Option<Option<ErrorCode>>,
    /// The token's id, if it is stored.
    pub(super) token: Option<String>,
}

/// Decides on the token that a text stands for.
///
/// # Errors
/// A [`Flaw`] without such a token, or if the store does not answer.
pub(super) async fn of(app: &SharedApp, visitor: &Visitor, text: &str, question: &Question) -> Result<Decision, Flaw> {
    let formats = &app.foreign_formats;
    let search =
        Search { store: &*app.store, jwt_issuer: &app.jwt_issuer, formats, organization: &visitor.organization };
    let view = app.catalog.view();
    let tenant = question.tenant.as_deref().unwrap_or(&visitor.organization);
    let requirement = question.scope.as_ref().map(|scope| {
        let required = Requirement::new(scope, tenant);
        question.resources.iter().fold(required, |required, (kind, id)| required.resource_of_type(kind, id))
    });
    let attempt = RequestFacts {
        location: question.location,
        origin: question.origin.as_deref(),
        requirement: requirement.as_ref(),
        catalog: Some(view.catalogs.whole()),
        now: now(),
    };
    match search.find(text).await {
        Ok(Subject::Stored(record)) => Ok(of_record(visitor, &attempt, *record)),
        Ok(Subject::Jwt(claims, standing)) => {
            let facts = Facts {
                kind: claims.kind,
                shown: html! {
                    "A " (claims.kind) " token, made from "
                    a href=(visitor.to(&["tokens", &claims.client_id])) { code { (outside(&claims.client_id)) } }
                    ". This service signed it."
                },
                origins: claims.origins.clone(),
                grants: attempt.effective(claims.kind, claims.grants.clone()),
                starts: Some(claims.nbf.unwrap_or(claims.iat)),
                ends: Some(claims.exp),
                revoked_at: None,
                is_revoked: standing == Standing::Revoked,
                is_bound: claims.cnf.is_some(),
            };
            let outcomes = attempt.explain_claims(*claims, standing);
            Ok(decision(visitor, &facts, &attempt, &outcomes, None))
        }
        Ok(Subject::Several(records)) => {
            Ok(Decision { content: several(visitor, &records), decided: None, token: None })
        }
        Ok(Subject::OlderThan(compared)) => {
            let why = format!(
                "None of the newest {compared} tokens ends like that, and older ones are not compared: give the token's \
                 id, from its page or its list, or the whole token."
            );
            Err(Flaw::of("token", why))
        }
        Err(Error::NotFound) => Err(Flaw::of("token", UNKNOWN)),
        Err(error) => Err(error.into()),
    }
}

const UNKNOWN: &str = "This organization has no such token. If it is what your program sends, verifiers answer \
    `invalid_token`: it is mistyped or cut off, of another organization or service, or its key was revoked. Copy it \
    once more, or create a new one.";

fn of_record(visitor: &Visitor, attempt: &RequestFacts<'_>, record: TokenRecord) -> Decision {
    let facts = Facts {
        kind: record.kind,
        shown: html! {
            "The " (record.kind) " token “"
            a href=(visitor.to(&["tokens", &record.id])) { (outside(&record.name)) }
            "” " code { (record.kind.prefix().unwrap_or_default()) "…" (record.last_chars) }
        },
        origins: record.origins.clone(),
        grants: attempt.effective(record.kind, record.grants.clone()),
        starts: None,
        ends: record.expires_at,
        revoked_at: record.revoked_at,
        is_revoked: record.revoked_at.is_some(),
        is_bound: false,
    };
    let (id, outcomes) = (record.id.clone(), attempt.explain_record(record));
    decision(visitor, &facts, attempt, &outcomes, Some(id))
}

fn decision(
    visitor: &Visitor,
    facts: &Facts,
    attempt: &RequestFacts<'_>,
    outcomes: &[(Check, Result<(), Error>)],
    token: Option<String>,
) -> Decision {
    let first = outcomes.iter().find_map(|(_, outcome)| outcome.as_ref().err());
    let content = html! {
        (steps::verdict(first))
        (steps::shown(visitor, facts, attempt, outcomes))
    };
    Decision { content, decided: Some(first.map(Error::code)), token }
}

/// Shows several tokens that end alike, to choose from.
fn several(visitor: &Visitor, records: &[TokenRecord]) -> Markup {
    html! {
        section {
            h2 { "Several tokens end like that" }
            p { "Choose the one that you mean." }
            (cards(&["Token", "Id", "Origins", "Scopes"], &html! {
                @for record in records {
                    (row(&html! {
                        (head(&html! {
                            a.name href={ (visitor.to(&["refusal"])) (query(&[("token", &record.id)])) } {
                                (outside(&record.name))
                            }
                            span.kind { (record.kind) }
                        }))
                        (cell("Id", &html! { code { (outside(&record.id)) } }))
                        (cell("Origins", &html! { (record.origins.len()) }))
                        (cell("Scopes", &html! { (scopes(&record.grants)) }))
                    }))
                }
            }))
        }
    }
}

fn scopes(grants: &[Grant]) -> usize {
    grants.iter().map(|grant| grant.scopes.iter().count()).sum()
}
