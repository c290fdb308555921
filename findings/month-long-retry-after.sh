#!/usr/bin/env bash
# A Retry-After of a month makes two HTTP clients retry at once
#
# Packages: got 14.6.6, axios-retry 4.5.0 (with axios 1.21.1); ky 1.14.3 for comparison.
# What it does: a server on the loopback answers each request with 503 and Retry-After: 2592000
#   (30 days). Each client calls it once, with the retries that it offers.
# Why it surprises: the header says how long to wait (RFC 9110, section 10.2.3). Both clients read
#   it, hand 2,592,000,000 ms to setTimeout, whose limit is 2^31 - 1 ms, and so wait 1 ms. The
#   longest wait that a server can ask for becomes the shortest. ky clamps the time and waits.
# For tokens in embeds: an API that blocks a token until the next billing month gets the whole
#   retry budget of every page at once, just when it asked for silence.
# Daypass: its Retry-After is the few seconds until the rate limit has room again, and the SDK's
#   own timer clamps every wait to 2^31 - 1 ms.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts got@14.6.6 axios@1.21.1 axios-retry@4.5.0 ky@1.14.3
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import got from 'got'
import ky from 'ky'

const MONTH = '2592000'
let arrivals = []
const server = http.createServer((request, response) => {
  arrivals.push(Date.now())
  response.writeHead(503, { 'Retry-After': MONTH }).end()
})
await new Promise(listening => server.listen(0, '127.0.0.1', listening))
const url = `http://127.0.0.1:${server.address().port}/`

const client = axios.create()
axiosRetry(client, { retries: 3, retryDelay: axiosRetry.exponentialDelay })
const clients = { got: () => got(url), 'axios-retry': () => client.get(url), ky: () => ky(url) }

console.log(`Expected: after Retry-After: ${MONTH}, one request, and none within seconds (RFC 9110, section 10.2.3).`)
const counts = {}
for (const [name, call] of Object.entries(clients)) {
  arrivals = []
  const started = Date.now()
  const outcome = await Promise.race([
    call().then(() => 'a response', error => `${error.name}`),
    new Promise(resolve => setTimeout(resolve, 5000, 'still waiting')),
  ])
  counts[name] = arrivals.length
  console.log(`Seen: ${name}: ${arrivals.length} requests in ${Date.now() - started} ms, then: ${outcome}`)
}
const asStated = counts.got > 1 && counts['axios-retry'] === 4 && counts.ky === 1
if (!asStated) console.log('CHANGED: got and axios-retry should retry within seconds, ky should wait.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
