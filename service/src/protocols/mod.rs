//! The paths, names and errors of the systems that Daypass replaces. Each file translates to the one model and decides
//! nothing.

pub(crate) mod kudo;
pub(crate) mod space_api;
