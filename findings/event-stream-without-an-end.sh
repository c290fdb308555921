#!/usr/bin/env bash
# A subscription to an event stream does not end when the stream is closed
#
# Packages: gloo-net 0.7.0 (cargo) in WebAssembly by wasm-bindgen 0.2.130, in Chromium.
# What it does: a page subscribes to events of a server and reads them in a loop, until the stream of
#   the subscription ends. The server sends two events. Then the page calls "close"; in the second
#   round, the server answers 204, the way to end an event stream (HTML Standard, section 9.2.3).
# Why it surprises: "close" dispatches an error "to cause all subscriber streams to close down", as its
#   source says, and futures' Stream has None for the end. The stream gives an error (two for one
#   "close", which the drop after it repeats) and then stays pending: the subscription itself owns the
#   senders of its channel, so that the channel never ends.
# For tokens in embeds: "while let Some(event) = events.next().await" over a feed of revocations never
#   goes on to what follows the loop: the reconnection, or the end of the page's session.
# Daypass: its verifier reads the feed with its own reader, and in browsers it opens no event stream.
#   End such a loop at the first error.
set -euo pipefail
for tool in cargo node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
chromium=$(command -v chromium || command -v chromium-browser) || { echo "This finding needs Chromium."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts playwright-core@1.65.1
cargo install --quiet wasm-bindgen-cli --version 0.2.130 --root tools
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["cdylib"]
[dependencies]
futures-util = { version = "=0.3.31", default-features = false }
gloo-net = { version = "=0.7.0", default-features = false, features = ["eventsource"] }
wasm-bindgen = "=0.2.130"
wasm-bindgen-futures = "0.4"
web-sys = { version = "0.3", features = ["MessageEvent"] }
[workspace]
TOML
cat >src/lib.rs <<'RUST'
use futures_util::StreamExt;
use gloo_net::eventsource::futures::EventSource;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = "export function note(text) { (globalThis.noted ??= []).push(text) }")]
extern "C" {
    fn note(text: &str);
}

#[wasm_bindgen]
pub async fn read(url: &str, closes: bool) {
    let mut source = EventSource::new(url).unwrap();
    let mut events = source.subscribe("message").unwrap();
    let mut source = Some(source);
    while let Some(event) = events.next().await {
        let text = event.as_ref().map(|(_, event)| event.data().as_string().unwrap_or_default());
        note(text.as_deref().unwrap_or("error"));
        if closes && text.is_ok_and(|text| text == "2") {
            source.take().unwrap().close();
        }
    }
    note("end");
}
RUST
cargo build --quiet --release --target wasm32-unknown-unknown
tools/bin/wasm-bindgen --target web --out-dir pkg target/wasm32-unknown-unknown/release/finding.wasm

cat >finding.mjs <<'JS'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

let streams = 0
const TYPES = { js: 'text/javascript', wasm: 'application/wasm' }
const server = http.createServer((request, response) => {
  const type = TYPES[request.url.split('.').at(-1)]
  if (type) return response.setHeader('Content-Type', type).end(readFileSync(join('pkg', request.url)))
  if (!request.url.startsWith('/events')) return response.setHeader('Content-Type', 'text/html').end('')
  if (++streams % 2 === 0) return response.writeHead(204).end() // the browser came again
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('retry: 50\ndata: 1\n\ndata: 2\n\n')
  if (request.url.endsWith('ends')) response.end()
})
await new Promise(listening => server.listen(0, '127.0.0.1', listening))
const origin = `http://127.0.0.1:${server.address().port}`
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] })
console.log(`gloo-net 0.7.0, wasm-bindgen 0.2.130, Chromium ${browser.version()}`)
console.log('Expected: 1, 2, perhaps an error, and the end (futures, Stream: "None" ends it).')
const seen = []
for (const [path, closes] of [['/events', true], ['/events?ends', false]]) {
  streams = 0
  const page = await browser.newPage()
  await page.goto(origin)
  await page.evaluate(async ([url, closes]) => {
    const { default: load, read } = await import('/finding.js')
    await load()
    await Promise.race([read(url, closes), new Promise(resolve => setTimeout(resolve, 5000))])
  }, [origin + path, closes])
  seen.push(await page.evaluate(() => globalThis.noted.join()))
  console.log(`Seen: ${closes ? 'closed by the page' : 'ended by the server'}: ${seen.at(-1)}, nothing more in 5 s`)
}
await browser.close()
server.close()
const asStated = seen.join(' ') === '1,2,error,error 1,2,error'
if (!asStated) console.log('CHANGED: two errors should follow a close, one the end of the server, and no end.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs "$chromium"
