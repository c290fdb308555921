#!/usr/bin/env bash
# An authorization server answers 400 when asked about an access token that it has just issued
#
# Package: oidc-provider 9.13.3 (npm).
# What it does: runs the server on the loopback with introspection and revocation on, gets an
#   access token in each of its two formats, opaque and jwt, and asks about it and revokes it.
# Why it surprises: introspection tells whether a token that the server issued is active, and any
#   token it can't or won't speak of is {"active": false} with 200 (RFC 7662, section 2.2). For its
#   own JWT the server answers 400 "unsupported_token_type", an error that RFC 7662 does not have,
#   and it can't revoke it either (RFC 7009, section 2.2.1, allows that answer for revocation).
# For tokens in embeds: accessTokenFormat looks like a detail of the token's text. Changing it from
#   opaque to jwt breaks each API that introspects (400 is not "inactive"), and ends revocation.
# Daypass: its /revoke ends temporary tokens, which are JWTs, and its verifier learns of that
#   by a feed; /introspect answers 200 with "active" false for what it does not know.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts oidc-provider@9.13.3
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import Provider from 'oidc-provider'

const anyCaller = () => true
async function start(accessTokenFormat) {
  const server = http.createServer()
  await new Promise(listening => server.listen(0, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${server.address().port}`
  const client = { client_id: 'api', client_secret: 's', redirect_uris: [], response_types: [] }
  const resource = { scope: 'floor:read', audience: 'urn:api', accessTokenFormat }
  const provider = new Provider(issuer, {
    clients: [{ ...client, grant_types: ['client_credentials'] }],
    scopes: ['floor:read'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: anyCaller },
      revocation: { enabled: true, allowedPolicy: anyCaller },
      resourceIndicators: { enabled: true, getResourceServerInfo: () => resource },
    },
    ttl: { ClientCredentials: 600 },
  })
  server.on('request', provider.callback())
  const headers = { authorization: `Basic ${btoa('api:s')}` }
  return (path, form) => fetch(issuer + path, { method: 'POST', headers, body: new URLSearchParams(form) })
}
console.log('Expected: in either format, 200 with "active": true (RFC 7662, section 2.2).')
const seen = {}
for (const format of ['opaque', 'jwt']) {
  const post = await start(format)
  const request = { grant_type: 'client_credentials', scope: 'floor:read', resource: 'urn:api' }
  const { access_token: token } = await (await post('/token', request)).json()
  const introspection = await post('/token/introspection', { token })
  const { active, error } = await introspection.json()
  const revocation = await post('/token/revocation', { token })
  seen[format] = [introspection.status, active ?? error, revocation.status].join(' ')
  console.log(`Seen: ${format}: introspection ${introspection.status}, ${active ? 'active' : error}; ` +
    `revocation ${revocation.status}`)
}
const asStated = seen.opaque === '200 true 200' && seen.jwt === '400 unsupported_token_type 400'
if (!asStated) console.log('CHANGED: opaque should be introspected and revoked, jwt neither.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs 2>/dev/null
