//! What was made from a token and ends with it: [`Children`].

use daypass::api::{TokenRecord, UseDay, duration};
use daypass::{Error, TokenKind};
use maud::{Markup, html};

use super::super::text::{count, grouped, relative, time};
use crate::domain::bundle::{ActiveBundles, MOST_COUNTED};
use crate::domain::days::{Days, SECONDS as DAY};
use crate::domain::oauth::family::ACCESS_LIFETIME;
use crate::store::Store;
use crate::usecase::{bundles, token_use};

/// On how many days the temporary tokens were made that can still live: today, and as many before as one lives.
const DAYS: u64 = duration::MOST.div_ceil(DAY) + 1;

/// What was made from a token.
pub(super) struct Children {
    bundles: ActiveBundles,
    /// Secret tokens alone mint them.
    temporary: Option<Temporary>,
}

/// The temporary tokens that can still live, as the service has counted them by the day.
#[derive(Debug, PartialEq, Eq)]
struct Temporary {
    /// How many were made today.
    today: u64,
    /// How many were made on the days before.
    before: u64,
    /// When the last one of them ends at the latest; `None` without any.
    last_end: Option<u64>,
}

impl Temporary {
    fn of(days: &[UseDay], now: u64) -> Temporary {
        let start_of_today = now - now % DAY;
        let (of_today, of_before): (Vec<_>, Vec<_>) = days.iter().partition(|day| day.day >= start_of_today);
        let sum = |days: &[&UseDay]| days.iter().map(|day| day.refreshes).fold(0, u64::saturating_add);
        // The time within a day is not known: the last one may have been made now, or when its day ended.
        let made_until = |day: &&UseDay| (day.day + DAY).min(now);
        let last = days.iter().filter(|day| day.refreshes > 0).map(|day| made_until(&day)).max();
        let last_end = last.map(|made| made + duration::MOST);
        Temporary { today: sum(&of_today), before: sum(&of_before), last_end }
    }
}

/// Finds what was made from a token; nothing for a kind from which nothing is made.
pub(super) async fn find(store: &dyn Store, record: &TokenRecord, now: u64) -> Result<Option<Children>, Error> {
    if !matches!(record.kind, TokenKind::Secret | TokenKind::Application) {
        return Ok(None);
    }
    let bundles = bundles::count_active(store, record.serial).await?;
    let temporary = match record.kind {
        TokenKind::Secret => {
            let days = Days::last(DAYS, now);
            Some(Temporary::of(&token_use::use_of_serial(store, &record.organization, record.serial, days).await?, now))
        }
        _ => None,
    };
    Ok(Some(Children { bundles, temporary }))
}

/// Shows what was made from a token and can be used now, as items of a list.
pub(super) fn items(children: &Children, now: u64) -> Markup {
    let hours = count(duration::MOST / 3600, "hour");
    html! {
        li { (references(&children.bundles, now)) }
        @if let Some(temporary) = &children.temporary { li { (made(temporary, &hours, now)) } }
        li { "Signed bundles: not stored and not counted. Each ends within " (hours) " of when it was made." }
        li {
            "Access tokens that OAuth clients got by it: not stored and not counted. Each ends within "
            (count(ACCESS_LIFETIME / 3600, "hour")) " of when it was made."
        }
    }
}

/// Says how many temporary tokens were made, and so how many can be usable.
fn made(temporary: &Temporary, hours: &str, now: u64) -> Markup {
    let Temporary { today, before, last_end } = *temporary;
    let earlier = if DAYS == 2 { "yesterday".to_owned() } else { format!("on the {} days before", DAYS - 1) };
    html! {
        "Temporary tokens: " (grouped(today)) " made today and " (grouped(before)) " " (earlier) " (UTC). "
        @if let Some(end) = last_end {
            "Each lives " (hours) " at most, so that as many as that (" (grouped(today.saturating_add(before)))
            ") can be usable now. The last one ends " (relative(end, now)) " at the latest, at " (time(end)) " UTC."
        } @else {
            "Each lives " (hours) " at most, so that none of those that were counted is usable now."
        }
        " "
        span.note { "The service counts them up to a minute late, and loses that minute if it crashes." }
    }
}

/// Says how many bundle references there are, and when the last one ends.
fn references(bundles: &ActiveBundles, now: u64) -> String {
    let ActiveBundles { number, last_end } = *bundles;
    match last_end {
        _ if number > MOST_COUNTED => format!("More than {} bundle references.", grouped(MOST_COUNTED)),
        Some(end) => format!("{}; the last one ends {}.", count(number, "bundle reference"), relative(end, now)),
        None => "No bundle references.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_temporary_token_ends_as_late_as_its_day_allows() {
        let (today, now) = (100 * DAY, 100 * DAY + 5);
        let made = |day, refreshes| UseDay { day, refreshes, ..UseDay::default() };
        let of_today = Some(now + duration::MOST);
        let of_yesterday = Some(today + duration::MOST);
        for (days, expected) in [
            (vec![], (0, 0, None)),
            (vec![made(today - DAY, 0), made(today, 0)], (0, 0, None)),
            (vec![made(today - DAY, 3)], (0, 3, of_yesterday)),
            (vec![made(today - DAY, 3), made(today, 0)], (0, 3, of_yesterday)),
            (vec![made(today - DAY, 3), made(today, 4)], (4, 3, of_today)),
            (vec![made(today - DAY, u64::MAX), made(today, 4)], (4, u64::MAX, of_today)),
        ] {
            let Temporary { today, before, last_end } = Temporary::of(&days, now);
            assert_eq!((today, before, last_end), expected, "{days:?}");
        }
        // On no earlier day was one made that can be usable.
        const { assert!((DAYS - 1) * DAY >= duration::MOST && (DAYS - 2) * DAY < duration::MOST) };
    }
}
