#!/usr/bin/env bash
# PyJWT refuses the Ed25519 key that WebCrypto exports
#
# Packages: PyJWT 2.15.1 with cryptography 50.0.2 (PyPI); the key comes from Node's own WebCrypto.
# What it does: crypto.subtle makes an Ed25519 key and exports it as a JWK. PyJWT loads it as it
#   is, and once more without its member "alg", and verifies a token that the key has signed.
# Why it surprises: both are new and current. WebCrypto writes "alg":"Ed25519" into the JWK, the
#   name of RFC 9864, which deprecates "EdDSA"; so do Chromium 156 and Firefox 153.
#   PyJWT knows "EdDSA" only, and says that it can't find an algorithm for the key. "alg" is
#   optional in a JWK (RFC 7517, section 4.4), and without it the same key works.
# For tokens in embeds: a key made in a browser, for DPoP or device registration, and sent to a
#   Python backend as exported, is refused there until somebody deletes a member from it.
# Daypass: publishes its keys as "EdDSA", the name that most libraries accept today, and reads a
#   key in a DPoP proof by "kty" and "crv".
set -euo pipefail
for tool in node python3; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check PyJWT==2.15.1 cryptography==50.0.2

cat >key.mjs <<'JS'
const { publicKey, privateKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
const encode = part => Buffer.from(JSON.stringify(part)).toString('base64url')
const input = `${encode({ alg: 'EdDSA' })}.${encode({ sub: 'u' })}`
const signature = Buffer.from(await crypto.subtle.sign('Ed25519', privateKey, Buffer.from(input)))
const jwk = await crypto.subtle.exportKey('jwk', publicKey)
console.log(JSON.stringify({ jwk, token: `${input}.${signature.toString('base64url')}` }))
JS
node --no-warnings key.mjs >key.json
cat >finding.py <<'PYTHON'
import json
import jwt

file = json.load(open('key.json'))
jwk, token = file['jwk'], file['token']

def verify(key):
    try:
        return jwt.decode(token, jwt.PyJWK(key), algorithms=['EdDSA'])
    except jwt.PyJWTError as error:
        return f'{type(error).__name__}: {str(error)[:38]}'

print(f'PyJWT {jwt.__version__}')
print('Expected: the key as WebCrypto exported it verifies the token (RFC 8037, section 2; RFC 9864).')
as_exported = verify(jwk)
without_alg = verify({name: value for name, value in jwk.items() if name != 'alg'})
print(f'Seen: with "alg": "{jwk.get("alg")}": {as_exported}')
print(f'Seen: without "alg": {without_alg}')
if jwk.get('alg') != 'Ed25519':
    raise SystemExit(f'CHANGED: this Node exports the key with the "alg" {jwk.get("alg")}.')
if not str(as_exported).startswith('PyJWKError') or without_alg != {'sub': 'u'}:
    raise SystemExit('CHANGED: PyJWT should refuse the key with "alg" and accept it without.')
PYTHON
python/bin/python finding.py
