//! Times: RFC 3339, days too, or Unix seconds in; both out.

pub(super) use crate::domain::timestamp::parse;
use crate::domain::timestamp::rfc_3339;

/// Returns a time for people and for scripts.
pub(super) fn show(seconds: u64) -> String {
    rfc_3339(seconds).map_or_else(|| seconds.to_string(), |time| format!("{time} ({seconds})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_as_both() {
        assert_eq!(show(1_796_032_800), "2026-11-30T10:00:00Z (1796032800)");
        assert_eq!(show(u64::MAX), "18446744073709551615");
    }
}
