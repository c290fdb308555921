//! What a token may do, as a matrix: tenants × actions.

use std::collections::BTreeSet;

use daypass::{Catalog, Grant, Scope};
use maud::{Markup, html};

use super::super::text::outside;
use super::shown;

/// More scopes than this are folded up.
const MANY: usize = 20;

/// Shows the grants of a token: a row for each scope, a column for each grant.
pub(super) fn matrix(grants: &[Grant], catalog: &Catalog, organization: &str) -> Markup {
    let scopes: BTreeSet<&Scope> = grants.iter().flat_map(|grant| grant.scopes.iter()).collect();
    let table = html! {
        div.scroll tabindex="0" role="region" aria-label="Scopes by tenant" {
            table.matrix.plain {
                thead {
                    tr {
                        th scope="col" { "Scope" }
                        @for grant in grants { th scope="col" { (tenant(grant, organization)) } }
                        th scope="col" { "What it opens" }
                    }
                }
                tbody {
                    @for scope in &scopes {
                        tr {
                            th scope="row" { (shown::scope(scope)) }
                            @for grant in grants { td.answer { (cell(grant, scope)) } }
                            td { (meaning(scope, catalog)) }
                        }
                    }
                }
            }
        }
    };
    html! {
        @if scopes.is_empty() {
            p.none { "It opens nothing." }
        } @else {
            @if scopes.len() > MANY {
                details { summary { (scopes.len()) " scopes" } (table) }
            } @else {
                (table)
            }
            @if grants.iter().any(|grant| !grant.resources.is_empty()) { (limits(grants, organization)) }
        }
    }
}

fn tenant(grant: &Grant, organization: &str) -> Markup {
    match &*grant.tenant {
        "*" => html! { "All tenants" },
        own if own == organization => html! { "This organization" },
        other => html! { code { (outside(other)) } },
    }
}

fn meaning(scope: &Scope, catalog: &Catalog) -> Markup {
    let entry = catalog.scopes.iter().find(|entry| entry.scope == *scope);
    html! { @if let Some(entry) = entry { (outside(&entry.description)) } @else { span.none { "–" } } }
}

fn cell(grant: &Grant, scope: &Scope) -> Markup {
    if grant.scopes.iter().any(|held| held == scope) {
        html! { span.yes aria-hidden="true" { "✓" } span.hint { "yes" } }
    } else {
        html! { span.none aria-hidden="true" { "–" } span.hint { "no" } }
    }
}

fn limits(grants: &[Grant], organization: &str) -> Markup {
    html! {
        h3.field { "Only these resources" }
        @for grant in grants.iter().filter(|grant| !grant.resources.is_empty()) {
            p {
                (tenant(grant, organization)) ": "
                @for (at, limit) in grant.resources.iter().enumerate() {
                    @if at > 0 { ", " }
                    code { (limit.kind) ":" (limit.id) }
                }
            }
        }
    }
}
