//! The parts of the console, as its navigation lists them: [`Section`].

use daypass::api::Role;

/// A part of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// The organization's tokens.
    Tokens,
}

/// What the navigation has of a part: its name, its path, and the least role whose users see it.
const SECTIONS: &[(Section, &str, &str, Role)] = &[(Section::Tokens, "Tokens", "tokens", Role::Viewer)];

/// Returns the parts that users with a role see, in their order: each with its name and its path.
pub(super) fn of_role(role: Role) -> impl Iterator<Item = (Section, &'static str, &'static str)> {
    let seen = SECTIONS.iter().filter(move |(.., least)| role >= *least);
    seen.map(|(section, name, path, _)| (*section, *name, *path))
}
