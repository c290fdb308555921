#!/usr/bin/env bash
# A token is refused because its header says something that the library does not know
#
# Package: joserfc 1.8.0 (PyPI), with PyJWT 2.15.1 as the issuer.
# What it does: verifies two tokens by the same key; the header of the second has one private
#   parameter more, "tenant".
# Why it surprises: parameters that are not understood MUST be ignored unless "crit" lists them
#   (RFC 7515, section 4), and private names are foreseen (section 4.3). joserfc refuses the token:
#   "Unsupported {'tenant'} in header". PyJWT ignores the parameter.
# For tokens in embeds: an issuer adds a hint for its gateway to the header, as it may at any time,
#   and each API that verifies with joserfc refuses all of its tokens from that moment.
# Daypass: its headers hold "alg", "typ" and "kid" only, so that joserfc accepts them. Its own
#   verifier takes no tokens but those of its service.
set -euo pipefail
command -v python3 >/dev/null || { echo "This finding needs python3."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check joserfc==1.8.0 PyJWT==2.15.1 cryptography==50.0.2

cat >finding.py <<'PYTHON'
import json
from importlib.metadata import version

import joserfc.jwk
import joserfc.jwt
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.errors import JoseError

private_key = ec.generate_private_key(ec.SECP256R1())
jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private_key.public_key()))

def by_joserfc(token):
    return joserfc.jwt.decode(token, joserfc.jwk.import_key(jwk), algorithms=['ES256']).claims

def by_pyjwt(token):
    return jwt.decode(token, private_key.public_key(), algorithms=['ES256'])

def verdict(verify, token):
    try:
        return f'accepted, {verify(token)}'
    except JoseError as error:
        return f'refused, {error}'

for package in ('joserfc', 'PyJWT'):
    print(package, version(package))
print('Expected: both tokens are accepted (RFC 7515, section 4: unknown parameters are ignored).')
verdicts = []
for header in ({}, {'tenant': 'acme'}):
    token = jwt.encode({'sub': 'u'}, private_key, 'ES256', headers=header)
    for verify in (by_joserfc, by_pyjwt):
        verdicts.append(verdict(verify, token))
        print(f'Seen: header with {header}, {verify.__name__}: {verdicts[-1]}')
if [text[:7] for text in verdicts] != ['accepte', 'accepte', 'refused', 'accepte']:
    raise SystemExit('CHANGED: joserfc, and it alone, should refuse the second token.')
PYTHON
python/bin/python finding.py
