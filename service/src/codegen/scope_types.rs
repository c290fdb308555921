//! A catalogue's scopes as a TypeScript module of types alone, which costs a page no bytes.

use std::fmt::Write;

use daypass::{Catalog, CatalogScope, Scope};

/// The module. The same catalogue gives the same text.
pub(crate) fn module(catalog: &Catalog) -> String {
    let name = comment(&catalog.name);
    let mut text = format!(
        "// Made by `daypass catalog types` from the catalogue of {name}: make it again instead of editing it.\n\n\
         /** What a token of {name} may be asked to do, everywhere or for one resource. */\n\
         export type Scope ="
    );
    for entry in &catalog.scopes {
        let _ = write!(text, "\n  /** {} */\n  | {}", comment(&entry.description), types(&entry.scope));
    }
    text += if catalog.scopes.is_empty() { " never" } else { "" };
    let publishable: Vec<_> = catalog.scopes.iter().filter(|entry| entry.publishable).map(member).collect();
    let publishable = if publishable.is_empty() { " never".into() } else { publishable.concat() };
    let _ = write!(
        text,
        ";\n\n/** The scopes that a publishable token may have, which anyone can read. */\n\
         export type PublishableScope ={publishable};\n"
    );
    text
}

fn member(entry: &CatalogScope) -> String {
    format!("\n  | {}", types(&entry.scope))
}

/// The scope, and what it covers: itself for one resource, and every action if it is `resource:*`.
fn types(scope: &Scope) -> String {
    let (resource, action) = (scope.resource(), scope.action());
    match (action, scope.resource_id()) {
        ("*", Some(id)) => format!("`{resource}:${{string}}:{id}`"),
        ("*", None) => format!("`{resource}:${{string}}`"),
        (_, Some(_)) => format!("'{scope}'"),
        (_, None) => format!("'{scope}' | `{scope}:${{string}}`"),
    }
}

/// A person's text on one line of a comment, which it does not end and in which nothing of it is a TSDoc tag.
fn comment(text: &str) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    line.chars().fold(String::new(), |mut escaped, c| {
        if matches!(c, '\\' | '{' | '}' | '@' | '<' | '>' | '`') || (c == '/' && escaped.ends_with('*')) {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> String {
        module(&Catalog::from_json(json).expect("a catalogue"))
    }

    #[test]
    fn a_scope_stands_for_what_it_covers() {
        for (scope, expected) in [
            ("chair:sit", "'chair:sit' | `chair:sit:${string}`"),
            ("chair:sit:c1", "'chair:sit:c1'"),
            ("chair:*", "`chair:${string}`"),
            ("chair:*:c1", "`chair:${string}:c1`"),
        ] {
            assert_eq!(types(&scope.parse().expect("a scope")), expected);
        }
    }

    #[test]
    fn no_scopes_are_never() {
        let text = of(r#"{"name":"Chairs","scopes":[]}"#);
        assert!(text.contains("Scope = never;") && text.contains("PublishableScope = never;"), "{text}");
        let text = of(r#"{"name":"Chairs","scopes":[{"scope":"chair:sit","description":"Sit"}]}"#);
        assert!(text.contains("| 'chair:sit'") && text.contains("PublishableScope = never;"), "{text}");
    }

    #[test]
    fn nothing_of_a_description_leaves_its_comment() {
        for (text, expected) in [
            ("Sit */ evil(); /*", r"Sit *\/ evil(); /*"),
            ("Sit\r\n\u{2028}// evil()\n", "Sit // evil()"),
            ("\u{0}Sit {@link x} <b> `c` \\*/", r"Sit \{\@link x\} \<b\> \`c\` \\*\/"),
        ] {
            assert_eq!(comment(text), expected);
        }
    }
}
