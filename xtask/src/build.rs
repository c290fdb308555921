//! Everything that the demo runs.

use anyhow::Result;

use crate::package;
use crate::process::{cargo, run};
use crate::workspace::PRODUCT;

/// Builds the npm package and the native programs.
pub(crate) fn build() -> Result<()> {
    package::build()?;
    println!("building the native programs");
    run(cargo().args(["build", "--quiet"]).args(PRODUCT))
}
