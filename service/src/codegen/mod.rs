//! What is generated from the code.

pub(crate) mod scope_types;
