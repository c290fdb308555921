//! Tables whose rows are cards on a phone.

use maud::{Markup, html};

/// Shows a table with these columns, whose rows are made of [`head`] and [`cell`].
///
/// The roles are named, since the style of a phone takes those of the elements.
pub(super) fn cards(columns: &[&str], rows: &Markup) -> Markup {
    html! {
        table.cards role="table" {
            thead role="rowgroup" {
                tr role="row" { @for name in columns { th role="columnheader" scope="col" { (name) } } }
            }
            tbody role="rowgroup" { (rows) }
        }
    }
}

/// Shows a row.
pub(super) fn row(cells: &Markup) -> Markup {
    html! { tr role="row" { (cells) } }
}

/// Shows the cell by which a row is recognized.
pub(super) fn head(content: &Markup) -> Markup {
    html! { th role="rowheader" scope="row" { (content) } }
}

/// Shows a cell, which has the name of its column on a phone.
pub(super) fn cell(column: &str, content: &Markup) -> Markup {
    html! { td role="cell" data-label=(column) { (content) } }
}

/// Shows a text, or a dash for none.
pub(super) fn or_dash(content: Option<Markup>) -> Markup {
    content.unwrap_or_else(|| html! { span.none { "–" } })
}
