//! Imports point one way: the tables say which.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Import, Source};

/// The layers of a crate.
struct Layers {
    folder: &'static str,
    /// From top to bottom. A module imports modules of its own row and of the rows below.
    rows: &'static [&'static [&'static str]],
    /// Modules between which there is no import, although their rows allow one.
    apart: &'static [(&'static str, &'static str)],
}

const CRATE: Layers = Layers {
    folder: "src",
    rows: &[
        &["verify"],
        &["browser"],
        &["session"],
        // The vocabulary.
        &["api", "catalog", "challenge", "error", "grant", "jwt", "origin", "parameters", "scope", "text", "token"],
    ],
    apart: &[("verify", "browser"), ("verify", "session")],
};

const SERVICE: Layers = Layers {
    folder: "service/src",
    rows: &[
        &["cli"],
        &["codegen"],
        &["router"],
        &["protocols", "oauth", "console"],
        &["http"],
        &["app"],
        &["usecase"],
        &["store"],
        // Tools that know neither the store nor a request.
        &["config", "crypto", "metrics"],
        &["private_files"],
        &["domain"],
    ],
    apart: &[],
};

#[test]
fn the_crate_imports_from_the_top_to_the_vocabulary() {
    assert_none(CRATE.violations(&Source::read_all(CRATE.folder)));
}

#[test]
fn the_service_imports_from_the_command_line_to_the_domain() {
    assert_none(SERVICE.violations(&Source::read_all(SERVICE.folder)));
}

#[test]
fn only_the_command_line_imports_the_router() {
    let others =
        Source::read_all(SERVICE.folder).into_iter().filter(|source| !["", "cli", "router"].contains(&source.top()));
    let imports = |source: &Source| source.imports().iter().filter(|import| import.path[0] == "router").count();
    assert_none(others.filter(|source| imports(source) > 0).map(|source| source.file.display().to_string()).collect());
}

#[test]
fn only_the_browser_half_names_the_crates_of_wasm_bindgen() {
    let others = Source::read_all("src").into_iter().filter(|source| source.top() != "browser").collect();
    let crates = ["wasm_bindgen", "wasm_bindgen_futures", "js_sys", "web_sys", "gloo_net", "serde_wasm_bindgen"];
    assert_none(found(others, &crates));
}

#[test]
fn a_use_case_takes_what_it_needs_and_never_the_whole_app() {
    let usecases = Source::read_all(SERVICE.folder).into_iter().filter(|source| source.top() == "usecase").collect();
    assert_none(found(usecases, &["app", "App"]));
}

#[test]
fn the_domain_awaits_nothing() {
    let domain = Source::read_all(SERVICE.folder).into_iter().filter(|source| source.top() == "domain").collect();
    let words = ["async", "await", "tokio", "rusqlite", "axum", "SystemTime", "Instant"];
    assert_none(found(domain, &words));
}

#[test]
fn the_modules_of_xtask_import_in_no_circle() {
    let mut graph = BTreeMap::<String, BTreeSet<String>>::new();
    let sources = Source::read_all("xtask/src");
    let modules: BTreeSet<_> = sources.iter().map(|source| source.top().to_owned()).collect();
    for source in &sources {
        let imports = source.imports().into_iter().map(|import| import.path[0].clone());
        // Other names are items of `main.rs`, which imports all modules.
        let tops = imports.map(|top| if modules.contains(&top) { top } else { String::new() });
        graph.entry(source.top().to_owned()).or_default().extend(tops.filter(|top| top != source.top()));
    }
    graph.entry(String::new()).or_default().extend(modules.into_iter().filter(|module| !module.is_empty()));
    // Modules that import none of the others, or that none of the others imports, are in no circle.
    loop {
        let is_imported = |module: &String| graph.values().any(|imports| imports.contains(module));
        let free = graph.iter().find(|(module, imports)| imports.is_empty() || !is_imported(module));
        let Some(free) = free.map(|(module, _)| module.clone()) else { break };
        graph.remove(&free);
        graph.values_mut().for_each(|imports| imports.retain(|import| *import != free));
    }
    assert!(graph.is_empty(), "a circle of modules with their imports (`` is main.rs): {graph:#?}");
}

impl Layers {
    /// Lists the imports against the rule.
    fn violations(&self, sources: &[Source]) -> Vec<String> {
        let exported = exported(sources);
        let mut violations = Vec::new();
        for source in sources.iter().filter(|source| !source.module.is_empty()) {
            let from = source.top();
            let Some(row) = self.row(from) else {
                violations.push(format!("{}: give the module `{from}` a row in the table", source.file.display()));
                continue;
            };
            for Import { line, path } in source.imports() {
                // A name that the root exports again stands for its module.
                let to = exported.get(&path[0]).unwrap_or(&path[0]).as_str();
                let is_apart = self.apart.contains(&(from, to)) || self.apart.contains(&(to, from));
                if self.row(to).is_none_or(|other| other < row) || is_apart {
                    let path = path.join("::");
                    violations.push(format!("{}:{line}: `{from}` imports crate::{path}", source.file.display()));
                }
            }
        }
        violations
    }

    fn row(&self, module: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.contains(&module))
    }
}

/// Returns the module of each name that the crate's root exports again, as in `pub use scope::{Scope, ScopeSet}`.
fn exported(sources: &[Source]) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    for root in sources.iter().filter(|source| source.module.is_empty()) {
        for item in root.code.split(';') {
            let Some((_, item)) = item.split_once("pub use ") else { continue };
            let Some((module, names)) = item.trim().split_once("::") else { continue };
            let names = names.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty());
            modules.extend(names.map(|name| (name.to_owned(), module.to_owned())));
        }
    }
    modules
}

/// Lists the files that name one of these words in their code.
fn found(sources: Vec<Source>, words: &[&str]) -> Vec<String> {
    let find = |source: &Source, word: &str| {
        source.find_word(word).map(|line| format!("{}:{line}: `{word}`", source.file.display()))
    };
    sources.iter().flat_map(|source| words.iter().filter_map(|word| find(source, word))).collect()
}

fn assert_none(violations: Vec<String>) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}
