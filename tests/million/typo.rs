//! A small change to a text.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A character is removed, inserted or replaced, or the text is cut.
#[derive(Debug, Clone)]
pub(crate) enum Typo {
    Remove(Index),
    Insert(Index, char),
    Replace(Index, char),
    Cut(Index),
}

/// A typo with one of these characters.
pub(crate) fn typo(characters: &str) -> impl Strategy<Value = Typo> + use<> {
    let character = select(characters.chars().collect::<Vec<_>>());
    prop_oneof![
        any::<Index>().prop_map(Typo::Remove),
        (any::<Index>(), character.clone()).prop_map(|(at, character)| Typo::Insert(at, character)),
        (any::<Index>(), character).prop_map(|(at, character)| Typo::Replace(at, character)),
        any::<Index>().prop_map(Typo::Cut),
    ]
}

impl Typo {
    /// Returns the text with the typo.
    ///
    /// # Panics
    /// If the text is empty.
    pub(crate) fn of(&self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        let length = characters.len();
        let at = |index: &Index| index.index(length);
        match self {
            Typo::Remove(index) => drop(characters.remove(at(index))),
            Typo::Insert(index, character) => characters.insert(at(index), *character),
            Typo::Replace(index, character) => characters[at(index)] = *character,
            Typo::Cut(index) => characters.truncate(at(index)),
        }
        characters.into_iter().collect()
    }
}
