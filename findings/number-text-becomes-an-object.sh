#!/usr/bin/env bash
# A feature that keeps the text of numbers breaks structs, and writes objects into other formats
#
# Package: serde_json 1.0.154 with serde 1.0.229 and toml 1.2.2.
# What it does: with the feature arbitrary_precision and without, reads {"zoom":1.5} into a struct
#   through #[serde(flatten)], and writes the JSON value {"zoom":1.50} as TOML.
# Why it surprises: the feature says that numbers of any size are kept ("arbitrary precision").
#   With it, a fraction is refused where a flattened or tagged type has an f64 ("invalid type:
#   map"), while 1 still passes; and other serializers get {"$serde_json::private::Number":"1.50"}.
#   Features are united over a program: one dependency that turns it on does this to all others.
# For tokens in embeds: a service that returns parameters as they were posted (1.50, not 1.5) meets
#   this feature first. It then refuses requests, or puts that object into files and messages.
# Daypass: keeps parameters as RawValue, which leaves their text alone, and does not use the feature.
set -euo pipefail
command -v cargo >/dev/null || { echo "This finding needs cargo."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[features]
exact = ["serde_json/arbitrary_precision"]

[dependencies]
serde = { version = "=1.0.229", features = ["derive"] }
serde_json = "=1.0.154"
toml = "=1.2.2"

[workspace]
TOML
cat >src/main.rs <<'RUST'
use serde::Deserialize;
use serde_json::{from_str, Value};

#[derive(Deserialize)]
struct Outer {
    #[serde(flatten)]
    view: View,
}

#[derive(Deserialize)]
struct View {
    zoom: f64,
}

fn main() {
    for text in [r#"{"zoom":1}"#, r#"{"zoom":1.5}"#] {
        let read = from_str::<Outer>(text).map(|outer| outer.view.zoom).map_err(|error| error.to_string());
        println!("read {text}: {read:?}");
    }
    let value: Value = from_str(r#"{"zoom":1.50}"#).unwrap();
    println!("as TOML: {}", toml::to_string(&value).unwrap().trim().replace('\n', " "));
}
RUST
export CARGO_TARGET_DIR="$folder/target" CARGO_PROFILE_DEV_DEBUG=0
cargo generate-lockfile --quiet
cargo tree --quiet --depth 1 --prefix none | grep -E '^(serde|serde_json|toml) '
without=$(cargo run --quiet)
with=$(cargo run --quiet --features exact)
echo 'Expected: the same with the feature arbitrary_precision as without, but for the text of numbers.'
echo "Seen without the feature:"; echo "$without"
echo "Seen with it:"; echo "$with"
if [[ $without != *'1.5}: Ok(1.5)'*'as TOML: zoom = 1.5'* || $with != *'1}: Ok(1.0)'*'1.5}: Err("invalid type: map'* ||
      $with != *'[zoom] "$serde_json::private::Number" = "1.50"'* ]]; then
  echo 'CHANGED: the feature should refuse 1.5 in a flattened struct and write an object into TOML.'
  exit 1
fi
