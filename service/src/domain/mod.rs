//! Records and rules, pure: no async, no SQL, no HTTP.

pub(crate) mod origins;
