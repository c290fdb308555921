//! What a page of a list of tokens costs, and how large it can be.

use daypass::{OpaqueToken, OriginPattern, TokenKind};

use super::suite::{on_every_store, open_with_organization};
use super::{Location, SharedStore};
use crate::crypto::random;
use crate::domain::token::NewToken;
use crate::domain::token_list::{NamePart, TokenFilter, TokenList};

on_every_store!(a_page_ends_before_it_is_too_large,);

/// The bytes of the origins of each token, and a bit.
const BYTES: usize = 10_000;

async fn add(store: &SharedStore, name: &str) {
    let token = OpaqueToken::generate(TokenKind::Publishable, random::fill).expect("an opaque kind");
    let mut new = NewToken::new(&token, random::id(), name.into(), "o".into(), vec![], 50);
    let origin = format!("{}.example", "a".repeat(50));
    let origin: OriginPattern = origin.parse().expect("an origin");
    new.record.origins = vec![origin; BYTES / 62];
    store.add_token(new, Box::new(|_| Ok(0)), Box::new(|_| Ok(None))).await.expect("a token");
}

/// Reads a list to its end, and returns how many tokens each page has.
async fn pages(store: &SharedStore, filter: &TokenFilter, max_bytes: usize) -> Vec<usize> {
    let mut query = TokenList { filter: filter.clone(), ..TokenList::default() }.query(100);
    query.max_bytes = max_bytes;
    let mut sizes = vec![];
    loop {
        let slice = store.token_page("o", query.clone()).await.expect("a page");
        sizes.push(slice.tokens.len());
        query.before = slice.next;
        if query.before.is_none() {
            return sizes;
        }
    }
}

async fn a_page_ends_before_it_is_too_large(location: Location) {
    let store = open_with_organization(&location).await;
    for number in 0..6 {
        add(&store, if number % 2 == 0 { "even" } else { "odd" }).await;
    }
    let all = TokenFilter::default();
    assert_eq!(pages(&store, &all, 1 << 20).await, [7]);
    // The last one has no origins.
    assert_eq!(pages(&store, &all, 2 * BYTES + 1000).await, [2, 2, 3]);
    assert_eq!(pages(&store, &all, 10).await, [1; 7]);
    let odd = TokenFilter { name: NamePart::try_from("odd".to_owned()).ok(), ..all };
    assert_eq!(pages(&store, &odd, 2 * BYTES + 1000).await, [2, 1], "tokens that are not in it have no size");
}
