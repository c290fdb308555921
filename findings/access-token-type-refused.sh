#!/usr/bin/env bash
# A JWT middleware refuses access tokens for the type that their standard gives them
#
# Package: hono 4.13.19 (npm), with jose 6.2.18 as the issuer.
# What it does: gives hono's jwk middleware two tokens by the same key with the same claims; one
#   has the header "typ": "JWT", the other "typ": "at+jwt".
# Why it surprises: a JWT access token must say "at+jwt" (RFC 9068, section 2.1), so that it is not
#   mistaken for another JWT. The middleware is made for the key sets of authorization servers, and
#   answers 401 "token verification failure", without a word about "typ". A token without any "typ"
#   passes, and so does "at+jwt" once the option verification: { typ: 'at+jwt' } is found.
# For tokens in embeds: an API on Hono works with a provider's older tokens and refuses all of them
#   on the day when the provider starts to follow RFC 9068. The client sees invalid_token and
#   refreshes, in vain.
# Daypass: its temporary tokens say "at+jwt"; an API on Hono needs that option for them.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts hono@4.13.19 jose@6.2.18
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
const keys = [{ ...await exportJWK(publicKey), kid: '1', alg: 'ES256', use: 'sig' }]

async function ask(typ, verification) {
  const app = new Hono()
  app.use(jwk({ keys, alg: ['ES256'], verification }))
  app.get('/', context => context.text('accepted'))
  const claims = new SignJWT({ client_id: 'embed', scope: 'floor:read' }).setSubject('u').setJti('1')
  const token = await claims.setIssuer('https://as.example').setAudience('urn:api').setIssuedAt()
    .setExpirationTime('5m').setProtectedHeader({ alg: 'ES256', kid: '1', typ }).sign(privateKey)
  const response = await app.request('/', { headers: { authorization: `Bearer ${token}` } })
  const challenge = response.headers.get('www-authenticate') ?? ''
  return `${response.status} ${await response.text()} ${challenge.replace(/.*error_description=/, '')}`.trim()
}
console.log('Expected: both tokens are accepted; "at+jwt" is the type of access tokens (RFC 9068, section 2.1).')
const outcomes = [await ask('JWT'), await ask('at+jwt'), await ask('at+jwt', { typ: 'at+jwt' })]
console.log(`Seen: "typ": "JWT": ${outcomes[0]}`)
console.log(`Seen: "typ": "at+jwt": ${outcomes[1]}`)
console.log(`Seen: "typ": "at+jwt", and the option: ${outcomes[2]}`)
const asStated = outcomes.map(outcome => outcome.slice(0, 3)).join() === '200,401,200'
if (!asStated) console.log('CHANGED: "at+jwt" should be refused without the option, and only then.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
