//! When to get a new temporary token: pure engines, without I/O, timer or clock.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`refresh`] | the engine of one connection |
//! | [`tabs`] | one refresh for all tabs of an origin, around it |
//! | [`policy`] | every constant of time that the two use |

pub mod policy;
pub mod refresh;
pub mod tabs;
