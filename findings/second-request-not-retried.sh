#!/usr/bin/env bash
# Of two requests that meet an expired token together, only one is repeated
#
# Package: axios-auth-refresh 5.0.2 with axios 1.21.1 (npm).
# What it does: follows the package's README, with its request interceptor. A server on the
#   loopback takes the token "2" only, and the page has "1". Two requests go out together, a third
#   while the refresh is under way.
# Why it surprises: the README says that by default one refresh runs and requests wait for it. The
#   third does. The second, in flight already when the first got its 401, is skipped: its own 401
#   goes to the caller, and it is never sent again, although a good token arrives 200 ms later.
# For tokens in embeds: a page that loads several resources at once shows one of them after each
#   expiry, and errors for the others. It works in every test that makes one request at a time.
# Daypass: each request of the SDK's fetch that gets a 401 waits for the one refresh, and each is
#   sent once more.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts axios-auth-refresh@5.0.2 axios@1.21.1
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import axios from 'axios'
import { createAuthRefresh } from 'axios-auth-refresh'

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))
const arrivals = []
const server = http.createServer(async (request, response) => {
  arrivals.push(request.url)
  if (request.url === '/refresh') {
    await pause(1000)
    return response.end('2')
  }
  response.writeHead(request.headers.authorization === 'Bearer 2' ? 200 : 401).end()
})
await new Promise(listening => server.listen(0, '127.0.0.1', listening))
const baseURL = `http://127.0.0.1:${server.address().port}`

let token = '1'
const client = axios.create({ baseURL })
client.interceptors.request.use(request => {
  request.headers.Authorization = `Bearer ${token}`
  return request
})
createAuthRefresh(client, async failed => {
  token = (await axios.post(`${baseURL}/refresh`)).data
  failed.response.config.headers.Authorization = `Bearer ${token}`
})
const status = promise => promise.then(response => response.status, error => error.response.status)
const third = pause(500).then(() => client.get('/third'))
const outcomes = await Promise.all([client.get('/first'), client.get('/second'), third].map(status))

console.log('Expected: one refresh, and then all three requests succeed ("Deduplicate refresh calls" in the README).')
console.log(`Seen: first ${outcomes[0]}, second ${outcomes[1]}, third ${outcomes[2]}; server: ${arrivals.join(' ')}`)
const failures = outcomes.slice(0, 2).filter(status => status === 401).length
const asStated = failures === 1 && outcomes[2] === 200 && arrivals.filter(path => path === '/refresh').length === 1
if (!asStated) console.log('CHANGED: one of the first two requests should fail with 401.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
