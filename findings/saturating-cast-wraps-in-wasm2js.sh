#!/usr/bin/env bash
# wasm2js turns casts that saturate into casts that wrap
#
# Package: binaryen 132.0.0 (npm), which has wasm-as and wasm2js.
# What it does: a module with i32.trunc_sat_f64_u and i32.trunc_sat_f64_s, the instructions that
#   Rust's "as u32" and "as i32" compile to, is run as WebAssembly and as wasm2js's JavaScript.
# Why it surprises: the instruction clamps to the nearest representable value (WebAssembly Core
#   Specification, numerics, "trunc_sat"). wasm2js translates it to the JavaScript operators that
#   take the number modulo 2^32, without a warning: 10000000000 is 1410065408, and -1 as unsigned
#   is 4294967295. The same program gives other numbers where WebAssembly is not allowed.
# For tokens in embeds: a fallback for pages whose policy forbids WebAssembly computes lifetimes
#   and waits from floats. A time in milliseconds that is clamped in one build is short or negative
#   in the other. Build without nontrapping-fptoint, so that the compiler writes the comparisons.
# Daypass: never compiles the module that goes through wasm2js with that feature.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts binaryen@132.0.0
npm ls --depth=0 | sed 1d

cat >casts.wat <<'WAT'
(module
  (func (export "unsigned") (param f64) (result i32) (i32.trunc_sat_f64_u (local.get 0)))
  (func (export "signed") (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0))))
WAT
npx --no-install wasm-as casts.wat --enable-nontrapping-float-to-int -o casts.wasm
npx --no-install wasm2js casts.wasm --enable-nontrapping-float-to-int -o casts.mjs

cat >finding.mjs <<'JS'
import { readFileSync } from 'node:fs'
import * as javascript from './casts.mjs'

const { instance: { exports: wasm } } = await WebAssembly.instantiate(readFileSync('casts.wasm'))
const read = (cast, exports, number) => cast === 'unsigned' ? exports[cast](number) >>> 0 : exports[cast](number)
console.log('Expected: both columns are the same (WebAssembly, "trunc_sat").')
const different = []
const casts = [['unsigned', 3e9], ['signed', -7.9], ['unsigned', 1e10], ['signed', 1e10], ['unsigned', -1]]
for (const [cast, number] of casts) {
  const [left, right] = [read(cast, wasm, number), read(cast, javascript, number)]
  console.log(`Seen: ${cast} ${number}: WebAssembly ${left}, wasm2js ${right}`)
  if (left !== right) different.push(`${cast} ${number}`)
}
const asStated = different.join() === 'unsigned 10000000000,signed 10000000000,unsigned -1'
if (!asStated) console.log('CHANGED: the last three, and only these, should differ.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
