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

/// A whole number of 64 bits.
pub(super) struct BigInt(pub(super) i64);

#[Scalar]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number.as_i64().map(BigInt).ok_or_else(|| InputValueError::expected_type(value)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}
