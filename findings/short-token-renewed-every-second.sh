#!/usr/bin/env bash
# A token that lives for 60 seconds is renewed every second
#
# Package: oidc-client-ts 3.5.0 (npm).
# What it does: a UserManager with automaticSilentRenew holds a token with a refresh token. The
#   token endpoint on the loopback gives tokens of 60 seconds, then of 90 seconds, and counts.
# Why it surprises: expires_in is any number of seconds (RFC 6749, section 5.1). The library raises
#   "access token expiring" 60 seconds before the end (its documented default), and for a token
#   that has no more than that, one second after the token arrives: so it renews for ever, each
#   second. Nothing logs it, the page works, and only the provider sees 60 times the requests.
# For tokens in embeds: short tokens are what an embed should have. With this client, a provider
#   that shortens them from 5 minutes to 1 gets 240 times as many refreshes instead of 5 times.
#   Set accessTokenExpiringNotificationTimeInSeconds to a part of the lifetime.
# Daypass: its SDK refreshes after 75 to 85 % of a token's lifetime, however short it is.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts oidc-client-ts@3.5.0
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import { InMemoryWebStorage, User, UserManager, Version, WebStorageStateStore } from 'oidc-client-ts'

let lifetime, refreshes
const token = () => ({ access_token: `${refreshes}`, token_type: 'Bearer', refresh_token: 'r', scope: 'floor:read' })
const server = http.createServer((request, response) => {
  refreshes += 1
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ ...token(), expires_in: lifetime }))
})
await new Promise(listening => server.listen(0, '127.0.0.1', listening))
const issuer = `http://127.0.0.1:${server.address().port}`

async function countRefreshes(seconds) {
  [lifetime, refreshes] = [seconds, 0]
  const store = new WebStorageStateStore({ store: new InMemoryWebStorage() })
  const manager = new UserManager({
    authority: issuer, client_id: 'embed', redirect_uri: issuer, scope: 'floor:read', userStore: store,
    stateStore: store, metadata: { issuer, token_endpoint: `${issuer}/token` }, automaticSilentRenew: true,
  })
  const now = Math.floor(Date.now() / 1000)
  const profile = { sub: 'u', iss: issuer, aud: 'embed', iat: now, exp: now + lifetime }
  const user = new User({ ...token(), profile, expires_at: now + lifetime })
  await manager.storeUser(user)
  manager.events.load(user)
  await new Promise(resolve => setTimeout(resolve, 8000))
  manager.stopSilentRenew()
  await manager.removeUser()
  return refreshes
}
console.log(`oidc-client-ts ${Version}`)
console.log('Expected: a token of 60 or 90 seconds is renewed about once in its lifetime.')
const [minute, longer] = [await countRefreshes(60), await countRefreshes(90)]
console.log(`Seen: in 8 seconds, ${minute} refreshes of tokens of 60 seconds, ${longer} of tokens of 90 seconds`)
const asStated = minute >= 4 && longer === 0
if (!asStated) console.log('CHANGED: a token of 60 seconds should be renewed about once a second.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
