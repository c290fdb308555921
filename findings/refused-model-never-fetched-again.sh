#!/usr/bin/env bash
# A model that was refused once is never fetched again, by any element of the page
#
# Package: @google/model-viewer 4.4.0 (npm), in Chromium by playwright-core 1.65.1 (seen with 156).
# What it does: a server on the loopback answers 401 to the first request for a valid model and 200
#   from then on. Three new elements show it in turn: by its URL, again, and by the URL with "#2".
# Why it surprises: setting src, or a new element, is how a page loads a model again. The element
#   keeps the failed load by URL for the whole page: the second one reports an error at once and
#   sends no request. The error is "Cannot read properties of undefined (reading 'scene')", which
#   tells neither the status nor that nothing was asked. A fragment makes it another model.
# For tokens in embeds: with a header or cookie that a refresh renews, the URL stays the same, so
#   that one expired token hides the model until the page is reloaded.
# Daypass: nothing. A page that catches "error" can set src to the URL with another fragment.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
chromium=$(command -v chromium || command -v chromium-browser) || { echo "This finding needs Chromium."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps \
  @google/model-viewer@4.4.0 playwright-core@1.65.1
npm ls --depth=0 2>/dev/null | grep -E 'model-viewer|playwright-core'

cat >finding.mjs <<'JS'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { chromium } from 'playwright-core'

const corners = Buffer.from(new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]).buffer).toString('base64')
const triangle = {
  asset: { version: '2.0' }, scene: 0, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }],
  meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
  accessors: [{ bufferView: 0, componentType: 5126, count: 3, type: 'VEC3', min: [0, 0, 0], max: [1, 1, 0] }],
  bufferViews: [{ buffer: 0, byteLength: 36 }],
  buffers: [{ uri: `data:application/octet-stream;base64,${corners}`, byteLength: 36 }],
}
const library = readFileSync('node_modules/@google/model-viewer/dist/model-viewer.min.js')
const statuses = []
const server = http.createServer((request, response) => {
  if (request.url === '/library.js') return response.setHeader('Content-Type', 'text/javascript').end(library)
  if (request.url !== '/model.gltf') return response.setHeader('Content-Type', 'text/html').end('<!doctype html>')
  statuses.push(statuses.length ? 200 : 401)
  response.writeHead(statuses.at(-1), { 'Content-Type': 'model/gltf+json' }).end(JSON.stringify(triangle))
}).listen(0, 'localhost')

const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] })
console.log(`Chromium ${browser.version()}`)
const page = await browser.newPage()
await page.goto(`http://localhost:${server.address().port}/`)
await page.addScriptTag({ url: '/library.js', type: 'module' })
const show = src => page.evaluate(src => new Promise(resolve => {
  const viewer = document.createElement('model-viewer')
  viewer.addEventListener('load', () => resolve('load'))
  viewer.addEventListener('error', ({ detail }) => resolve(`error: ${detail.sourceError.message}`))
  Object.assign(viewer.style, { width: '99px', height: '99px' })
  viewer.src = src
  document.body.append(viewer)
}), src)

console.log('Expected: the second element asks again, is answered 200, and shows the model.')
const seen = []
for (const src of ['/model.gltf', '/model.gltf', '/model.gltf#2']) {
  const before = statuses.length
  const event = await show(src)
  seen.push(`${event.slice(0, 5).replace(':', '')} ${statuses.slice(before).join() || 'no request'}`)
  console.log(`Seen: ${src}: server: ${statuses.slice(before).join() || 'no request'}; element: ${event}`)
}
await browser.close()
const asStated = seen.join() === 'error 401,error no request,load 200'
if (!asStated) console.log('CHANGED: the second element should report an error without a request.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs "$chromium"
