//! Other JWT libraries, each in its own runtime.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

/// The answer of one library to a batch.
#[derive(Deserialize)]
pub(crate) struct Report {
    /// Whether the library accepts each token.
    pub(crate) verdicts: Vec<bool>,
    /// Each payload, signed by the library.
    pub(crate) signed: Vec<String>,
}

/// Passes a batch to every library and returns the reports by library.
pub(crate) fn ask(name: &str, batch: &Value) -> BTreeMap<String, Report> {
    let python =
        env::var_os("DAYPASS_PYTHON").expect("DAYPASS_PYTHON is missing: run `cargo xtask test --only differential`");
    let commands = [(Command::new("node"), "verdicts.mjs"), (Command::new(python), "verdicts.py")];
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    fs::write(&file, batch.to_string()).unwrap();
    let reports = commands.into_iter().flat_map(|(mut command, script)| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let output = command.arg(&script).stdin(File::open(&file).unwrap()).output().unwrap();
        assert!(output.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<BTreeMap<String, Report>>(&output.stdout).unwrap()
    });
    reports.collect()
}
