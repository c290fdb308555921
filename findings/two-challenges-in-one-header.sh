#!/usr/bin/env bash
# The header that offers Bearer and DPoP together is misread by the parsers of three libraries
#
# Packages: auth-header 1.0.0, @modelcontextprotocol/sdk 1.32.2 (npm), Werkzeug 3.1.9 (PyPI);
#   oauth4webapi 3.8.8 for comparison.
# What it does: hands them 'Bearer, DPoP algs="ES256 PS256"', which is the example that RFC 9449,
#   section 7.2, gives for an API that takes both kinds of token, and the same with DPoP first.
# Why it surprises: a WWW-Authenticate header may list several challenges (RFC 9110, section
#   11.6.1). auth-header throws at its documented use; Werkzeug names the scheme "bearer,", with a
#   parameter "DPoP algs"; the MCP SDK sees no Bearer challenge unless it comes first, and so loses
#   the URL of the resource's metadata (RFC 9728, section 5.1).
# For tokens in embeds: an API that starts to accept bound tokens beside plain ones changes this
#   header, and clients that never heard of DPoP stop to understand the Bearer part.
# Daypass: each refusal has one challenge only, Bearer or DPoP.
set -euo pipefail
for tool in node npm python3; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  auth-header@1.0.0 @modelcontextprotocol/sdk@1.32.2 oauth4webapi@3.8.8
npm ls --depth=0 | sed 1d
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check Werkzeug==3.1.9
echo "Werkzeug 3.1.9"
echo "Expected: two challenges, Bearer and DPoP, in either order (RFC 9110, section 11.6.1)."

cat >finding.mjs <<'JS'
import { parse } from 'auth-header'
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js'
import { customFetch, protectedResourceRequest } from 'oauth4webapi'

const response = header => new Response('', { status: 401, headers: { 'WWW-Authenticate': header } })
const attempt = run => { try { return JSON.stringify(run()) } catch (error) { return `throws: ${error.message}` } }
async function reference(header) {
  const options = { [customFetch]: async () => response(header) }
  const url = new URL('https://api.example/')
  const { cause } = await protectedResourceRequest('t', 'GET', url, undefined, null, options).catch(error => error)
  return cause.map(challenge => challenge.scheme).join(' and ')
}
const example = 'Bearer, DPoP algs="ES256 PS256"'
const metadata = 'Bearer resource_metadata="https://api.example/metadata"'
const dpopFirst = `DPoP algs="ES256 PS256", ${metadata}`
const seen = {
  [`oauth4webapi, ${example}`]: await reference(example),
  [`auth-header, ${example}`]: attempt(() => parse(example)),
  [`MCP SDK, ${metadata}`]: attempt(() => extractWWWAuthenticateParams(response(metadata))),
  [`MCP SDK, ${dpopFirst}`]: attempt(() => extractWWWAuthenticateParams(response(dpopFirst))),
}
for (const [name, result] of Object.entries(seen)) console.log(`Seen: ${name}\n      ${result}`)
const [standard, authHeader, single, both] = Object.values(seen)
const asStated = standard === 'bearer and dpop' && authHeader.startsWith('throws') &&
  single.includes('api.example/metadata') && both === '{}'
if (!asStated) console.log('CHANGED: auth-header should throw, and the MCP SDK miss the second challenge.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs

cat >finding.py <<'PYTHON'
from werkzeug.datastructures import WWWAuthenticate

challenge = WWWAuthenticate.from_header('Bearer, DPoP algs="ES256 PS256"')
print(f'Seen: Werkzeug: scheme {challenge.type!r}, parameters {dict(challenge.parameters)}')
if (challenge.type, dict(challenge.parameters)) != ('bearer,', {'DPoP algs': 'ES256 PS256'}):
    raise SystemExit('CHANGED: Werkzeug should name the scheme "bearer,".')
PYTHON
python/bin/python finding.py
