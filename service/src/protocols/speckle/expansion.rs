//! The size of a query with every fragment in its place: what validation and execution walk.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// The most selections of a query, with every fragment in its place.
const MAX_SELECTIONS: usize = 1000;
/// The deepest nesting of selections, those of fragments in their places. The query by which tools read the schema needs
/// 18.
const MAX_DEPTH: usize = 32;
/// The most lists of the schema's description that contain each other. The query by which tools read the schema needs 1.
const MAX_LISTS: usize = 2;
/// The lists of the schema's description by which a type leads to others.
const LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// Requires that a query and each of its fragments are small with every fragment in its place.
///
/// SECURITY: this counts each fragment once. What comes after it counts a fragment as often as it is used, so that it
/// must not see other queries.
///
/// # Errors
/// Why a query is refused.
pub(super) fn require_small(document: &ExecutableDocument) -> Result<(), &'static str> {
    let mut counter = Counter { document, fragments: HashMap::new() };
    let mut selections = 0_usize;
    for (_, operation) in document.operations.iter() {
        selections = selections.saturating_add(counter.set(&operation.node.selection_set.node, 1)?.selections);
    }
    for name in document.fragments.keys() {
        selections = selections.saturating_add(counter.fragment(name, 1)?.selections);
    }
    if selections > MAX_SELECTIONS { Err("Query is too complex.") } else { Ok(()) }
}

#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    depth: usize,
    lists: usize,
}

/// What is known of a fragment.
enum Fragment {
    /// It is being counted.
    Open,
    /// Its size.
    Counted(Size),
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    fragments: HashMap<&'a Name, Fragment>,
}

impl<'a> Counter<'a> {
    /// Returns the size of a selection set at a depth.
    fn set(&mut self, set: &'a SelectionSet, depth: usize) -> Result<Size, &'static str> {
        let mut size = Size { depth: 1, ..Size::default() };
        require_depth(depth, 1)?;
        for selection in &set.items {
            let (inner, is_list) = match &selection.node {
                Selection::Field(field) => {
                    let set = &field.node.selection_set.node;
                    let inner = if set.items.is_empty() { Size::default() } else { self.set(set, depth + 1)? };
                    (inner, LISTS.contains(&field.node.name.node.as_str()))
                }
                Selection::InlineFragment(inline) => (self.set(&inline.node.selection_set.node, depth + 1)?, false),
                Selection::FragmentSpread(spread) => {
                    (self.fragment(&spread.node.fragment_name.node, depth + 1)?, false)
                }
            };
            size.selections = size.selections.saturating_add(1).saturating_add(inner.selections);
            size.depth = size.depth.max(1 + inner.depth);
            size.lists = size.lists.max(inner.lists + usize::from(is_list));
        }
        if size.lists > MAX_LISTS { Err("Query is nested too deep.") } else { Ok(size) }
    }

    /// Returns the size of a fragment at a depth. One that does not exist is refused later.
    fn fragment(&mut self, name: &Name, depth: usize) -> Result<Size, &'static str> {
        let Some((name, definition)) = self.document.fragments.get_key_value(name) else { return Ok(Size::default()) };
        match self.fragments.get(name) {
            Some(Fragment::Open) => return Err("Cannot spread a fragment within itself."),
            Some(Fragment::Counted(size)) => return require_depth(depth, size.depth).map(|()| *size),
            None => {}
        }
        self.fragments.insert(name, Fragment::Open);
        let size = self.set(&definition.node.selection_set.node, depth)?;
        self.fragments.insert(name, Fragment::Counted(size));
        Ok(size)
    }
}

/// Requires that what starts at a depth does not become too deep.
fn require_depth(depth: usize, more: usize) -> Result<(), &'static str> {
    if depth + more > MAX_DEPTH + 1 { Err("Query is nested too deep.") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn check(query: &str) -> Result<(), &'static str> {
        require_small(&parse_query(query).expect("a query"))
    }

    #[test]
    fn a_fragment_counts_where_it_is_used() {
        let (complex, deep) = (Err("Query is too complex."), Err("Query is nested too deep."));
        let fields = |count: usize| "a ".repeat(count);
        let nested = |levels: usize| format!("{{ {}a{} }}", "a { ".repeat(levels), " }".repeat(levels));
        // Each fragment that is used twice, and the last has some fields.
        let doubled = |levels: usize| {
            let more: String =
                (1..levels).map(|n| format!("fragment f{n} on Q {{ ...f{} ...f{} }} ", n - 1, n - 1)).collect();
            format!("{{ ...f{} }} fragment f0 on Q {{ a }} {more}", levels - 1)
        };
        for (what, query, expected) in [
            ("as many fields as may be", format!("{{ {} }}", fields(1000)), Ok(())),
            ("one more", format!("{{ {} }}", fields(1001)), complex),
            ("in a fragment", format!("{{ ...f }} fragment f on Q {{ {} }}", fields(499)), Ok(())),
            ("in a fragment, one more", format!("{{ ...f a a }} fragment f on Q {{ {} }}", fields(499)), complex),
            ("in a fragment that is unused", format!("{{ a }} fragment f on Q {{ {} }}", fields(1000)), complex),
            ("in another operation", format!("query a {{ a }} query b {{ {} }}", fields(1000)), complex),
            ("fragments twice", doubled(7), Ok(())),
            ("fragments twice, too often", doubled(9), complex),
            ("inline fragments", format!("{{ ... {{ {} }} }}", fields(1000)), complex),
            ("as deep as may be", nested(31), Ok(())),
            ("one deeper", nested(32), deep),
            ("in itself", "{ ...f } fragment f on Q { ...f }".into(), Err("Cannot spread a fragment within itself.")),
            ("an unknown fragment", "{ ...f }".into(), Ok(())),
            ("lists in lists", "{ t { fields { t { fields { t } } } } }".into(), Ok(())),
            (
                "lists in lists in lists",
                "{ t { fields { t { fields { ...f } } } } } fragment f on Q { fields }".into(),
                deep,
            ),
        ] {
            assert_eq!(check(&query), expected, "{what}");
        }
    }

    #[test]
    fn a_fragment_that_was_counted_elsewhere_is_as_deep_as_its_place() {
        let query = |levels: usize| {
            let (open, close) = ("a { ".repeat(levels), " }".repeat(levels));
            format!("{{ ...f {open}...f{close} }} fragment f on Q {{ a {{ a }} }}")
        };
        assert_eq!(check(&query(29)), Ok(()));
        assert_eq!(check(&query(30)), Err("Query is nested too deep."));
    }
}
