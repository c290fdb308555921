//! What is generated from the code. `cargo xtask codegen` writes the files, and a test fails while one is stale.

mod audit_actions;
mod catalog_schema;
mod command_line;
mod configuration;
mod errors;
mod markdown;
pub(crate) mod scope_types;
mod setting;

use anyhow::Context;
use daypass::Catalog;
use scope_types::Language;

/// A generated text, and its place in the repository.
#[derive(Debug)]
pub struct Generated {
    /// The file, from the repository's root.
    pub path: &'static str,
    text: String,
    place: Place,
}

/// What of a file is generated.
#[derive(Debug)]
enum Place {
    /// All of it.
    Whole,
    /// The lines between these two.
    Between(&'static str, &'static str),
}

impl Generated {
    /// Returns the contents that the file should have, given those that it has.
    ///
    /// # Errors
    /// If the text belongs between two lines that the contents lack.
    pub fn apply(&self, contents: &str) -> anyhow::Result<String> {
        let Place::Between(begin, end) = self.place else { return Ok(self.text.clone()) };
        let (before, rest) =
            contents.split_once(begin).with_context(|| format!("{} lacks the line {begin}", self.path))?;
        let (_, after) = rest.split_once(end).with_context(|| format!("{} lacks the line {end}", self.path))?;
        Ok(format!("{before}{begin}\n{}{end}{after}", self.text))
    }
}

/// Returns what is generated, given the description of the command line.
///
/// # Panics
/// If two scopes of a catalogue that is compiled in have one name in Rust.
#[must_use]
pub fn files(command: &clap::Command) -> Vec<Generated> {
    // Names and usages of subcommands are known once it is built.
    let mut command = command.clone();
    command.build();
    let whole = |path, text| Generated { path, text, place: Place::Whole };
    let scopes = |catalog: &Catalog| scope_types::module(catalog, Language::Rust).expect("the scopes' names differ");
    vec![
        whole("examples/configurator-api/src/scopes.rs", scopes(&Catalog::threekit())),
        whole("examples/floor-api/src/scopes.rs", scopes(&Catalog::space_api())),
        whole("examples/profile-api/src/scopes.rs", scopes(&Catalog::crafter())),
        whole("docs/reference/errors.md", errors::page()),
        whole("docs/reference/command-line.md", command_line::page(&command)),
        whole("docs/reference/configuration.md", configuration::page(&command)),
        whole("catalogs/schema.json", catalog_schema::text()),
        whole("pkg/src/testing-failures.ts", errors::table()),
        Generated {
            path: "pkg/src/codes.ts",
            text: errors::union(),
            place: Place::Between("// <error-codes>", "// </error-codes>"),
        },
        Generated {
            path: "docs/guides/audit.md",
            text: audit_actions::rows(),
            place: Place::Between("<!-- <actions> -->", "<!-- </actions> -->"),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let generated = Generated { path: "f", text: "new\n".into(), place: Place::Between("// <x>", "// </x>") };
        let apply = |contents| generated.apply(contents).map_err(|cause| cause.to_string());
        assert_eq!(apply("a\n// <x>\nold\n// </x>\nb\n"), Ok("a\n// <x>\nnew\n// </x>\nb\n".into()));
        assert_eq!(apply("a\n// </x>\n"), Err("f lacks the line // <x>".into()));
        assert_eq!(apply("a\n// <x>\n"), Err("f lacks the line // </x>".into()));
    }
}
