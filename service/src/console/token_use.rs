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
/// How many reasons are shown by the day, each by itself. The others are added up.
const NAMED: usize = 5;

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
    let refused = sums(all.iter().flat_map(|day| day.refused.iter().map(|(code, number)| (&**code, *number))));
    let named: Vec<_> = refused.iter().take(NAMED).map(|(code, _)| *code).collect();
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
                (overall("Requests accepted", &all, |day| day.accepted, "good"))
                (overall("Requests refused", &all, refused_on, "bad"))
                (overall("Temporary tokens made", &all, |day| day.refreshes, "made"))
            }
            @if !refused.is_empty() {
                section {
                    h2 { "Refusals by reason" }
                    (reason_charts(&all, &named))
                    (reasons(visitor, &refused))
                }
            }
            (origins("Origins of accepted requests", all.iter().flat_map(|day| &day.origins)))
            (origins("Origins of refused requests", all.iter().flat_map(|day| &day.refused_origins)))
            section { h2 { "By the day" } details { summary { "Show the numbers" } (table(&all, &named)) } }
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

fn panel(title: &str, heading: &Markup, days: &[UseDay], value: impl Fn(&UseDay) -> u64, class: &str) -> Markup {
    let bars: Vec<_> = days.iter().map(|day| (date(day.day), value(day))).collect();
    let total = bars.iter().map(|(_, number)| *number).fold(0, u64::saturating_add);
    html! {
        section.panel {
            (heading)
            p.total { (grouped(total)) }
            (chart::bars(&format!("{title} by the day"), &bars, class))
        }
    }
}

fn overall(title: &str, days: &[UseDay], value: impl Fn(&UseDay) -> u64, class: &str) -> Markup {
    panel(title, &html! { h2 { (title) } }, days, value, class)
}

/// Returns how many requests were refused on a day for a reason; for those that are not `named` without one.
fn refused_for(day: &UseDay, code: Option<&str>, named: &[&str]) -> u64 {
    let is_meant = |own: &str| code.map_or_else(|| !named.contains(&own), |code| own == code);
    day.refused.iter().filter(|(own, _)| is_meant(own)).map(|(_, number)| *number).fold(0, u64::saturating_add)
}

/// Returns what is counted by the day for each reason that is named, and for all others.
fn columns<'a>(named: &'a [&'a str]) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    named.iter().map(|code| (*code, Some(*code))).chain([("other reasons", None)])
}

/// Shows a chart for each reason that is named, and one for all others if there are any.
fn reason_charts(days: &[UseDay], named: &[&str]) -> Markup {
    let is_any = |code| days.iter().any(|day| refused_for(day, code, named) > 0);
    html! {
        div.charts.small {
            @for (name, code) in columns(named).filter(|(_, code)| is_any(*code)) {
                (panel(name, &html! { h3 { (outside(name)) } }, days, |day| refused_for(day, code, named), "bad"))
            }
        }
        p.note { "Each chart has a height of its own. The numbers of each day are at the end of the page." }
    }
}

/// Lists for what reasons requests were refused on a day.
fn reasons_on(day: &UseDay, named: &[&str]) -> Markup {
    let numbers = columns(named).map(|(name, code)| (name, refused_for(day, code, named)));
    let numbers: Vec<_> = numbers.filter(|(_, number)| *number > 0).collect();
    html! {
        @if numbers.is_empty() {
            span.none { "–" }
        } @else {
            ul.some { @for (name, number) in &numbers { li { (outside(name)) " " (grouped(*number)) } } }
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
                    (cell("Requests", &html! { (grouped(*number)) }))
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

fn table(days: &[UseDay], named: &[&str]) -> Markup {
    cards(
        &["Day (UTC)", "Accepted", "Refused", "Refused for", "Temporary tokens"],
        &html! {
            @for day in days.iter().rev() {
                (row(&html! {
                    (head(&html! { (date(day.day)) }))
                    (cell("Accepted", &html! { (grouped(day.accepted)) }))
                    (cell("Refused", &html! { (grouped(refused_on(day))) }))
                    (cell("For", &reasons_on(day, named)))
                    (cell("Temporary", &html! { (grouped(day.refreshes)) }))
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
    fn the_most_frequent_reasons_are_shown_by_the_day_and_the_others_are_added_up() {
        let of = |day, refused: &[(&str, u64)]| UseDay {
            refused: refused.iter().map(|(code, number)| ((*code).to_owned(), *number)).collect(),
            ..empty(day)
        };
        let days = [of(0, &[("a", 1), ("b", 5), ("c", u64::MAX)]), of(DAY, &[("c", 7), ("d", 2)]), empty(2 * DAY)];
        let named = ["b", "c"];
        let by_day = |code| days.iter().map(|day| refused_for(day, code, &named)).collect::<Vec<_>>();
        assert_eq!(by_day(Some("b")), [5, 0, 0]);
        assert_eq!(by_day(Some("c")), [u64::MAX, 7, 0]);
        assert_eq!(by_day(None), [1, 2, 0]);
        for day in &days {
            let sum = columns(&named).map(|(_, code)| refused_for(day, code, &named)).fold(0, u64::saturating_add);
            assert_eq!(sum, refused_on(day));
        }
        let charts = reason_charts(&days, &named).into_string();
        assert_eq!((charts.matches("<svg").count(), charts.contains("other reasons")), (3, true));
        assert!(!reason_charts(&days[1..], &["c", "d"]).into_string().contains("other reasons"));
        assert!(reasons_on(&days[2], &named).into_string().contains('–'));
    }

    #[test]
    fn the_greatest_sum_is_first() {
        let pairs = [("a", 1), ("b", 5), ("a", 2)];
        assert_eq!(sums(pairs.into_iter()), [("b", 5), ("a", 3)]);
        let most = i64::MAX.unsigned_abs();
        assert_eq!(sums([("a", most), ("a", most), ("a", most)].into_iter()), [("a", u64::MAX)]);
    }
}
