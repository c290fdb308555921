//! The account of a person who is signed in.

use daypass::Error;
use maud::{Markup, html};

use super::super::flaw::Flaw;
use super::super::links::Links;
use super::super::text::outside;
use super::card::Card;
use super::provider;
use crate::http::SharedApp;
use crate::usecase::sign_in::Session;

/// Shows the account, its organizations, and the way out of it; and what failed, below a title.
pub(super) async fn card(
    app: &SharedApp,
    links: &Links,
    session: &Session,
    failure: Option<(&str, &Flaw)>,
) -> Result<Card, Error> {
    let account = &session.account;
    let memberships = app.store.memberships(account.number).await?;
    let content = html! {
        section aria-labelledby="name" {
            h1 #name { (outside(&account.name)) }
            p.note { "Signed in as " (outside(&account.email)) }
            @if let Some((title, flaw)) = failure { (Flaw::summary(Some(flaw), title)) }
            h2 { "Organizations" }
            @if memberships.is_empty() {
                p { "None. Ask for an invitation." }
            } @else {
                ul {
                    @for own in &memberships {
                        li {
                            (outside(&own.organization_name))
                            span { (own.role) @if own.suspended_at.is_some() { ", suspended" } }
                        }
                    }
                }
            }
            p.note { a href=(links.beside("console")) { "Open the console" } }
            p.note { a href=(links.beside("applications")) { "Applications with access" } }
            @if account.identity.is_none() { (provider::link(app, links, failure.map(|(_, flaw)| flaw))) }
            (way_out(links))
        }
    };
    Ok(Card::new(account.name.clone(), content))
}

fn way_out(links: &Links) -> Markup {
    html! {
        form method="post" action=(links.beside("sign-out")) { button type="submit" { "Sign out" } }
    }
}
