//! Simulated days for the session engines, with oracles. A failure names the seed of the day.
#![allow(dead_code, unreachable_pub, reason = "each test file uses what it needs")]

mod dice;
pub mod many;
pub mod one;
