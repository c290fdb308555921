#!/usr/bin/env bash
# A refused buffer loads successfully: the 401's error message becomes the model's geometry
#
# Package: @loaders.gl/core 4.5.4, @loaders.gl/gltf 4.5.4 (npm), the loaders of deck.gl.
# What it does: a server on the loopback gives a valid glTF file, and answers 401 with a JSON error
#   to the buffer that it names, as an API does when a token ends between the two requests.
# Why it surprises: load() resolves. The model's buffer holds the bytes of {"error":...}; the
#   promise does not reject, nothing is logged, and a status is nowhere to be found. For the
#   first file the same loader rejects with the status.
# For tokens in embeds: a short token that ends while a model loads gives an empty or garbled model
#   instead of an error that an embed could answer with a refresh. Fetch the parts with a function
#   in loadOptions.core.fetch that checks the status itself.
# Daypass: the fetch function of its SDK refreshes on a 401 and repeats the request once.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @loaders.gl/core@4.5.4 @loaders.gl/gltf@4.5.4
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import { load } from '@loaders.gl/core'
import { GLTFLoader } from '@loaders.gl/gltf'

const triangle = {
  asset: { version: '2.0' }, scene: 0, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }],
  meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
  accessors: [{ bufferView: 0, componentType: 5126, count: 3, type: 'VEC3', min: [0, 0, 0], max: [1, 1, 0] }],
  bufferViews: [{ buffer: 0, byteLength: 36 }], buffers: [{ uri: 'triangle.bin', byteLength: 36 }],
}
const refusal = JSON.stringify({ error: 'token_expired', message: 'The token has expired.' })
const server = http.createServer((request, response) => {
  if (request.url === '/triangle.gltf') return response.end(JSON.stringify(triangle))
  response.writeHead(401, { 'Content-Type': 'application/json' }).end(refusal)
})
await new Promise(listening => server.listen(0, '127.0.0.1', listening))
const url = `http://127.0.0.1:${server.address().port}/`
const logged = []
for (const level of ['log', 'info', 'warn', 'error']) console[level] = (...parts) => logged.push(parts.join(' '))
const print = line => process.stdout.write(`${line}\n`)

async function attempt(name) {
  try {
    const model = await load(url + name, GLTFLoader, { core: { worker: false } })
    return `resolves, buffer: ${Buffer.from(model.buffers[0].arrayBuffer)}`
  } catch (error) {
    return `rejects: ${error.message}`
  }
}
print('Expected: load() rejects when a part of the model is refused, as it does for the model itself.')
const model = await attempt('missing.gltf')
const part = await attempt('triangle.gltf')
print(`Seen: 401 for the model: ${model}`)
print(`Seen: 401 for its buffer: ${part}; logged: ${logged.length} lines`)
const asStated = model.startsWith('rejects') && part === `resolves, buffer: ${refusal}`
if (!asStated) print('CHANGED: the model should be rejected, and the buffer be the error.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs
