//! Lists of entries: which, and from where on.

use base64ct::{Base64UrlUnpadded, Encoding};
use schemars::JsonSchema;
use serde::Deserialize;

use super::action::Action;
use super::{Entry, Outcome};
use crate::domain::page_limit::PageLimit;

/// How many entries a page compares with its filter at most: such a page ends early and has a cursor.
const MAX_EXAMINED: usize = 10_000;

/// Which entries a list has.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    /// Entries that concern this organization; of all, and of the service itself, without it.
    pub(crate) organization: Option<String>,
    /// Entries of the actor with this id, or with this name.
    pub(crate) actor: Option<String>,
    /// Entries of this action, or of this group of actions.
    pub(crate) action: Option<ActionFilter>,
    /// Entries about the target with this id.
    pub(crate) target: Option<String>,
    /// Entries with this outcome.
    pub(crate) outcome: Option<Outcome>,
    /// Entries from this time on.
    pub(crate) since: Option<u64>,
    /// Entries before this time.
    pub(crate) until: Option<u64>,
}

impl AuditFilter {
    /// Returns whether an entry of the right organization and time is in the list.
    pub(crate) fn includes(&self, entry: &Entry) -> bool {
        let is_actor = |wanted: &String| {
            [&entry.actor.id, &entry.actor.name, &entry.actor.owner].into_iter().any(|has| has.as_ref() == Some(wanted))
        };
        self.actor.as_ref().is_none_or(is_actor)
            && self.action.as_ref().is_none_or(|ActionFilter(action)| Action::is_in(&entry.action, action))
            && self.target.as_ref().is_none_or(|id| entry.target.as_ref().is_some_and(|target| target.id == *id))
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
    }
}

/// An action, or the part of one before the point.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline)]
pub(crate) struct ActionFilter(String);

impl TryFrom<String> for ActionFilter {
    type Error = String;

    fn try_from(text: String) -> Result<ActionFilter, String> {
        if Action::is_known(&text) {
            Ok(ActionFilter(text))
        } else {
            Err("expected an action such as `token.create`, or a group of actions such as `token`".into())
        }
    }
}

/// Where a page begins: before the entry with this time and this number. On the wire it is opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline)]
pub(crate) struct AuditCursor {
    /// The time.
    pub(crate) at: u64,
    /// The number.
    pub(crate) id: u64,
}

impl AuditCursor {
    /// The form of the text, its first byte.
    const VERSION: u8 = 1;

    /// Returns the text on the wire.
    pub(crate) fn encode(self) -> String {
        let mut bytes = [AuditCursor::VERSION; 17];
        bytes[1..9].copy_from_slice(&self.at.to_be_bytes());
        bytes[9..].copy_from_slice(&self.id.to_be_bytes());
        Base64UrlUnpadded::encode_string(&bytes)
    }
}

impl TryFrom<String> for AuditCursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<AuditCursor, &'static str> {
        let mut bytes = [0; 17];
        let numbers = match Base64UrlUnpadded::decode(&text, &mut bytes) {
            Ok(&[AuditCursor::VERSION, ref numbers @ ..]) => {
                let halves = numbers.split_first_chunk::<8>().and_then(|(at, id)| Some((*at, id.try_into().ok()?)));
                halves.map(|(at, id)| [at, id].map(u64::from_be_bytes))
            }
            _ => None,
        };
        // Stores have signed numbers.
        let numbers = numbers.filter(|numbers| numbers.iter().all(|number| i64::try_from(*number).is_ok()));
        numbers.map(|[at, id]| AuditCursor { at, id }).ok_or("expected the `nextCursor` of an earlier page")
    }
}

/// What a store reads for a page, newest first.
#[derive(Debug, Clone)]
pub(crate) struct AuditQuery {
    /// Which entries the list has.
    pub(crate) filter: AuditFilter,
    /// Only entries before this one.
    pub(crate) before: Option<AuditCursor>,
    /// The most entries of the page.
    pub(crate) limit: usize,
    /// How many entries to compare with the filter at most.
    pub(crate) max_examined: usize,
}

impl AuditQuery {
    /// A page of a list.
    pub(crate) fn new(filter: AuditFilter, before: Option<AuditCursor>, limit: PageLimit) -> AuditQuery {
        AuditQuery { filter, before, limit: limit.get(), max_examined: MAX_EXAMINED }
    }

    /// Returns the time and the number before which the page begins: those of the cursor, or of the end.
    pub(crate) fn start(&self) -> AuditCursor {
        let end = self.filter.until.map(|at| AuditCursor { at, id: 0 });
        let newest = AuditCursor { at: i64::MAX.unsigned_abs(), id: i64::MAX.unsigned_abs() };
        let starts = [self.before, end].into_iter().flatten();
        starts.min_by_key(|start| (start.at, start.id)).unwrap_or(newest)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::super::{EntryActor, Target};
    use super::*;

    fn entry() -> Entry {
        Entry {
            id: 7,
            at: 100,
            organization: Some("o".into()),
            actor: EntryActor { kind: "token".into(), id: Some("tok_1".into()), name: None, owner: Some("svc".into()) },
            action: "token.create".into(),
            target: Some(Target { kind: "token".into(), id: "tok_2".into() }),
            address: None,
            request_id: None,
            outcome: Outcome::Ok,
            code: None,
            facts: Map::new(),
        }
    }

    #[test]
    fn a_filter_compares_the_actor_the_action_the_target_and_the_outcome() {
        let action = |name: &str| ActionFilter::try_from(name.to_owned()).ok();
        let all = AuditFilter::default();
        for (filter, expected) in [
            (all.clone(), true),
            (AuditFilter { actor: Some("tok_1".into()), ..all.clone() }, true),
            (AuditFilter { actor: Some("svc".into()), ..all.clone() }, true),
            (AuditFilter { actor: Some("tok_2".into()), ..all.clone() }, false),
            (AuditFilter { action: action("token"), ..all.clone() }, true),
            (AuditFilter { action: action("token.edit"), ..all.clone() }, false),
            (AuditFilter { target: Some("tok_2".into()), ..all.clone() }, true),
            (AuditFilter { target: Some("tok_1".into()), ..all.clone() }, false),
            (AuditFilter { outcome: Some(Outcome::Refused), ..all }, false),
        ] {
            assert_eq!(filter.includes(&entry()), expected, "{filter:?}");
        }
        assert!(action("nothing").is_none());
    }

    #[test]
    fn a_cursor_survives_the_wire_and_nothing_else_is_one() {
        let cursor = AuditCursor { at: 1_796_032_800, id: 9 };
        assert_eq!(AuditCursor::try_from(cursor.encode()), Ok(cursor));
        let too_large = AuditCursor { at: u64::MAX, id: 1 }.encode();
        for text in ["", "a", "AAAA", &too_large, &cursor.encode()[..20]] {
            assert!(AuditCursor::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_page_begins_at_the_cursor_or_at_the_end_whichever_is_earlier() {
        let query = |until, before| {
            let filter = AuditFilter { until, ..AuditFilter::default() };
            let start = AuditQuery::new(filter, before, PageLimit::default()).start();
            (start.at, start.id)
        };
        let cursor = Some(AuditCursor { at: 50, id: 5 });
        assert_eq!(query(Some(60), cursor), (50, 5));
        assert_eq!(query(Some(50), cursor), (50, 0));
        assert_eq!(query(None, None).0, i64::MAX.unsigned_abs());
    }
}
