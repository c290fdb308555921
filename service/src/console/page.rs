//! What every page has: the layout and the headers, in [`Page`].

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use daypass::{Error, ErrorCode};
use maud::{DOCTYPE, Markup, html};

use super::links::Links;
use super::sections::{self, Section};
use super::text::{count, outside};
use super::visitor::Visitor;
use crate::domain::hidden;
use crate::http::page::ISOLATED;

/// What a page may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// The script of every page.
    Script,
    /// That, and the WebAssembly of the origin field.
    Origins,
}

/// A page of the console.
pub(super) struct Page {
    pub(super) title: String,
    pub(super) status: u16,
    /// The code of the error that it shows, for the log and the audit trail.
    pub(super) code: Option<ErrorCode>,
    pub(super) runs: Runs,
    /// The address that the browser shows afterwards, if the page answers a form.
    pub(super) after: Option<String>,
    /// What is below the heading.
    pub(super) content: Markup,
    /// What is beside the heading, such as a link to what can be done here.
    pub(super) actions: Markup,
}

impl Page {
    /// A page with this title and content.
    pub(super) fn new(title: impl Into<String>, content: Markup) -> Page {
        Page {
            title: title.into(),
            status: 200,
            code: None,
            runs: Runs::Script,
            after: None,
            content,
            actions: html! {},
        }
    }

    /// Renders the page within the layout: of an organization, if there is a visitor.
    pub(super) fn respond(self, links: &Links, place: Option<(&Visitor, Section)>) -> Response {
        respond(self.status, self.code, policy(self.runs), self.document(links, place))
    }

    fn document(&self, links: &Links, place: Option<(&Visitor, Section)>) -> Markup {
        let Page { title, content, actions, runs, after, .. } = self;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width";
                    meta name="color-scheme" content="light dark";
                    title {
                        (title)
                        @if let Some((visitor, _)) = place { " · " (visitor.organization_name) }
                        " · Daypass"
                    }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href=(links.beside("pages/console.css"));
                    script type="module" src=(links.beside("pages/console.js")) {}
                    @if *runs == Runs::Origins {
                        script type="module" src=(links.beside("pages/origins.js")) {}
                    }
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    header.top {
                        a.brand href=(links.beside("console")) { "Daypass" }
                        @match place {
                            Some((visitor, _)) => { (switch(visitor)) (account(visitor)) },
                            // Also without an organization there is a way out of the account.
                            None => p.account { a href=(links.beside("sign-in")) { "Your account" } },
                        }
                    }
                    div.columns {
                        @if let Some((visitor, section)) = place { (navigation(visitor, section)) }
                        main #content tabindex="-1" data-after=[after] {
                            div.heading {
                                h1 { (outside(title)) }
                                div.actions { (actions) }
                            }
                            (content)
                        }
                    }
                }
            }
        }
    }
}

/// SECURITY: a page runs the scripts of this service alone, sends nothing elsewhere, and is in no frame.
fn policy(runs: Runs) -> &'static str {
    match runs {
        Runs::Script => {
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'"
        }
        Runs::Origins => {
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        }
    }
}

/// Shows the organization, and those that the person may go to instead.
fn switch(visitor: &Visitor) -> Markup {
    let others = visitor.memberships.iter().filter(|other| other.organization != visitor.organization);
    let others: Vec<_> = others.collect();
    if others.is_empty() {
        return html! { p.organization { (outside(&visitor.organization_name)) } };
    }
    html! {
        details.organization {
            summary { span.hint { "Organization: " } (outside(&visitor.organization_name)) }
            ul {
                @for other in others {
                    li {
                        @if other.suspended_at.is_some() {
                            span { (outside(&other.organization_name)) " (suspended)" }
                        } @else {
                            a href=(visitor.links.to(&other.organization, &["tokens"])) {
                                (outside(&other.organization_name))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Shows who is signed in, with the way to the account and out of it.
fn account(visitor: &Visitor) -> Markup {
    html! {
        p.account {
            a href=(visitor.links.beside("sign-in")) {
                span.hint { "Your account: " } (visitor.email)
            }
            span.role { (visitor.role) }
        }
    }
}

fn navigation(visitor: &Visitor, section: Section) -> Markup {
    html! {
        nav.sections aria-label="Console" {
            ul {
                @for (own, name, path) in sections::of_role(visitor.role) {
                    li {
                        a href=(visitor.to(&[path])) aria-current=[(own == section).then_some("true")] { (name) }
                    }
                }
            }
        }
    }
}

/// Answers with a document.
///
/// SECURITY: every page goes through here, where no hidden character stays one, wherever it comes from.
pub(super) fn respond(status: u16, code: Option<ErrorCode>, policy: &'static str, document: Markup) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = hidden::show_lines(&document.into_string());
    let fields =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store"), (CONTENT_SECURITY_POLICY, policy)];
    let mut response = (status, fields, ISOLATED, text).into_response();
    if let Some(code) = code {
        response.extensions_mut().insert(code);
    }
    response
}

/// Returns the page that says what is wrong with a request.
pub(super) fn problem(error: &Error) -> Page {
    let content = html! {
        section.problem role="alert" {
            p { (error.to_string()) }
            p { (to_do(error)) }
        }
        p.note { "Error " code { (error.code().as_str()) } }
    };
    let title = match error {
        Error::NotFound => "Not found",
        Error::MethodNotAllowed => "This address does not take that",
        Error::TooManyRequests(_) => "Too many requests",
        Error::OrganizationSuspended => "Suspended",
        Error::CrossSiteRequest => "Not from this site",
        _ if error.status() == 403 => "Not allowed",
        _ => "That did not work",
    };
    Page { status: error.status(), code: Some(error.code()), ..Page::new(title, content) }
}

/// Returns what a person can do about an error of an address.
fn to_do(error: &Error) -> Cow<'static, str> {
    match error {
        Error::NotFound => "Check the address, or begin at “Daypass” above.".into(),
        Error::MethodNotAllowed => "Open the page that you want from “Daypass” above, and use its own buttons.".into(),
        _ => help(error),
    }
}

/// Returns what a person can do about an error, who has a page instead of a request.
pub(super) fn help(error: &Error) -> Cow<'static, str> {
    match error {
        Error::TooManyRequests(seconds) => format!("Try again in {}.", count(*seconds, "second")).into(),
        _ => error.help().into(),
    }
}

/// Returns the page that answers a form after the end of the session.
pub(super) fn session_ended(error: &Error, links: &Links) -> Page {
    let content = html! {
        section.problem role="alert" {
            p { "What you sent was not looked at." }
            p {
                a href=(links.sign_in()) target="_blank" { "Sign in in another tab" }
                ", and then reload this page: the browser asks whether to send the form once more."
            }
        }
        p.note { "Error " code { (error.code().as_str()) } }
    };
    let title = "Your session has ended; nothing was saved";
    Page { status: error.status(), code: Some(error.code()), ..Page::new(title, content) }
}

/// Returns the page of a person who is in no organization that can be used.
pub(super) fn without_organization() -> Page {
    Page::new(
        "No organization",
        html! {
            p { "You are in no organization that can be used now. Ask an administrator for an invitation." }
        },
    )
}
