//! The JSON Schema of catalogues, from the type in the crate `daypass`.

use daypass::Catalog;
use schemars::generate::SchemaSettings;

/// Returns `catalogs/schema.json`.
pub(super) fn text() -> String {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Catalog>();
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    format!("{text}\n")
}
