#!/usr/bin/env bash
# An API refuses access tokens because of the algorithms that discovery lists for ID tokens
#
# Package: express-oauth2-jwt-bearer 1.10.0 (npm), with express 5.3.0 and jose 6.2.18.
# What it does: an issuer on the loopback signs access tokens with EdDSA. Its metadata either has
#   no list of ID token algorithms (as OAuth metadata has none), or says that ID tokens are RS256.
# Why it surprises: id_token_signing_alg_values_supported is about ID tokens (OpenID Connect
#   Discovery 1.0, section 3), and an issuer may sign access tokens otherwise. With issuerBaseURL
#   alone the library takes that list as the access tokens' algorithms, and answers 401 without a
#   word about the list: "Unexpected 'alg' value". The same token passes without the list.
# For tokens in embeds: an issuer that moves its access tokens to a short EdDSA signature, and
#   rightly leaves its ID tokens alone, loses the APIs that are configured the documented way.
#   Set jwksUri and tokenSigningAlg instead of issuerBaseURL.
# Daypass: publishes a key set and no list of ID token algorithms, since it issues no ID tokens.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts express-oauth2-jwt-bearer@1.10.0 express@5.3.0 jose@6.2.18
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

async function serve(handler) {
  const server = http.createServer(handler)
  await new Promise(listening => server.listen(0, '127.0.0.1', listening))
  return `http://127.0.0.1:${server.address().port}`
}
const { publicKey, privateKey } = await generateKeyPair('EdDSA')
const keys = [{ ...await exportJWK(publicKey), kid: '1', alg: 'EdDSA', use: 'sig' }]

async function ask(algorithms) {
  const issuer = await serve((request, response) => {
    const metadata = { issuer, jwks_uri: `${issuer}/jwks`, ...algorithms }
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(request.url === '/jwks' ? { keys } : metadata))
  })
  const app = express()
  app.use(auth({ issuerBaseURL: issuer, audience: 'urn:api' }))
  app.get('/', (request, response) => response.send('accepted'))
  app.use((error, request, response, next) => response.status(error.status).send(error.message))
  const claims = new SignJWT({ client_id: 'embed' }).setSubject('u').setIssuer(issuer).setAudience('urn:api')
  const token = await claims.setIssuedAt().setExpirationTime('1h').setJti('1')
    .setProtectedHeader({ alg: 'EdDSA', kid: '1', typ: 'at+jwt' }).sign(privateKey)
  const response = await fetch(await serve(app), { headers: { authorization: `Bearer ${token}` } })
  return `${response.status} ${await response.text()}`
}
console.log('Expected: the same answer with and without the list of ID token algorithms.')
const without = await ask({})
const listed = await ask({ id_token_signing_alg_values_supported: ['RS256'] })
console.log(`Seen: without the list: ${without}`)
console.log(`Seen: ID tokens are signed with RS256: ${listed}`)
const asStated = without === '200 accepted' && listed === "401 Unexpected 'alg' value"
if (!asStated) console.log('CHANGED: the list should turn 200 into 401.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
