#!/usr/bin/env bash
# A cached answer for one site blocks the next, because Vary is missing where it matters
#
# Package: flask-cors 6.0.5 with Flask 3.1.3 (PyPI).
# What it does: an app allows two origins. A request comes from a third origin, then one from an
#   allowed origin; a small cache between, which obeys Vary, answers the second from the first.
# Why it surprises: an answer that depends on Origin must say "Vary: Origin" also when the origin
#   is not allowed (Fetch Standard, "CORS protocol and HTTP caches"; RFC 9110, section 12.5.5).
#   flask-cors says it only of the answers that it allows. The README's list of origins is enough.
# For tokens in embeds: a page on a site that is not allowed yet opens a public model of the API;
#   the CDN keeps that answer, and pages on the allowed sites get it, without
#   Access-Control-Allow-Origin, until it expires. The browser's error blames the API's settings.
# Daypass: its CORS layer says "Vary: Origin" on every answer, refused and without Origin too.
set -euo pipefail
command -v python3 >/dev/null || { echo "This finding needs python3."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check flask-cors==6.0.5 Flask==3.1.3

cat >finding.py <<'PYTHON'
from importlib.metadata import version

from flask import Flask
from flask_cors import CORS

app = Flask('api')
CORS(app, origins=['https://one.example', 'https://two.example'])

@app.get('/model')
def model():
    return 'model', {'Cache-Control': 'public, max-age=3600'}

stored = []

def get_through_cache(origin):
    """Answers as RFC 9111, section 4.1, says: a stored answer fits if the headers in its Vary are the same."""
    for headers, response in stored:
        if all(headers.get(name.strip()) == {'Origin': origin}.get(name.strip()) for name in response.vary):
            return response, 'from the cache'
    headers = {'Origin': origin}
    response = app.test_client().get('/model', headers=headers)
    stored.append((headers, response))
    return response, 'from the app'

def allowed(origin):
    response, source = get_through_cache(origin)
    print(f'Seen: {origin}, {source}: Access-Control-Allow-Origin {response.access_control_allow_origin}, '
          f'Vary {response.headers.get("Vary")}')
    return response.access_control_allow_origin == origin

print(f'flask-cors {version("flask-cors")}, Flask {version("Flask")}')
print('Expected: every answer has "Vary: Origin", and https://two.example may read its own.')
third_first = [allowed('https://three.example'), allowed('https://two.example')]
stored.clear()
print('With an empty cache:')
alone = allowed('https://two.example')
if third_first != [False, False] or not alone:
    raise SystemExit('CHANGED: after another origin, the answer for https://two.example should lack its permission.')
PYTHON
python/bin/python finding.py
