//! The steps of a decision: each with what was compared, its outcome, and what to do.

use daypass::verify::{Check, RequestFacts, TokenLocation};
use daypass::{Error, ErrorCode, Grant, Origin, OriginPattern, Requirement, TokenKind};
use maud::{Markup, html};

use super::super::text::{outside, relative, time};
use super::super::visitor::Visitor;
use super::form::place;

/// What the steps show of a token.
pub(super) struct Facts {
    pub(super) kind: TokenKind,
    /// The token, as a sentence.
    pub(super) shown: Markup,
    pub(super) origins: Vec<OriginPattern>,
    /// What it holds, in the names of the catalogue.
    pub(super) grants: Vec<Grant>,
    /// From when on it is valid, if it says so.
    pub(super) starts: Option<u64>,
    /// When it expires, if ever.
    pub(super) ends: Option<u64>,
    /// When it was revoked, if that is known.
    pub(super) revoked_at: Option<u64>,
    pub(super) is_revoked: bool,
    /// Whether its sender must prove to have a key.
    pub(super) is_bound: bool,
}

/// What came of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Unknown,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
        }
    }
}

/// Shows what the whole decision is.
pub(super) fn verdict(first: Option<&Error>) -> Markup {
    match first {
        Some(error) => html! {
            section.problem role="status" {
                h2 { "Refused: " code { (error.code()) } " (" (error.status()) ")" }
                p { (outside(&error.to_string())) }
                p { (error.help()) }
            }
        },
        None => html! {
            section.done role="status" {
                h2 { "A verifier would accept it now" }
                p {
                    "By what you told of the request, as the token is at present. Steps with a question mark were not "
                    "looked at."
                }
            }
        },
    }
}

/// Shows that an answer said something else than what would be decided now.
pub(super) fn comparison(said: ErrorCode, decided: Option<ErrorCode>) -> Markup {
    if decided == Some(said) {
        return html! { p.field { "The answer said the same as is decided now." } };
    }
    html! {
        section.warning role="status" {
            p {
                "The answer said " code { (said) } ", and the decision now is "
                @match decided { Some(code) => code { (code) }, None => "that it passes" }
                ". Either the token was changed since, or the request was another one than you described: "
                "check the token, the origin and where the token was."
            }
        }
    }
}

/// Shows every step.
pub(super) fn shown(
    visitor: &Visitor,
    facts: &Facts,
    attempt: &RequestFacts<'_>,
    outcomes: &[(Check, Result<(), Error>)],
) -> Markup {
    let of = |check| outcomes.iter().find(|(own, _)| *own == check).map(|(_, outcome)| outcome);
    html! {
        section {
            h2 { "Step by step" }
            ol.steps {
                (step("Is it a token of this service?", Outcome::Passed, None, &html! { p { (facts.shown) } }))
                (judged("May a token of its kind be there?", of(Check::Location), &location(facts, attempt)))
                (judged("May this page use it?", of(Check::Page), &page(visitor, facts, attempt)))
                (judged("Was it revoked or suspended?", of(Check::Withdrawal), &withdrawal(facts)))
                (judged("Is it within its life?", of(Check::Life), &life(facts, attempt.now)))
                @if facts.is_bound { (proof()) }
                (judged("May it do that?", of(Check::Requirement), &requirement(facts, attempt.requirement)))
            }
            p.note {
                "A verifier stops at the first step that fails. Your product may refuse more by itself, and limits of "
                "requests (429) depend on the moment."
            }
        }
    }
}

fn judged(title: &str, outcome: Option<&Result<(), Error>>, compared: &Markup) -> Markup {
    match outcome {
        None => step(title, Outcome::Unknown, None, compared),
        Some(Ok(())) => step(title, Outcome::Passed, None, compared),
        Some(Err(error)) => step(title, Outcome::Failed, Some(error), compared),
    }
}

fn step(title: &str, outcome: Outcome, error: Option<&Error>, compared: &Markup) -> Markup {
    html! {
        li class=(outcome.as_str()) {
            h3 { (title) " " span.outcome { (outcome.as_str()) } }
            (compared)
            @if let Some(error) = error {
                p.refused { code { (error.code()) } ": " (outside(&error.to_string())) }
                p { "What to do: " (error.help()) }
            }
        }
    }
}

fn location(facts: &Facts, attempt: &RequestFacts<'_>) -> Markup {
    let kind = facts.kind;
    let places = TokenLocation::ALL.into_iter().filter(|location| location.carries(kind)).map(place);
    html! {
        @match attempt.location {
            Some(location) => p { "It was here: " (place(location)) "." },
            None => p { "You did not say where it was." },
        }
        p.note { "A " (kind) " token may be here: " (places.collect::<Vec<_>>().join("; ")) "." }
    }
}

fn page(visitor: &Visitor, facts: &Facts, attempt: &RequestFacts<'_>) -> Markup {
    let parsed = attempt.origin.map(|text| Origin::parse(text).map_err(|error| error.why()));
    html! {
        @match (attempt.origin, &parsed) {
            (Some(origin), Some(Err(why))) => {
                p { "Origin seen: " code { (outside(origin)) } ", which is no origin of a page: " (why) "." }
            },
            (Some(origin), _) => p { "Origin seen: " code { (outside(origin)) } },
            (None, _) => p { "No origin: a program, or you did not say it." },
        }
        @if facts.kind.is_backend_only() {
            p.note { "A " (facts.kind) " token is for backends: no page may send it." }
        } @else if facts.origins.is_empty() {
            p.note { "It is bound to no origin." }
        } @else {
            ul.tried aria-label="Patterns tried" {
                @for pattern in &facts.origins {
                    @let matches = parsed.as_ref().and_then(|own| own.as_ref().ok()).map(|own| pattern.matches(own));
                    li class=[matches.map(|matches| if matches { "matches" } else { "differs" })] {
                        code { (outside(&pattern.to_string())) }
                        @match matches { Some(true) => " matches", Some(false) => " does not match", None => "" }
                    }
                }
            }
            @if facts.kind == TokenKind::Publishable {
                p.note { "Origins are edited at the token, under " a href=(visitor.to(&["tokens"])) { "Tokens" } "." }
            }
        }
    }
}

fn withdrawal(facts: &Facts) -> Markup {
    html! {
        @match facts.revoked_at {
            Some(at) => p { "It was revoked: " (time(at)) " UTC. A revocation is for good." },
            None if facts.is_revoked => p { "It was revoked, or what it was made from was." },
            None => p { "It was not revoked." },
        }
    }
}

fn life(facts: &Facts, now: u64) -> Markup {
    html! {
        p {
            @if let Some(at) = facts.starts { "Valid from " (time(at)) " UTC. " }
            @match facts.ends {
                Some(at) => { "Its end: " (time(at)) " UTC, " (relative(at, now)) "." },
                None => "It has no end.",
            }
        }
    }
}

/// A request alone shows whether its sender has the key.
fn proof() -> Markup {
    step(
        "Does its sender have the key?",
        Outcome::Unknown,
        None,
        &html! {
            p {
                "It is bound to a key (DPoP): it needs the header Authorization: DPoP …, and a new proof with every "
                "request. Only the request itself shows that."
            }
        },
    )
}

fn requirement(facts: &Facts, required: Option<&Requirement<'_>>) -> Markup {
    let Some(required) = required else {
        return html! {
            p { "You did not say which scope the API needs." }
            @if facts.grants.is_empty() { p.note { "It holds nothing." } }
            ul.tried { @for grant in &facts.grants { li { (held(grant)) } } }
        };
    };
    html! {
        p {
            "Needed: " code { (required.scope()) } " for the tenant " code { (outside(required.tenant())) }
            (named(required))
        }
        @if !facts.kind.may(required.scope()) {
            p { "No " (facts.kind) " token has this scope, whatever it was given." }
        }
        @if facts.grants.is_empty() {
            p { "It holds nothing." }
        } @else {
            ul.tried aria-label="Grants tried" {
                @for grant in &facts.grants {
                    li class=(if grant.allows(required) { "matches" } else { "differs" }) {
                        (held(grant)) (why_not(grant, required))
                    }
                }
            }
        }
    }
}

fn named(required: &Requirement<'_>) -> Markup {
    let own: Vec<_> = required.resources_of_type(required.scope().resource()).collect();
    html! { @for id in own { ", resource " code { (required.scope().resource()) ":" (outside(id)) } } }
}

/// Shows what a grant gives.
fn held(grant: &Grant) -> Markup {
    html! {
        @if grant.tenant == "*" { "All tenants" } @else { "Tenant " code { (outside(&grant.tenant)) } } ": "
        @for (at, scope) in grant.scopes.iter().enumerate() { @if at > 0 { ", " } code { (scope) } }
        @if grant.scopes.iter().next().is_none() { "no scope" }
        @if !grant.resources.is_empty() {
            ", only for "
            @for (at, limit) in grant.resources.iter().enumerate() {
                @if at > 0 { ", " }
                code { (outside(&format!("{}:{}", limit.kind, limit.id))) }
            }
        }
    }
}

/// Says what a grant lacks.
fn why_not(grant: &Grant, required: &Requirement<'_>) -> &'static str {
    if grant.allows(required) {
        " – has it"
    } else if !grant.has_tenant(required.tenant()) {
        " – is for another tenant"
    } else if grant.has_scope(required.scope()) {
        " – has the scope, but not for all that was asked: its resources are limited"
    } else {
        " – lacks the scope"
    }
}
