//! `/console/{organization}/use`: how tokens were used, as small charts and as a table.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use daypass::api::{OriginUse, UseDay};
use daypass::{Error, ErrorCode};
use maud::{Markup, html};

use super::chart;
use super::fields::{Fields, QueryFields};
use super::page::Page;
use super::sections::Section;
use super::table::{cards, cell, head, row};
use super::text::{count, grouped, outside};
use super::visitor::{Answer, Visitor};
use crate::domain::days::{Days, SECONDS as DAY};
use crate::domain::timestamp::rfc_3339;
use crate::http::{SharedApp, TOKEN_READ};
use crate::usecase::clock::now;
use crate::usecase::token_use::{use_of_organization, use_of_token};
use crate::usecase::tokens;

/// How many days the charts have.
const SHOWN: u64 = 30;

/// Returns the route of the page.
pub(super) fn router() -> Router<SharedApp> {
    Router::new().route("/console/{organization}/use", get(show))
}

/// `GET /console/{organization}/use?token=`
async fn show(State(app): State<SharedApp>, visitor: Visitor, QueryFields(query): QueryFields) -> Response {
    visitor.answer(Section::Use, charts(&app, &visitor, &query).await)
}

async fn charts(app: &SharedApp, visitor: &Visitor, fields: &Fields) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&TOKEN_READ)?;
    let now = now();
    let days = Days::last(SHOWN, now);
    let (title, counted) = match fields.get("token") {
        Some(id) => {
            let record = tokens::find(&*app.store, organization, id).await?;
            (format!("Use of {}", record.name), use_of_token(&*app.store, organization, id, days).await?)
        }
        None => ("Use of all tokens".to_owned(), use_of_organization(&*app.store, organization, days).await?),
    };
    let all = every_day(counted, now);
    let total = |of: fn(&UseDay) -> u64| all.iter().map(of).fold(0, u64::saturating_add);
    let refused = sums(all.iter().flat_map(|day| day.refused.iter().map(|(code, number)| (&**code, *number))));
    let content = html! {
        (choice(visitor, fields))
        @if all.iter().all(|day| *day == empty(day.day)) {
            section.empty {
                h2 { "Nothing was counted in the last " (SHOWN) " days" }
                p {
                    "Temporary tokens are counted here by the service. Requests are counted once your API's verifier "
                    "reports them: " code { "Verifier::use_reports" } "."
                }
            }
        } @else {
            div.charts {
                (panel("Requests accepted", total(|day| day.accepted), &all, |day| day.accepted, "good"))
                (panel("Requests refused", total(refused_on), &all, refused_on, "bad"))
                (panel("Temporary tokens made", total(|day| day.refreshes), &all, |day| day.refreshes, "made"))
            }
            @if !refused.is_empty() { section { h2 { "Refusals by reason" } (reasons(visitor, &refused)) } }
            (origins("Origins of accepted requests", all.iter().flat_map(|day| &day.origins)))
            (origins("Origins of refused requests", all.iter().flat_map(|day| &day.refused_origins)))
            section { h2 { "By the day" } details { summary { "Show the numbers" } (table(&all)) } }
        }
    };
    Ok(Answer::Page(Page::new(title, content)))
}

/// Shows the field for a token.
fn choice(visitor: &Visitor, fields: &Fields) -> Markup {
    html! {
        form.filter method="get" action=(visitor.to(&["use"])) role="search" aria-label="Use" {
            div.wide {
                label for="token" { "Only the token with this id" }
                input id="token" name="token" value=(fields.raw("token")) autocomplete="off" spellcheck="false";
            }
            button.quiet type="submit" { "Show" }
            @if let Some(id) = fields.get("token") {
                a href=(visitor.to(&["tokens", id])) { "The token" }
                a href=(visitor.to(&["use"])) { "All tokens" }
            }
        }
    }
}

fn empty(day: u64) -> UseDay {
    UseDay { day, ..UseDay::default() }
}

/// Returns all days of the chart, oldest first, also those on which nothing was counted.
fn every_day(counted: Vec<UseDay>, now: u64) -> Vec<UseDay> {
    let mut by_day: BTreeMap<u64, UseDay> = counted.into_iter().map(|day| (day.day, day)).collect();
    let today = now - now % DAY;
    let days = (0..SHOWN).rev().map(|back| today.saturating_sub(back * DAY));
    days.map(|day| by_day.remove(&day).unwrap_or_else(|| empty(day))).collect()
}

fn refused_on(day: &UseDay) -> u64 {
    day.refused.values().copied().fold(0, u64::saturating_add)
}

/// Adds up numbers by their names, the greatest first.
fn sums<'a>(pairs: impl Iterator<Item = (&'a str, u64)>) -> Vec<(&'a str, u64)> {
    let mut sums: BTreeMap<_, u64> = BTreeMap::new();
    for (name, number) in pairs {
        let sum = sums.entry(name).or_default();
        *sum = sum.saturating_add(number);
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    sums
}

fn panel(title: &str, total: u64, days: &[UseDay], value: fn(&UseDay) -> u64, class: &str) -> Markup {
    let bars: Vec<_> = days.iter().map(|day| (date(day.day), value(day))).collect();
    html! {
        section.panel {
            h2 { (title) }
            p.total { (grouped(total)) }
            (chart::bars(&format!("{title} by the day"), &bars, class))
        }
    }
}

/// Returns a day as `2026-11-30`.
fn date(day: u64) -> String {
    rfc_3339(day).map_or_else(|| day.to_string(), |text| text[..10].to_owned())
}

fn reasons(visitor: &Visitor, refused: &[(&str, u64)]) -> Markup {
    html! {
        (cards(&["Reason", "Requests", "What to do"], &html! {
            @for (code, number) in refused {
                (row(&html! {
                    (head(&html! { code { (outside(code)) } }))
                    (cell("Requests", &html! { (number) }))
                    (cell("To do", &html! { (ErrorCode::find(code).map_or("", ErrorCode::help)) }))
                }))
            }
        }))
        p { a href=(visitor.to(&["refusal"])) { "Why was one of them refused?" } }
    }
}

fn origins<'a>(title: &str, origins: impl Iterator<Item = &'a OriginUse>) -> Markup {
    let origins = sums(origins.map(|own| (&*own.origin, own.count)));
    html! {
        @if !origins.is_empty() {
            section {
                h2 { (title) }
                ul.some {
                    @for (origin, number) in origins.iter().take(20) {
                        li { code { (outside(origin)) } " " (count(*number, "request")) }
                    }
                }
            }
        }
    }
}

fn table(days: &[UseDay]) -> Markup {
    cards(
        &["Day (UTC)", "Accepted", "Refused", "Temporary tokens"],
        &html! {
            @for day in days.iter().rev() {
                (row(&html! {
                    (head(&html! { (date(day.day)) }))
                    (cell("Accepted", &html! { (day.accepted) }))
                    (cell("Refused", &html! { (refused_on(day)) }))
                    (cell("Temporary", &html! { (day.refreshes) }))
                }))
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_every_day_also_those_without_a_count() {
        let now = 100 * DAY + 5;
        let counted = vec![UseDay { accepted: 3, ..empty(99 * DAY) }, UseDay { refreshes: 1, ..empty(100 * DAY) }];
        let all = every_day(counted, now);
        assert_eq!(all.len() as u64, SHOWN);
        assert_eq!((all[0].day, all.last().map(|day| day.day)), ((101 - SHOWN) * DAY, Some(100 * DAY)));
        assert_eq!(all.iter().map(|day| day.accepted + day.refreshes).sum::<u64>(), 4);
    }

    #[test]
    fn the_greatest_sum_is_first() {
        let pairs = [("a", 1), ("b", 5), ("a", 2)];
        assert_eq!(sums(pairs.into_iter()), [("b", 5), ("a", 3)]);
        let most = i64::MAX.unsigned_abs();
        assert_eq!(sums([("a", most), ("a", most), ("a", most)].into_iter()), [("a", u64::MAX)]);
    }
}
