//! Charts, drawn by the service: no script draws them, and no style is inline.

use maud::{Markup, html};

use super::text::grouped;

const WIDTH: u64 = 300;
const HEIGHT: u64 = 80;

/// Draws a bar for each pair of a name and a number. A table beside it has the numbers for those who do not see it.
pub(super) fn bars(title: &str, bars: &[(String, u64)], class: &str) -> Markup {
    let greatest = bars.iter().map(|(_, number)| *number).max().unwrap_or_default();
    let most = greatest.max(1);
    let step = WIDTH / (bars.len() as u64).max(1);
    let ends = bars.first().zip(bars.last());
    html! {
        svg class={ "chart " (class) } viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img"
            aria-label={ (title) ", at most " (grouped(greatest)) } {
            @for (at, (name, number)) in (0..).zip(bars) {
                @let height = height(*number, most);
                rect x=(at * step) y=(HEIGHT - height) width=(step.saturating_sub(2).max(1)) height=(height) {
                    title { (name) ": " (number) }
                }
            }
        }
        @if let Some(((first, _), (last, _))) = ends {
            p.note.ends-of { span { (first) } span { "most " (grouped(greatest)) } span { (last) } }
        }
    }
}

/// Returns the height of a bar. Any number but 0 is seen.
fn height(number: u64, most: u64) -> u64 {
    let height = u128::from(number) * u128::from(HEIGHT) / u128::from(most);
    u64::try_from(height).unwrap_or(HEIGHT).max(u64::from(number > 0) * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_number_is_as_high_as_the_chart_and_the_least_is_seen() {
        for (number, most, expected) in
            [(0, 1, 0), (1, 1, HEIGHT), (1, 1_000_000, 2), (50, 100, HEIGHT / 2), (u64::MAX, u64::MAX, HEIGHT)]
        {
            assert_eq!(height(number, most), expected, "{number} of {most}");
        }
        let drawn = bars("Use", &[("<day>".into(), 1), ("next".into(), 0)], "good").into_string();
        assert!(drawn.contains("&lt;day&gt;") && !drawn.contains("<day>") && !drawn.contains("style="), "{drawn}");
    }
}
