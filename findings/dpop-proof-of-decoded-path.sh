#!/usr/bin/env bash
# DPoP proofs of requests_oauth2client name another path than the one requested
#
# Packages: requests_oauth2client 1.8.0, pydpop 0.2.1 (PyPI).
# What it does: binds a DPoP token to requests, prepares GETs of paths that hold %40, %2B and %3A
#   (an e-mail address, a time), and has pydpop verify each proof for the URL that is sent.
# Why it surprises: "htu" is the URI of the request without query and fragment (RFC 9449, section
#   4.2). The library rebuilds it with furl, which decodes reserved characters; "%40" and "@" are
#   not equivalent (RFC 3986, section 2.2), requests sends "%40", and verifiers refuse the proof.
# For tokens in embeds: a Python client works for months, until the first resource whose id is an
#   e-mail address or has a colon; then every request for it is 401, also after each new token.
# Daypass: compares "htu" with the path exactly as requested; its SDK signs the URL's own path.
set -euo pipefail
command -v python3 >/dev/null || { echo "This finding needs python3."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check requests-oauth2client==1.8.0 pydpop==0.2.1

cat >finding.py <<'PYTHON'
from importlib.metadata import version

import requests
from pydpop import DPoPError, verify_proof
from requests_oauth2client import DPoPKey, DPoPToken

for package in ('requests_oauth2client', 'pydpop', 'furl', 'requests'):
    print(package, version(package))
print('Expected: each proof is valid for the URL that requests sends (RFC 9449, section 4.3).')
token = DPoPToken(access_token='example', _dpop_key=DPoPKey.generate())

def outcome(path):
    url = f'https://api.example/{path}'
    request = requests.Request('GET', url, auth=token).prepare()
    try:
        verify_proof(proof=request.headers['DPoP'], htm='GET', htu=request.url, access_token='example')
        return f'GET {request.path_url}: valid'
    except DPoPError as error:
        return f'GET {request.path_url}: refused, {error}'

paths = ['floors/7', 'floors/a%20b', 'users/ann%40site.example', 'tags/a%2Bb', 'log/10%3A30']
outcomes = [outcome(path) for path in paths]
print('\n'.join(f'Seen: {line}' for line in outcomes))
if [line.endswith('refused, htu mismatch') for line in outcomes] != [False, False, True, True, True]:
    raise SystemExit('CHANGED: the last three proofs, and only these, should be refused.')
PYTHON
python/bin/python finding.py
