#!/usr/bin/env bash
# One elliptic-curve key in 128 is published in a form that browsers refuse
#
# Packages: Authlib 1.9.10 (PyPI) writes the keys; PyJWT 2.15.1, joserfc 1.8.0 and Chromium's
#   WebCrypto (by playwright-core 1.65.1, seen with 156) read them.
# What it does: Authlib's JsonWebKey writes two valid P-256 public keys as JWK; the x of the second
#   begins with a zero byte.
# Why it surprises: a coordinate has the full length of the curve, 32 octets here, zeros included
#   (RFC 7518, section 6.2.1.2). Authlib writes the number without leading zeros. Chance decides:
#   x or y begins with such a byte in one key of 128, so that tests and years of key rotations pass.
#   PyJWT and Chromium refuse the key for its length; joserfc and Node's WebCrypto accept it.
# For tokens in embeds: after an unlucky rotation nothing verifies in browsers and some APIs, while
#   the issuer's own tests pass. Another key "repairs" it, and nobody learns why.
# Daypass: signs with Ed25519, and reads coordinates of exactly 32 octets only.
set -euo pipefail
for tool in node npm python3; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
chromium=$(command -v chromium || command -v chromium-browser) || { echo "This finding needs Chromium."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts playwright-core@1.65.1
npm ls --depth=0 | sed 1d
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check \
  Authlib==1.9.10 PyJWT==2.15.1 joserfc==1.8.0 cryptography==50.0.2

cat >chromium.mjs <<'JS'
import http from 'node:http'
import { chromium } from 'playwright-core'

const server = http.createServer((request, response) => response.end()).listen(0, 'localhost')
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] })
const page = await browser.newPage()
await page.goto(`http://localhost:${server.address().port}/`)
const read = jwk => crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify'])
  .then(() => 'accepted', error => `refused: ${error.message}`)
console.log(await page.evaluate(read, JSON.parse(process.argv[3])))
process.exit()
JS
cat >finding.py <<'PYTHON'
import json, subprocess, sys
from importlib.metadata import version

import jwt
from authlib.jose import JsonWebKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import import_key

def public_key(secret):
    return ec.derive_private_key(secret, ec.SECP256R1()).public_key()

def starts_with_zero(secret):
    return public_key(secret).public_numbers().x < 1 << 248

def by_library(read, jwk):
    try:
        read(jwk)
        return 'accepted'
    except Exception as error:
        return f'refused: {error}'

def by_chromium(jwk):
    return subprocess.check_output(['node', 'chromium.mjs', sys.argv[1], json.dumps(jwk)], text=True).strip()

for package in ('Authlib', 'PyJWT', 'joserfc'):
    print(package, version(package))
print('Expected: x has 43 characters, 32 octets, for every key, and everybody reads it.')
seen = []
for zero in (False, True):
    key = public_key(next(number for number in range(2, 9999) if starts_with_zero(number) is zero))
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = {**JsonWebKey.import_key(pem, {'kty': 'EC'}).as_dict(), 'alg': 'ES256'}
    verdicts = [by_library(jwt.PyJWK, jwk), by_library(import_key, jwk), by_chromium(jwk)]
    name = f'x {"begins with a zero byte" if zero else "is usual"}, {len(jwk["x"])} characters'
    for reader, verdict in zip(('PyJWT', 'joserfc', 'Chromium'), verdicts):
        print(f'Seen: {name}; {reader}: {verdict}')
    seen.append((len(jwk['x']), [verdict[:8] for verdict in verdicts]))
if seen != [(43, ['accepted'] * 3), (42, ['refused:', 'accepted', 'refused:'])]:
    raise SystemExit('CHANGED: the second key should have 42 characters, and only joserfc should accept it.')
PYTHON
python/bin/python finding.py "$chromium"
