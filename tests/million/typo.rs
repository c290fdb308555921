//! A small change to a text.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One character left out, put in, put in the place of another, or the text cut.
#[derive(Debug, Clone)]
pub(crate) enum Typo {
    Out(Index),
    In(Index, char),
    Other(Index, char),
    Cut(Index),
}

/// A typo with one of these characters.
pub(crate) fn typo(characters: &str) -> impl Strategy<Value = Typo> + use<> {
    let character = select(characters.chars().collect::<Vec<_>>());
    prop_oneof![
        any::<Index>().prop_map(Typo::Out),
        (any::<Index>(), character.clone()).prop_map(|(at, character)| Typo::In(at, character)),
        (any::<Index>(), character).prop_map(|(at, character)| Typo::Other(at, character)),
        any::<Index>().prop_map(Typo::Cut),
    ]
}

impl Typo {
    /// The text, which is not empty, with the typo.
    pub(crate) fn of(&self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        let length = characters.len();
        let at = |index: &Index| index.index(length);
        match self {
            Typo::Out(index) => drop(characters.remove(at(index))),
            Typo::In(index, character) => characters.insert(at(index), *character),
            Typo::Other(index, character) => characters[at(index)] = *character,
            Typo::Cut(index) => characters.truncate(at(index)),
        }
        characters.into_iter().collect()
    }
}
