//! Times as people write them: [`Timestamp`].

use schemars::JsonSchema;
use serde::Deserialize;

/// A time in whole seconds since 1970, which is written in RFC 3339 or as that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline)]
pub(crate) struct Timestamp(pub(crate) u64);

impl TryFrom<String> for Timestamp {
    type Error = String;

    fn try_from(text: String) -> Result<Timestamp, String> {
        parse(&text).map(Timestamp)
    }
}

/// Returns a time in RFC 3339, if it is before the year 10000.
pub(crate) fn rfc_3339(seconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds.try_into().ok()?).ok()?;
    Some(time.to_string())
}

/// Reads a time in whole seconds since 1970.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let time = match text.parse::<i64>() {
        Ok(seconds) => jiff::Timestamp::from_second(seconds)
            .map_err(|_| "the time must be before the year 10000, in seconds, not milliseconds")?,
        // A day begins in UTC, whatever the time zone of this machine is.
        Err(_) => (text.parse::<jiff::Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse())).map_err(|_| {
            "expected a time such as 2027-01-31T12:00:00Z (RFC 3339), a day such as 2027-01-31 (in UTC), or Unix seconds"
        })?,
    };
    if time.subsec_nanosecond() != 0 {
        return Err("expected whole seconds".into());
    }
    time.as_second().try_into().map_err(|_| "the time must not be before 1970".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rfc_3339_or_unix_seconds() {
        for (text, seconds) in [
            ("0", 0),
            ("1796032800", 1_796_032_800),
            ("2026-11-30T10:00:00Z", 1_796_032_800),
            ("2026-11-30t10:00:00z", 1_796_032_800),
            ("2026-11-30", 1_795_996_800),
            ("2026-11-30T11:00:00+01:00", 1_796_032_800),
            ("2026-11-30T10:00:00.000Z", 1_796_032_800),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
        for (text, says) in [
            ("", "RFC 3339"),
            ("soon", "RFC 3339"),
            ("2026-11-31", "RFC 3339"),
            ("2026-11-30T10:00:00", "RFC 3339"),
            ("2026-02-30T10:00:00Z", "RFC 3339"),
            ("1.5", "RFC 3339"),
            ("2026-11-30T10:00:00.5Z", "whole seconds"),
            ("-1", "before 1970"),
            ("1796032800000", "not milliseconds"),
        ] {
            assert!(parse(text).is_err_and(|error| error.contains(says)), "{text}");
        }
    }
}
