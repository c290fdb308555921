//! Speckle's own scalars: [`DateTime`], [`BigInt`].

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::Timestamp;

/// A time, as RFC 3339 writes it. It is in responses alone.
pub(super) struct DateTime(Timestamp);

impl DateTime {
    /// Makes one of a Unix time in seconds.
    pub(super) fn from_seconds(seconds: u64) -> Option<DateTime> {
        Timestamp::from_second(i64::try_from(seconds).ok()?).ok().map(DateTime)
    }
}

#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
    }
}

/// The greatest number up to which each whole one is exact as a float.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns a float that is a whole number, such as 86400000.0, which JavaScript does not tell from 86400000.
fn whole(number: f64) -> Option<i64> {
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT { format!("{number:.0}").parse().ok() } else { None }
}

/// A whole number of 64 bits, which may be text.
pub(super) struct BigInt(pub(super) i64);

#[Scalar]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(digits) => digits.parse().ok(),
            _ => None,
        };
        number.map(BigInt).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}
