//! Entries as CSV and as lines of JSON, for other systems and for spreadsheets.

use super::Entry;
use crate::domain::{hidden, timestamp};

/// A form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Comma-separated values (RFC 4180), with a header.
    Csv,
    /// An object a line.
    JsonLines,
}

const COLUMNS: [&str; 15] = [
    "id",
    "at",
    "time",
    "organization",
    "actorKind",
    "actorId",
    "actorName",
    "actorOwner",
    "action",
    "targetKind",
    "targetId",
    "address",
    "requestId",
    "outcome",
    "code",
];

impl Format {
    /// Returns the media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv",
            Format::JsonLines => "application/x-ndjson",
        }
    }

    /// Returns the format with this name: `csv` or `ndjson`.
    pub(crate) fn named(name: &str) -> Option<Format> {
        match name {
            "csv" => Some(Format::Csv),
            "ndjson" => Some(Format::JsonLines),
            _ => None,
        }
    }

    /// Returns what comes before all entries.
    pub(crate) fn header(self) -> String {
        match self {
            Format::Csv => line(&COLUMNS.into_iter().chain(["facts"]).map(str::to_owned).collect::<Vec<_>>()),
            Format::JsonLines => String::new(),
        }
    }

    /// Returns entries, each on a line of its own.
    pub(crate) fn lines(self, entries: &[Entry]) -> String {
        entries.iter().map(|entry| self.line(entry)).collect()
    }

    fn line(self, entry: &Entry) -> String {
        match self {
            Format::Csv => line(&cells(entry)),
            Format::JsonLines => json(entry) + "\n",
        }
    }
}

/// Returns an entry as JSON, in which hidden characters are escaped.
pub(crate) fn json(entry: &impl serde::Serialize) -> String {
    // Outside of texts JSON has none of the characters, and in texts it has this form of escape.
    serde_json::to_string(entry).map(|json| hidden::show_json(&json).into_owned()).unwrap_or_default()
}

fn cells(entry: &Entry) -> Vec<String> {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let target = entry.target.as_ref();
    vec![
        entry.id.to_string(),
        entry.at.to_string(),
        timestamp::rfc_3339(entry.at).unwrap_or_default(),
        optional(&entry.organization),
        entry.actor.kind.clone(),
        optional(&entry.actor.id),
        optional(&entry.actor.name),
        optional(&entry.actor.owner),
        entry.action.clone(),
        target.map(|target| target.kind.clone()).unwrap_or_default(),
        target.map(|target| target.id.clone()).unwrap_or_default(),
        optional(&entry.address),
        optional(&entry.request_id),
        entry.outcome.as_str().to_owned(),
        optional(&entry.code),
        serde_json::to_string(&entry.facts).unwrap_or_default(),
    ]
}

fn line(cells: &[String]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    let written = writer.write_record(cells.iter().map(|cell| harmless(&hidden::show_json(cell))));
    // Neither can fail: memory takes it all, and texts are UTF-8.
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Returns a cell that no spreadsheet takes for a formula.
///
/// SECURITY: the owner of a token chooses its name, and an administrator opens the export.
fn harmless(cell: &str) -> String {
    // White space before it does not help: some programs skip that.
    let is_formula = cell.trim_start().starts_with(['=', '+', '-', '@']);
    if is_formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{EntryActor, Facts, Outcome, Target};
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry {
            id: 7,
            at: 100,
            organization: Some("o".into()),
            actor: EntryActor { kind: "token".into(), id: Some("tok_1".into()), name: Some(name.into()), owner: None },
            action: "token.create".into(),
            target: Some(Target { kind: "token".into(), id: "tok_2".into() }),
            address: Some("192.0.2.1".into()),
            request_id: None,
            outcome: Outcome::Ok,
            code: None,
            facts: Facts::from_iter([("name".into(), json!(name))]),
        }
    }

    #[test]
    fn a_cell_is_no_formula_and_shows_hidden_characters() {
        for (name, cell) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "'  =1"),
            ("a,b \"c\"", "\"a,b \"\"c\"\"\""),
            ("x\r\ny", "x\\u000d\\u000ay"),
            ("a\u{202e}b", "a\\u202eb"),
            ("plain", "plain"),
        ] {
            let line = Format::Csv.lines(&[entry(name)]);
            assert!(line.contains(&format!(",token,tok_1,{cell},,token.create,")), "{line}");
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
        }
        assert_eq!(Format::Csv.header().split(',').count(), cells(&entry("n")).len());
        assert!(Format::Csv.lines(&[entry("n")]).starts_with("7,100,1970-01-01T00:01:40Z,o,token,"));
    }

    #[test]
    fn a_line_of_json_is_an_object_that_shows_hidden_characters() {
        let line = Format::JsonLines.lines(&[entry("a\u{202e}b\u{2028}\u{85}c\n")]);
        assert!(!line.contains('\u{202e}') && line.contains("\\u202e"), "{line}");
        assert_eq!(line.lines().count(), 1);
        let read: Value = serde_json::from_str(&line).expect("an object");
        assert_eq!(read["actor"]["name"], "a\u{202e}b\u{2028}\u{85}c\n", "it is the text that it was");
    }
}
