#!/usr/bin/env bash
# An event stream that asks for a pause of a month is opened hundreds of times a second
#
# Packages: eventsource 4.1.1, eventsource-client 1.2.0 (npm).
# What it does: a server on the loopback sends "retry: <milliseconds>" and one event, and ends the
#   stream. It counts for two seconds how often each client comes back, for 1 second and 30 days.
# Why it surprises: "retry" is any number of ASCII digits (HTML Standard, section 9.2.6), and the
#   client waits so long before it reconnects (section 9.2.3). Both hand the number to setTimeout,
#   whose limit is 2^31 - 1 ms, so that 30 days are 1 ms. Chromium 156 and Firefox 153 do wait.
# For tokens in embeds: each reconnection presents the token again. A backend that follows a
#   token service's event stream through these clients and is told to stay away storms it instead.
# Daypass: its feed sends no "retry" field, and its verifier has a back-off of its own.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts eventsource@4.1.1 eventsource-client@1.2.0
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import { EventSource } from 'eventsource'
import { createEventSource } from 'eventsource-client'

const SECOND = 1000, MONTH = 2_592_000_000
let retry, connections
const server = http.createServer((request, response) => {
  connections += 1
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`retry: ${retry}\ndata: hello\n\n`)
})
await new Promise(listening => server.listen(0, '127.0.0.1', listening))
const url = `http://127.0.0.1:${server.address().port}/`
const clients = { eventsource: () => new EventSource(url), 'eventsource-client': () => createEventSource({ url }) }

console.log('Expected: a client waits the milliseconds of "retry" before it reconnects (HTML Standard, section 9.2.3).')
let asStated = true
for (const [name, open] of Object.entries(clients)) {
  for (retry of [SECOND, MONTH]) {
    connections = 0
    const source = open()
    await new Promise(resolve => setTimeout(resolve, 2000))
    source.close()
    console.log(`Seen: ${name}, retry: ${retry}: ${connections} connections in 2 seconds`)
    asStated &&= retry === SECOND ? connections <= 3 : connections > 20
  }
}
if (!asStated) console.log('CHANGED: a pause of a second should be kept, and one of a month should not.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
