//! How many bytes of a WebAssembly module are each crate's: the functions' bodies, by the crate in the function's name.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// What a crate has of the module.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Share {
    /// The crate's name; in brackets what belongs to none.
    pub(crate) name: String,
    pub(crate) functions: usize,
    pub(crate) bytes: usize,
}

/// Returns each crate's share, the largest first.
pub(crate) fn shares(module: &[u8]) -> Result<Vec<Share>> {
    let mut bodies = Vec::new();
    let mut names = BTreeMap::new();
    let mut imported = 0;
    let mut data = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::DataSection(section) => data = section.range().len(),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for subsection in subsections {
                        if let Name::Function(map) = subsection? {
                            for naming in map {
                                let naming = naming?;
                                names.insert(naming.index, naming.name.to_owned());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut shares = BTreeMap::<String, (usize, usize)>::new();
    for (index, bytes) in (imported..).zip(bodies) {
        let share = shares.entry(names.get(&index).map_or("(no name)".into(), |name| crate_of(name))).or_default();
        *share = (share.0 + 1, share.1 + bytes);
    }
    shares.insert("(texts and tables)".into(), (0, data));
    let mut shares: Vec<_> =
        shares.into_iter().map(|(name, (functions, bytes))| Share { name, functions, bytes }).collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.bytes));
    Ok(shares)
}

/// Returns the crate in a function's mangled name: the first that is named. A function that is exported has another name.
fn crate_of(name: &str) -> String {
    let demangled = rustc_demangle::demangle(name).to_string();
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    // `core[0123456789abcdef]::…`
    let crates = demangled.match_indices('[').filter(|(at, _)| demangled[*at..].contains("]::"));
    let mut named = crates.map(|(at, _)| demangled[..at].rsplit(|c| !is_of_name(c)).next().unwrap_or_default());
    named.find(|name| !name.is_empty()).map_or("(exports)".into(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::crate_of;

    #[test]
    fn a_function_is_of_the_first_crate_that_its_name_has() {
        let cases = [
            ("_RNvMNtCs6sIbk34ZYJt_7daypass6originNtB2_6Origin4read", "daypass"),
            ("_RNvXs5_NtNtCsgfnmYHt_4core3fmt3numyNtB7_7Display3fmt", "core"),
            ("handle_fetch", "(exports)"),
        ];
        for (name, expected) in cases {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }
}
