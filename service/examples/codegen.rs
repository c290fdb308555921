//! Writes the files that are generated from the code. `cargo xtask codegen` runs it.

use std::fs;
use std::path::Path;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for generated in daypass_service::codegen::files(&daypass_service::command()) {
        let file = root.join(generated.path);
        let contents = if file.exists() { fs::read_to_string(&file)? } else { String::new() };
        let folder = file.parent().context("a file is in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&file, generated.apply(&contents)?).with_context(|| generated.path)?;
    }
    Ok(())
}
