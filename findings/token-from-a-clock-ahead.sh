#!/usr/bin/env bash
# Half of the libraries refuse a token from a clock that is five seconds ahead
#
# Packages: PyJWT 2.15.1, joserfc 1.8.0 (PyPI), hono 4.13.19; jose 6.2.18, jsonwebtoken 9.0.3,
#   fast-jwt 6.3.6 (npm).
# What it does: each verifies, with its defaults, a token whose "iat" is five seconds ahead and
#   which has no "nbf".
# Why it surprises: "iat" tells a token's age (RFC 7519, section 4.1.6), and nothing forbids to use
#   the token before it; that is what "nbf" is for (section 4.1.5). Three refuse, without any
#   leeway; three, which cite the same section, accept. So does every test on a single machine.
# For tokens in embeds: the service that issues is a few seconds ahead of an API. A page that
#   fetches a token and uses it at once is refused, one that was slower passes; retries "repair" it.
# Daypass: its verifier allows a leeway of 10 seconds for "iat", "nbf" and "exp".
set -euo pipefail
for tool in node npm python3; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  hono@4.13.19 jose@6.2.18 jsonwebtoken@9.0.3 fast-jwt@6.3.6
npm ls --depth=0 | sed 1d
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check PyJWT==2.15.1 joserfc==1.8.0 cryptography==50.0.2

cat >libraries.py <<'PYTHON'
import json, sys
import joserfc.jwk, joserfc.jwt, jwt

token, jwk = sys.argv[1], json.loads(sys.argv[2])

def by_joserfc():
    claims = joserfc.jwt.decode(token, joserfc.jwk.import_key(jwk), algorithms=['ES256']).claims
    joserfc.jwt.JWTClaimsRegistry().validate(claims)

libraries = {'PyJWT': lambda: jwt.decode(token, jwt.PyJWK(jwk), algorithms=['ES256']), 'joserfc': by_joserfc}
verdicts = {}
for name, verify in libraries.items():
    try:
        verify()
        verdicts[name] = 'accepts'
    except Exception as error:
        verdicts[name] = f'refuses: {error}'
print(json.dumps(verdicts))
PYTHON
cat >finding.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import { createVerifier } from 'fast-jwt'
import { verify as verifyByHono } from 'hono/jwt'
import { exportJWK, exportSPKI, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import jsonwebtoken from 'jsonwebtoken'

const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
const [jwk, pem] = [{ ...await exportJWK(publicKey), alg: 'ES256' }, await exportSPKI(publicKey)]
async function ask(ahead) {
  const iat = Math.floor(Date.now() / 1000) + ahead
  const claims = new SignJWT({ sub: 'u', iat, exp: iat + 300 })
  const token = await claims.setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
  const libraries = {
    jose: () => jwtVerify(token, publicKey),
    jsonwebtoken: () => jsonwebtoken.verify(token, pem),
    'fast-jwt': () => createVerifier({ key: pem })(token),
    hono: () => verifyByHono(token, jwk, 'ES256'),
  }
  const verdicts = JSON.parse(execFileSync('python/bin/python', ['libraries.py', token, JSON.stringify(jwk)]))
  for (const [name, verify] of Object.entries(libraries)) {
    verdicts[name] = await (async () => verify())().then(() => 'accepts', error => `refuses: ${error.message}`)
  }
  return verdicts
}
console.log('Expected: accepted in all, now and 5 seconds ahead (RFC 7519, sections 4.1.5 and 4.1.6).')
const [now, ahead] = [await ask(0), await ask(5)]
for (const [name, verdict] of Object.entries(ahead)) console.log(`Seen: 5 seconds ahead, ${name}: ${verdict}`)
const refusing = Object.keys(ahead).filter(name => ahead[name] !== 'accepts').sort().join()
const asStated = Object.values(now).every(verdict => verdict === 'accepts') && refusing === 'PyJWT,hono,joserfc'
if (!asStated) console.log('CHANGED: PyJWT, hono and joserfc, and only these, should refuse the later token.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
