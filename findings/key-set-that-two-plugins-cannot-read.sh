#!/usr/bin/env bash
# fast-jwt verifies EdDSA, get-jwks fetches keys, and together they refuse every EdDSA token
#
# Packages: fast-jwt 6.3.6, get-jwks 11.0.3, jose 6.2.18 as the issuer (npm).
# What it does: the recipe in get-jwks' README for fast-jwt, with a key set on the loopback that has
#   an ES256 or an Ed25519 key. The Ed25519 key is then given to fast-jwt as PEM, without get-jwks.
# Why it surprises: both come from the Fastify world, cite JWK and JWT, and are made for each other;
#   fast-jwt lists EdDSA among its algorithms. get-jwks turns each key into PEM with a package that
#   knows EC and RSA only, so that keys of RFC 8037 ("kty": "OKP") end in an error that fast-jwt
#   reports as a failure to fetch the key.
# For tokens in embeds: an issuer that changes to Ed25519, for short tokens in URLs, locks out the
#   Fastify APIs, whose logs point at the network. The way around: crypto.createPublicKey({ key:
#   jwk, format: 'jwk' }) in the key function instead of getPublicKey.
# Daypass: signs with Ed25519, so an API on Fastify needs this way around, or jose.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts fast-jwt@6.3.6 get-jwks@11.0.3 jose@6.2.18
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import { createVerifier } from 'fast-jwt'
import buildGetJwks from 'get-jwks'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'

const describe = error => [error.code, error.message, error.originalError?.message].filter(Boolean).join(': ')
const verdict = promise => promise.then(claims => `accepts ${claims.sub}`, error => `refuses, ${describe(error)}`)

async function attempt(alg) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...await exportJWK(publicKey), kid: '1', alg, use: 'sig' }
  const server = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise(listening => server.listen(0, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${server.address().port}/`
  const token = await new SignJWT({ sub: 'u' }).setProtectedHeader({ alg, kid: '1' }).setIssuer(issuer).sign(privateKey)

  const getJwks = buildGetJwks()
  const key = ({ header }) => getJwks.getPublicKey({ kid: header.kid, alg: header.alg, domain: issuer })
  const pem = await exportSPKI(publicKey)
  return {
    'with get-jwks': await verdict(createVerifier({ key })(token)),
    'with PEM': await verdict(Promise.resolve().then(() => createVerifier({ key: pem })(token))),
  }
}
console.log('Expected: all four accept (RFC 8037 is a key type like the others; fast-jwt lists EdDSA).')
const outcomes = { ES256: await attempt('ES256'), EdDSA: await attempt('EdDSA') }
for (const [alg, results] of Object.entries(outcomes)) {
  for (const [way, result] of Object.entries(results)) console.log(`Seen: ${alg}, ${way}: ${result}`)
}
const results = Object.values(outcomes).flatMap(Object.values)
const asStated = results.map(result => result.slice(0, 7)).join() === 'accepts,accepts,refuses,accepts'
if (!asStated) console.log('CHANGED: EdDSA with get-jwks, and this alone, should be refused.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
