#!/usr/bin/env bash
# A test that moves the clock moves only one of the two clocks of a Rust process
#
# Packages: libfaketime 0.9.10 (Debian's package faketime), rustix 1.1.6 (cargo).
# What it does: runs a program a day ahead, under `faketime '+1 day'`. It reads the time with the
#   standard library and with rustix, twice: as rustix is by default, and with its feature use-libc.
# Why it surprises: libfaketime changes what libc's functions return, also in Rust programs, since
#   the standard library calls them. On Linux rustix does not: it reads the clock from the kernel's
#   page itself, and no name in a Cargo.toml says so. The process then has two times, a day apart.
#   With the feature use-libc, which any crate of the program may ask for, both are moved.
# For tokens in embeds: a test of expiry, of a key's rotation or of a clock that is wrong moves the
#   signer's time and not the verifier's, within one process. It passes for a wrong reason, or fails
#   where there is no fault.
# Daypass: the verifier reads the time that suspended machines keep, by rustix. The service's tests
#   ask for use-libc, so that one clock is moved.
set -euo pipefail
for tool in cargo faketime; do
  command -v "$tool" >/dev/null || { echo "This finding needs $tool (Debian: apt-get install faketime)."; exit 1; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[features]
libc = ["rustix/use-libc"]

[dependencies]
rustix = { version = "=1.1.6", features = ["time"] }
TOML
cat >src/main.rs <<'RUST'
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// Prints how many days ahead each clock is of the time that it is given.
fn main() {
    let given: i64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let std = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let rustix = clock_gettime(ClockId::Realtime).tv_sec;
    println!("std {}, rustix {}", (std - given) / 86_400, (rustix - given) / 86_400);
}
RUST
echo "libfaketime $(faketime --version | grep -o '[0-9][0-9.]*[0-9]' | head -1), rustix 1.1.6"
ahead() {
  cargo build --quiet "$@"
  faketime '+1 day 1 minute' target/debug/finding "$(date +%s)"
}
echo "Expected: both clocks are a day ahead (faketime --help: \"The program will be tricked into"
echo "  seeing the given 'timestamp' as its starting date and time\")."
default=$(ahead)
echo "Seen: days ahead: $default"
libc=$(ahead --features libc)
echo "Seen: days ahead with rustix/use-libc: $libc"
if [[ $default != "std 1, rustix 0" || $libc != "std 1, rustix 1" ]]; then
  echo 'CHANGED: rustix should be moved with the feature use-libc alone.'
  exit 1
fi
