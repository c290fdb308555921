//! What the page's script calls.

use wasm_bindgen::prelude::wasm_bindgen;

use super::Explanation;

/// Small, and single-threaded.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Explains a pattern in lines, which are smaller to load than JSON: `+` and an origin that matches, `-` and one that does
/// not, or `!` and what is wrong.
#[wasm_bindgen]
#[must_use]
pub fn explain(pattern: &str) -> String {
    match super::explain(pattern) {
        Explanation::Pattern { examples } => {
            let line = |example: super::Example| (if example.matches { "+" } else { "-" }).to_owned() + &example.origin;
            examples.into_iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Explanation::Wrong { why } => "!".to_owned() + &why,
    }
}

/// Returns whether a pattern matches a page's origin.
#[wasm_bindgen]
#[must_use]
pub fn matches(pattern: &str, origin: &str) -> bool {
    super::matches(pattern, origin)
}
