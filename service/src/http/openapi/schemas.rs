//! The schemas of the types that handlers read and write: [`Schemas`].

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The fields that are times, beside those whose names end in `At`.
const TIMES: [&str; 7] = ["at", "exp", "iat", "nbf", "issuedBefore", "time", "issued_before"];

/// What a time is.
const UNIX: &str = "Unix time, in seconds.";

/// Makes schemas, and collects those that they refer to.
pub(super) struct Schemas {
    requests: SchemaGenerator,
    responses: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Schemas {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        let (requests, responses) = (settings().for_deserialize(), settings().for_serialize());
        Schemas { requests: requests.into_generator(), responses: responses.into_generator() }
    }

    /// Returns the schema of what a request has.
    pub(super) fn of_request(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.requests).to_value()
    }

    /// Returns the schema of what a response has.
    pub(super) fn of_response(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.responses).to_value()
    }

    /// Returns every schema that others refer to, by its name, and the types that are read in another form than they are
    /// written in: with a default, a field may be missing in a request alone.
    pub(super) fn components(mut self) -> (Map<String, Value>, OwnForms) {
        let mut all = self.responses.take_definitions(true);
        let read = self.requests.take_definitions(true);
        let mut own = OwnForms::default();
        loop {
            let differs = |(name, schema): &(&String, &Value)| {
                let written = all.get(*name);
                !own.0.contains(*name)
                    && written.is_some_and(|written| written != *schema || own.apply((*schema).clone()) != **schema)
            };
            let Some((name, _)) = read.iter().find(differs) else { break };
            own.0.insert(name.clone());
        }
        all.extend(read.into_iter().map(|(name, schema)| (own.name(&name), own.apply(schema))));
        all.values_mut().for_each(explain_times);
        (all, own)
    }
}

/// The types that have a form of their own in requests.
#[derive(Default)]
pub(super) struct OwnForms(BTreeSet<String>);

impl OwnForms {
    fn name(&self, name: &str) -> String {
        if self.0.contains(name) { format!("{name}Request") } else { name.to_owned() }
    }

    /// Makes what a request has refer to these forms.
    pub(super) fn apply(&self, mut schema: Value) -> Value {
        self.rename(&mut schema);
        schema
    }

    fn rename(&self, value: &mut Value) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    match value {
                        Value::String(path) if key == "$ref" => {
                            *path = path
                                .rsplit_once('/')
                                .map_or_else(String::new, |(at, name)| format!("{at}/{}", self.name(name)));
                        }
                        value => self.rename(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.rename(value)),
            _ => {}
        }
    }
}

/// Says of each field that is a time what it counts.
fn explain_times(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(fields)) = object.get_mut("properties") {
                fields
                    .iter_mut()
                    .filter(|(name, schema)| is_time(name, schema))
                    .for_each(|(_, schema)| say_unix(schema));
            }
            object.values_mut().for_each(explain_times);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(explain_times),
        _ => {}
    }
}

fn is_time(name: &str, schema: &Value) -> bool {
    let is_number =
        |kind: &Value| kind == "integer" || kind.as_array().is_some_and(|kinds| kinds.contains(&"integer".into()));
    (name.ends_with("At") || name.ends_with("_at") || TIMES.contains(&name)) && is_number(&schema["type"])
}

fn say_unix(schema: &mut Value) {
    let text = match schema["description"].as_str() {
        Some(text) => format!("{text} {UNIX}"),
        None => UNIX.to_owned(),
    };
    schema["description"] = text.into();
}

/// Turns every description from a comment of Rust into Markdown for readers of the document.
pub(super) fn clean(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "description" => *text = plain(text),
                    value => clean(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(clean),
        _ => {}
    }
}

/// Returns a comment without links to items of Rust, each paragraph on one line.
fn plain(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !is_link_target(paragraph));
    let paragraphs: Vec<_> = paragraphs.map(|paragraph| unlink(&paragraph.replace('\n', " "))).collect();
    paragraphs.join("\n\n").replace("`None`", "`null`")
}

/// Returns whether a paragraph is the target of a link, ``[`X`]: path``.
fn is_link_target(paragraph: &str) -> bool {
    paragraph.starts_with('[') && paragraph.contains("]: ")
}

/// Replaces ``[`X`](path)`` and ``[`X`]`` with `` `X` ``.
fn unlink(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        plain.push_str(before);
        let Some((name, after)) = link.split_once("`]") else {
            rest = &rest[before.len()..];
            break;
        };
        plain.push_str(&format!("`{name}`"));
        rest = match after.strip_prefix('(').and_then(|path| path.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_of_rust_becomes_markdown() {
        for (comment, expected) in [
            ("One\nline, `x`.", "One line, `x`."),
            ("First.\n\nSecond\nparagraph.", "First.\n\nSecond paragraph."),
            (
                "[`A::b`](crate::A::b), see [`C`] (not [d]); `None` if never.",
                "`A::b`, see `C` (not [d]); `null` if never.",
            ),
            ("Bound: [`C::j`].\n\n[`C::j`]: crate::C::j", "Bound: `C::j`."),
            ("open [`", "open [`"),
        ] {
            assert_eq!(plain(comment), expected);
        }
    }
}
