//! The fields of a token, as the pages for a new one and for an edit have them.

use daypass::TokenKind;
use maud::{Markup, html};

use super::super::fields::Fields;
use super::super::files::HAS_WASM;
use super::super::flaw::Flaw;
use super::super::page::Runs;
use super::origins;
use crate::domain::timestamp;
use crate::domain::token_fields::MAX_ORIGINS;

/// Returns the ids of what describes a field: its note, and what is wrong with it.
pub(in crate::console) fn described_by(flaw: Option<&Flaw>, field: &str) -> String {
    match Flaw::is_in(flaw, field) {
        Some(_) => format!("{field}-problem {field}-note"),
        None => format!("{field}-note"),
    }
}

/// Shows the field for the name.
pub(super) fn name(fields: &Fields, flaw: Option<&Flaw>) -> Markup {
    html! {
        div.field {
            label for="name" { "Name" }
            p.note id="name-note" { "By which people recognize it, such as “Web shop”." }
            input id="name" name="name" value=(fields.raw("name")) required maxlength="512" autocomplete="off"
                aria-describedby=(described_by(flaw, "name")) aria-invalid=[Flaw::is_in(flaw, "name")];
            (Flaw::beside(flaw, "name"))
        }
    }
}

/// Shows the field for the origins of a publishable token, and what those match that are in it.
pub(super) fn origins(fields: &Fields, flaw: Option<&Flaw>, accepts_shared: bool) -> Markup {
    // Examples of what a token cannot have would make the page some hundred times larger than the form.
    let typed: Vec<_> = fields.lines("origins").take(MAX_ORIGINS).collect();
    html! {
        div.field {
            label for="origins" { "Origins" }
            p.note id="origins-note" {
                "The sites that may use it, one on a line: " code { "shop.example.com" } ", " code { "*.example.com" }
                " for subdomains, " code { "pr-*.example.com" } " within a label, " code { "https://example.com:8443" }
                " with a scheme and a port."
            }
            textarea id="origins" name="origins" rows="4" spellcheck="false" autocapitalize="none" autocomplete="off"
                required aria-describedby=(described_by(flaw, "origins")) aria-invalid=[Flaw::is_in(flaw, "origins")] { "\n" (fields.raw("origins")) }
            // What is wrong with a pattern is below, beside the pattern.
            div.hint[origins::has_wrong(&typed)] { (Flaw::beside(flaw, "origins")) }
            div id="origins-shown" { (origins::shown(&typed)) }
            div.field id="try" hidden {
                label for="page" { "Try a page" }
                p.note id="page-note" { "The address of a page: would it be allowed?" }
                input id="page" type="url" placeholder="https://shop.example.com/cart" autocomplete="off"
                    aria-describedby="page-note";
                p id="page-answer" role="status" {}
            }
            @if accepts_shared {
                label.check {
                    input type="checkbox" name="accept" value="yes" checked[fields.has("accept", "yes")];
                    span {
                        "Accept patterns below a suffix that many owners share"
                        span.note { "Such as " code { "*--shop.netlify.app" } ": anyone may take a name there that matches." }
                    }
                }
            }
        }
    }
}

/// Shows the field for the end of a token.
pub(super) fn expires(fields: &Fields, flaw: Option<&Flaw>) -> Markup {
    html! {
        div.field {
            label for="expires" { "Expires (UTC)" }
            p.note id="expires-note" { "Empty for a token that stays until it is revoked." }
            input id="expires" name="expires" type="datetime-local" step="1" value=(fields.raw("expires"))
                aria-describedby=(described_by(flaw, "expires")) aria-invalid=[Flaw::is_in(flaw, "expires")];
            (Flaw::beside(flaw, "expires"))
        }
    }
}

/// Returns a time as the field for the end has it.
pub(super) fn local(seconds: Option<u64>) -> String {
    let exact = seconds.and_then(timestamp::rfc_3339).unwrap_or_default();
    exact.trim_end_matches('Z').to_owned()
}

/// Reads the field for the end.
///
/// # Errors
/// A [`Flaw`] if the text is not a time.
pub(super) fn end(fields: &Fields) -> Result<Option<u64>, Flaw> {
    let Some(text) = fields.get("expires") else { return Ok(None) };
    // A browser sends the seconds if they are not zero.
    let exact = match text.len() {
        16 if text.contains('T') => format!("{text}:00Z"),
        19 if text.contains('T') => format!("{text}Z"),
        _ => text.to_owned(),
    };
    let read = timestamp::parse(&exact);
    read.map(Some).map_err(|why| Flaw::of("expires", format!("The expiry `{text}` is no time: {why}.")))
}

/// Returns whether tokens of a kind have origins.
pub(super) fn has_origins(kind: TokenKind) -> bool {
    kind == TokenKind::Publishable
}

/// Returns what a page with the form for a token of a kind runs.
pub(super) fn runs(kind: TokenKind) -> Runs {
    if has_origins(kind) && HAS_WASM { Runs::Origins } else { Runs::Script }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_read_as_browsers_send_it() {
        for (text, expected) in [
            ("", Some(None)),
            (" ", Some(None)),
            ("2026-11-30T10:00", Some(Some(1_796_032_800))),
            ("2026-11-30T10:00:01", Some(Some(1_796_032_801))),
            ("2026-11-30", Some(Some(1_795_996_800))),
            ("soon", None),
            ("2026-11-30T25:00", None),
        ] {
            let fields = Fields::of([("expires", text.to_owned())]);
            assert_eq!(end(&fields).ok(), expected, "{text}");
        }
        assert_eq!((local(Some(1_796_032_801)), local(None)), ("2026-11-30T10:00:01".into(), String::new()));
    }
}
