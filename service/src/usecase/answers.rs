//! The responses of introspection that were given lately: [`Answers`].

use std::sync::Arc;

use daypass::api::TokenRecord;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// The most memory that responses and their records take, in bytes.
const MOST_BYTES: u64 = 6 * 1024 * 1024;
/// The expected size of an entry, in bytes, by which tables are allocated.
const TYPICAL_ENTRY: usize = 2048;

/// The form of a response.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// All that is told of an active token.
    Active,
    /// All that is told of one that is not.
    Inactive,
    /// The record of an active token.
    RecordOfActive,
    /// The record of one that is not.
    Record,
}

/// Responses as JSON, so that the next one for the same record is made of the same bytes.
///
/// SECURITY: a response is found again only by the very record that it was made of, which the store has just returned,
/// in the form that holds now, and by the version of the catalogue.
pub(crate) struct Answers(Cache<(u64, Form), Arc<Answer>, Bytes>);

struct Answer {
    record: Arc<TokenRecord>,
    catalog_version: u64,
    json: Arc<[u8]>,
}

impl Answers {
    pub(crate) fn new() -> Answers {
        Answers(Cache::with_weighter(MOST_BYTES as usize / TYPICAL_ENTRY, MOST_BYTES, Bytes))
    }

    /// Returns the response for a record, or makes it.
    pub(super) fn get_or_make(
        &self,
        record: &Arc<TokenRecord>,
        catalog_version: u64,
        form: Form,
        make: impl FnOnce() -> Arc<[u8]>,
    ) -> Arc<[u8]> {
        let key = (record.serial, form);
        let is_same =
            |answer: &Arc<Answer>| Arc::ptr_eq(&answer.record, record) && answer.catalog_version == catalog_version;
        if let Some(answer) = self.0.get(&key).filter(is_same) {
            return Arc::clone(&answer.json);
        }
        let json = make();
        let answer = Answer { record: Arc::clone(record), catalog_version, json: Arc::clone(&json) };
        self.0.insert(key, Arc::new(answer));
        json
    }
}

/// Weighs responses in bytes. A record is about as large as its JSON.
#[derive(Clone)]
struct Bytes;

impl Weighter<(u64, Form), Arc<Answer>> for Bytes {
    fn weight(&self, _: &(u64, Form), answer: &Arc<Answer>) -> u64 {
        (2 * answer.json.len() + size_of::<TokenRecord>() + 2 * size_of::<Answer>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use daypass::{OpaqueToken, TokenKind};

    use super::*;
    use crate::crypto::random;
    use crate::domain::token::NewToken;

    #[test]
    fn a_response_is_used_again_for_the_same_record_form_and_catalogue_alone() {
        let token = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("an opaque kind");
        let record = NewToken::new(&token, "tok".into(), "n".into(), "org".into(), vec![], 1).record;
        let (answers, record, equal) = (Answers::new(), Arc::new(record.clone()), Arc::new(record));
        let made = |record, version, form, text: &'static [u8]| {
            answers.get_or_make(record, version, form, || text.into()).to_vec()
        };
        assert_eq!(made(&record, 1, Form::Active, b"a"), b"a");
        assert_eq!(made(&record, 1, Form::Active, b"b"), b"a");
        assert_eq!(made(&record, 1, Form::Record, b"c"), b"c");
        assert_eq!(made(&record, 2, Form::Active, b"d"), b"d");
        // Another reading of the store may be another record.
        assert_eq!(made(&equal, 2, Form::Active, b"e"), b"e");
    }
}
