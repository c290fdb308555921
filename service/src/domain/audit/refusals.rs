//! How many refusals become entries: a flood of them must not fill the store.

use std::collections::HashMap;

/// How many refusals of one network and organization become entries of their own in a minute.
const MOST_A_MINUTE: u64 = 10;
/// How many refusals of one organization, or of callers without one, become entries of their own in an hour.
const MOST_AN_HOUR: u64 = 600;
/// How many networks are counted apart. The others are counted together.
const MOST_NETWORKS: usize = 1000;

/// How long refusals of a network are counted together, in seconds.
const MINUTE: u64 = 60;
/// How long refusals of an organization are counted together, in seconds.
const HOUR: u64 = 3600;

/// Decides which refusals become entries, by elapsed time in seconds. `T` is an entry.
pub(crate) struct RefusalBudget<T> {
    minutes: HashMap<(Option<String>, String), Window<T>>,
    hours: HashMap<Option<String>, Window<T>>,
}

/// Refusals that are counted together.
struct Window<T> {
    since: u64,
    length: u64,
    count: u64,
    /// How many became no entries of their own, and the last of them.
    left_out: u64,
    last: Option<T>,
}

impl<T> Window<T> {
    fn new(since: u64, length: u64) -> Window<T> {
        Window { since, length, count: 0, left_out: 0, last: None }
    }

    fn is_over(&self, now: u64) -> bool {
        now.saturating_sub(self.since) >= self.length
    }

    fn leave_out(&mut self, entry: T) {
        self.left_out += 1;
        self.last = Some(entry);
    }

    /// Returns the entry for what was left out, and how much that is.
    fn rest(self) -> Option<(T, u64)> {
        self.last.map(|last| (last, self.left_out))
    }
}

impl<T> Default for RefusalBudget<T> {
    fn default() -> RefusalBudget<T> {
        RefusalBudget { minutes: HashMap::new(), hours: HashMap::new() }
    }
}

impl<T> RefusalBudget<T> {
    /// Returns the entry of a refusal, if it becomes one of its own; else it is counted.
    pub(crate) fn note(&mut self, organization: Option<&str>, network: String, entry: T, now: u64) -> Option<T> {
        let organization = organization.map(str::to_owned);
        let mut key = (organization.clone(), network);
        if self.minutes.len() >= MOST_NETWORKS && !self.minutes.contains_key(&key) {
            key.1 = String::new();
        }
        let minute = self.minutes.entry(key).or_insert_with(|| Window::new(now, MINUTE));
        minute.count += 1;
        if minute.count > MOST_A_MINUTE {
            minute.leave_out(entry);
            return None;
        }
        let hour = self.hours.entry(organization).or_insert_with(|| Window::new(now, HOUR));
        hour.count += 1;
        if hour.count > MOST_AN_HOUR {
            hour.leave_out(entry);
            return None;
        }
        Some(entry)
    }

    /// Ends the minutes and hours that are over, and returns for each what was left out in it: its last refusal, and how
    /// many there were.
    ///
    /// What was left out of the minutes of an hour that is used up counts for that hour.
    pub(crate) fn end(&mut self, now: u64) -> Vec<(T, u64)> {
        let mut rests = vec![];
        let over: Vec<_> = self.minutes.extract_if(|_, minute| minute.is_over(now)).collect();
        for ((organization, _), minute) in over {
            let Some((last, count)) = minute.rest() else { continue };
            let hour = self.hours.entry(organization).or_insert_with(|| Window::new(now, HOUR));
            hour.count += 1;
            if hour.count > MOST_AN_HOUR {
                hour.left_out += count - 1;
                hour.leave_out(last);
            } else {
                rests.push((last, count));
            }
        }
        let over = self.hours.extract_if(|_, hour| hour.is_over(now));
        rests.extend(over.filter_map(|(_, hour)| hour.rest()));
        rests
    }

    /// Ends all minutes and hours, since the service stops.
    pub(crate) fn end_all(&mut self) -> Vec<(T, u64)> {
        let mut rests = self.end(u64::MAX);
        rests.extend(self.hours.drain().filter_map(|(_, hour)| hour.rest()));
        rests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(budget: &mut RefusalBudget<u64>, organization: Option<&str>, network: &str, count: u64, now: u64) -> u64 {
        let entries = (0..count).filter_map(|number| budget.note(organization, network.into(), number, now));
        entries.count() as u64
    }

    #[test]
    fn a_network_has_so_many_entries_a_minute_and_one_that_counts_the_others() {
        let mut budget = RefusalBudget::default();
        assert_eq!(note(&mut budget, None, "a", 100, 5), MOST_A_MINUTE);
        assert_eq!(note(&mut budget, None, "b", 3, 5), 3);
        assert_eq!(note(&mut budget, Some("o"), "a", 3, 5), 3, "an organization is counted apart");
        assert_eq!(budget.end(64), []);
        assert_eq!(budget.end(65), [(99, 90)]);
        assert_eq!(note(&mut budget, None, "a", 1, 65), 1);
    }

    #[test]
    fn a_flood_from_many_networks_has_so_many_entries_an_hour() {
        let mut budget = RefusalBudget::default();
        let mut entries = 0;
        let mut told = 0;
        for minute in 0..180 {
            for network in 0..1100 {
                entries += note(&mut budget, None, &format!("{minute} {network}"), 2, minute * 60);
            }
            assert!(budget.minutes.len() <= MOST_NETWORKS + 1);
            assert_eq!(
                note(&mut budget, Some("o"), "a", 1, minute * 60),
                1,
                "another organization's still are entries"
            );
            let rests = budget.end(minute * 60 + 60);
            told += rests.iter().map(|(_, count)| count).sum::<u64>();
            entries += rests.len() as u64;
        }
        told += budget.end_all().iter().map(|(_, count)| count).sum::<u64>();
        assert!(entries <= 3 * (MOST_AN_HOUR + 2) + 180, "{entries}");
        assert!(told + entries >= 180 * 2200, "every refusal is told or counted: {told}");
        assert!(budget.minutes.is_empty() && budget.hours.is_empty());
    }
}
