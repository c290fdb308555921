//! Times, numbers and names as pages show them.

use daypass::TokenKind;
use maud::{Markup, html};

use crate::domain::timestamp::rfc_3339;

/// Shows a text from outside in its own direction. No name turns the text beside it around.
pub(super) fn outside(text: &str) -> Markup {
    html! { bdi { (text) } }
}

/// Shows a word of ours, such as a role, which a narrow column does not break.
pub(super) fn word(text: &str) -> Markup {
    html! { span.word { (text) } }
}

/// Returns a number with a comma before each three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join(",")
}

/// Shows a time, to the minute and in UTC.
pub(super) fn time(seconds: u64) -> Markup {
    match rfc_3339(seconds) {
        Some(exact) => {
            let minute = format!("{} {}", &exact[..10], exact.get(11..16).unwrap_or_default());
            html! { time datetime=(exact) title=(exact) { (minute) } }
        }
        None => html! { (seconds) },
    }
}

/// Shows how long ago a time was, or how long it takes until then.
pub(super) fn relative(seconds: u64, now: u64) -> String {
    let (distance, is_past) = (seconds.abs_diff(now), seconds <= now);
    let (number, unit) = match distance {
        0..60 => return if is_past { "just now".into() } else { "in less than a minute".into() },
        60..3600 => (distance / 60, "minute"),
        3600..86_400 => (distance / 3600, "hour"),
        86_400..63_072_000 => (distance / 86_400, "day"),
        _ => (distance / 31_536_000, "year"),
    };
    let amount = count(number, unit);
    if is_past { format!("{amount} ago") } else { format!("in {amount}") }
}

/// Returns a number with its noun, as in `1 token` and `2 tokens`.
pub(super) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(number)) }
}

/// Returns what a kind of token is for, in a sentence.
pub(super) fn purpose(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Publishable => "In a page that anyone can read. Works on the origins that you list.",
        TokenKind::Secret => "For a backend. Makes short-lived tokens for visitors. Never in a browser.",
        TokenKind::Personal => "Acts for one person, in scripts and tools. Never in a browser.",
        TokenKind::Application => "For one application or partner, under an id that you choose. Never in a browser.",
        _ => "Short-lived.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_comma_before_each_three_digits() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_073_741_824, "1,073,741,824")] {
            assert_eq!(grouped(number), expected);
        }
        assert_eq!(count(1203, "request"), "1,203 requests");
    }

    #[test]
    fn times_are_shown_in_utc_and_by_their_distance() {
        let shown = time(1_796_032_800).into_string();
        assert!(shown.contains(">2026-11-30 10:00<") && shown.contains("datetime=\"2026-11-30T10:00:00Z\""), "{shown}");
        for (seconds, expected) in [
            (1000, "just now"),
            (1030, "in less than a minute"),
            (940, "1 minute ago"),
            (1120, "in 2 minutes"),
            (1000 + 7200, "in 2 hours"),
            (1000 + 86_400, "in 1 day"),
            (1000 + 31_536_000 * 3, "in 3 years"),
        ] {
            assert_eq!(relative(seconds, 1000), expected, "{seconds}");
        }
    }
}
