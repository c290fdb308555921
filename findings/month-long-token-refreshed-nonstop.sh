#!/usr/bin/env bash
# A token that lives for a month is refreshed a hundred times a second
#
# Packages: @badgateway/oauth2-client 3.3.1, keycloak-js 26.2.4 (npm), in Chromium by playwright-core 1.65.1.
# What it does: a token endpoint on the loopback gives tokens of 20 and of 30 days with refresh
#   tokens. OAuth2Fetch (in Node) keeps its default scheduleRefresh; a page with keycloak-js
#   refreshes in onTokenExpired, as that event is meant. Each runs for two seconds.
# Why it surprises: expires_in is any number of seconds (RFC 6749, section 5.1). Both set a timer
#   for the whole lifetime. More than 2^31 - 1 ms (24.8 days) rings at once, the new token does too,
#   and so on: lifetimes that were chosen to spare the provider flood it.
# For tokens in embeds: a partner's offline token of 30 days, in one forgotten tab, is a storm at
#   the token endpoint, and rotates the refresh token as often.
# Daypass: no signed token lives for more than a day, and the SDK's timer clamps every wait.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
chromium=$(command -v chromium || command -v chromium-browser) || { echo "This finding needs Chromium."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @badgateway/oauth2-client@3.3.1 keycloak-js@26.2.4 playwright-core@1.65.1
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'
import { chromium } from 'playwright-core'

const DAY = 86_400
let days, requests
const encode = part => Buffer.from(JSON.stringify(part)).toString('base64url')
function token() {
  const now = Math.floor(Date.now() / 1000)
  return [encode({ alg: 'RS256' }), encode({ sub: 'u', iat: now, exp: now + days * DAY }), 'AAAA'].join('.')
}
const library = readFileSync('node_modules/keycloak-js/lib/keycloak.js')
const pages = { '/': ['text/html', '<!doctype html>'], '/keycloak.js': ['text/javascript', library] }
const server = http.createServer((request, response) => {
  const [type, body] = pages[request.url] ?? ['application/json', undefined]
  requests += request.method === 'POST'
  const tokens = () => ({ access_token: token(), refresh_token: token(), token_type: 'Bearer', expires_in: days * DAY })
  response.writeHead(200, { 'Content-Type': type }).end(body ?? JSON.stringify(tokens()))
})
await new Promise(listening => server.listen(0, 'localhost', listening))
const url = `http://localhost:${server.address().port}/`
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] })
console.log(`Chromium ${browser.version()}`)

async function withBadgateway() {
  const client = new OAuth2Client({ server: url, clientId: 'embed', tokenEndpoint: '/token' })
  const getNewToken = () => client.refreshToken({ refreshToken: 'r' })
  await new OAuth2Fetch({ client, getNewToken }).getAccessToken()
  await new Promise(resolve => setTimeout(resolve, 2000))
}
async function withKeycloak() {
  const page = await browser.newPage()
  await page.goto(url)
  await page.evaluate(async token => {
    const { default: Keycloak } = await import('/keycloak.js')
    const keycloak = new Keycloak({ url: location.origin, realm: 'r', clientId: 'embed' })
    keycloak.onTokenExpired = () => keycloak.updateToken(-1)
    await keycloak.init({ token, refreshToken: token, checkLoginIframe: false, timeSkew: 0 })
    await new Promise(resolve => setTimeout(resolve, 2000))
  }, token())
  await page.close()
}
console.log('Expected: one request for a token (keycloak-js: one at its start), the next one weeks later.')
let asStated = true
for (days of [20, 30]) {
  for (const [name, run] of [['keycloak-js', withKeycloak], ['@badgateway/oauth2-client', withBadgateway]]) {
    requests = 0
    await run()
    console.log(`Seen: ${name}, tokens of ${days} days: ${requests} token requests in 2 seconds`)
    asStated &&= days === 20 ? requests === 1 : requests > 20
  }
}
if (!asStated) console.log('CHANGED: 20 days should be one request, 30 days dozens.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs "$chromium"
