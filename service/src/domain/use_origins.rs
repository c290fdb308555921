//! The origins of most requests, in bounded memory: [`Origins`].

use std::collections::BTreeMap;

use daypass::api::OriginUse;
use serde::{Deserialize, Serialize};

/// How many origins are kept.
const MOST: usize = 20;

/// The origins of most requests on a day, and the number of the requests of others.
///
/// An origin that comes late takes the place of the rarest one, and its rank too, so that it stays if it has many
/// requests from then on (Space-Saving: Metwally, Agrawal, El Abbadi, 2005). The requests of the one that had the place
/// are added to the others, and no count is greater than it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origins {
    most: BTreeMap<String, Place>,
    other: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Place {
    /// The requests since the origin has the place.
    count: u64,
    /// The rank of the one that had it before.
    before: u64,
}

impl Place {
    fn rank(self) -> u64 {
        self.before.saturating_add(self.count)
    }
}

impl Origins {
    /// Adds requests of these origins, of which there are [few](daypass::api::UseRow::MOST_ORIGINS), and of others.
    pub(super) fn add(&mut self, origins: &[OriginUse], other: u64) {
        self.other = self.other.saturating_add(other);
        for OriginUse { origin, count } in origins {
            let before = if self.most.contains_key(origin) { 0 } else { self.make_room() };
            let place = self.most.entry(origin.clone()).or_insert(Place { count: 0, before });
            place.count = place.count.saturating_add(*count);
        }
    }

    /// Takes the place of the rarest origin if all are taken, and returns its rank.
    fn make_room(&mut self) -> u64 {
        if self.most.len() < MOST {
            return 0;
        }
        let rarest = self.most.iter().min_by_key(|(_, place)| place.rank()).map(|(origin, _)| origin.clone());
        let place = rarest.and_then(|origin| self.most.remove(&origin)).unwrap_or_default();
        self.other = self.other.saturating_add(place.count);
        place.rank()
    }

    /// Returns the origins, those of most requests first, and the number of the requests of others.
    pub(super) fn listed(self) -> (Vec<OriginUse>, u64) {
        let listed = |(origin, place): (String, Place)| OriginUse { origin, count: place.count };
        let mut origins: Vec<_> = self.most.into_iter().map(listed).collect();
        origins.sort_by_key(|one| std::cmp::Reverse(one.count));
        (origins, self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origin: &str, count: u64) -> OriginUse {
        OriginUse { origin: origin.to_owned(), count }
    }

    fn sum(origins: Origins) -> u64 {
        let (listed, other) = origins.listed();
        listed.iter().map(|one| one.count).sum::<u64>() + other
    }

    #[test]
    fn a_late_origin_with_many_requests_is_listed_although_others_came_first() {
        let mut origins = Origins::default();
        for n in 0..MOST {
            origins.add(&[of(&format!("https://early{n}.example"), 100)], 0);
        }
        // One request in each report, between those of pages that come once.
        for n in 0..1000 {
            origins.add(&[of(&format!("https://once{n}.example"), 1), of("https://late.example", 1)], 3);
        }
        assert_eq!(sum(origins.clone()), 2000 + 5 * 1000);
        let (listed, _) = origins.listed();
        assert_eq!((listed.len(), &*listed[0].origin), (MOST, "https://late.example"));
        assert!(listed[0].count > 900 && listed[0].count <= 1000, "{}", listed[0].count);
    }

    #[test]
    fn counts_that_are_at_their_end_stay_there() {
        let mut origins = Origins::default();
        for n in 0..=MOST {
            origins.add(&[of(&format!("https://s{n}.example"), u64::MAX)], u64::MAX);
        }
        let (listed, other) = origins.listed();
        assert_eq!((listed.len(), listed[0].count, other), (MOST, u64::MAX, u64::MAX));
    }
}
