#!/usr/bin/env bash
# deck.gl loads its data with the page's fetch function, and its tiles without it
#
# Packages: @deck.gl/core, @deck.gl/geo-layers, @deck.gl/layers 9.4.0, @loaders.gl/core 4.5.4 (npm), bundled by
#   esbuild 0.28.2, in Chromium by playwright-core 1.65.1 (seen with 156).
# What it does: a page shows a GeoJsonLayer and a TileLayer, both with a function that adds a header
#   in loadOptions.core.fetch. A server on the loopback notes the header of each request.
# Why it surprises: loaders.gl 4.5 documents core.fetch as an object or a function, and calls the
#   same option outside of core deprecated. For a tile, deck.gl adds a signal by
#   fetch: {...loadOptions.core.fetch, signal}. Of a function nothing is left but the signal.
# For tokens in embeds: the data load, and every tile is asked for without a token, answered 401.
# Daypass: docs/guides/loaders.md passes the SDK's fetch as loadOptions.fetch, which is kept.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
chromium=$(command -v chromium || command -v chromium-browser) || { echo "This finding needs Chromium."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @deck.gl/core@9.4.0 @deck.gl/geo-layers@9.4.0 \
  @deck.gl/layers@9.4.0 @loaders.gl/core@4.5.4 esbuild@0.28.2 playwright-core@1.65.1
npm ls --depth=0 | sed 1d

cat >page.js <<'JS'
import { Deck } from '@deck.gl/core'
import { TileLayer } from '@deck.gl/geo-layers'
import { GeoJsonLayer } from '@deck.gl/layers'

window.show = options => {
  const send = (url, init) => fetch(url, { ...init, headers: { authorization: 'Bearer t1' } })
  const loadOptions = options === 'core.fetch' ? { core: { fetch: send } } : { fetch: send }
  new Deck({
    initialViewState: { longitude: 0, latitude: 0, zoom: 0 },
    layers: [
      new GeoJsonLayer({ id: 'data', data: `/data.json?${options}`, loadOptions }),
      new TileLayer({ id: 'tiles', data: `/tile.json?${options}`, loadOptions, renderSubLayers: () => null }),
    ],
  })
}
JS
cat >finding.mjs <<'JS'
import http from 'node:http'
import { buildSync } from 'esbuild'
import { chromium } from 'playwright-core'

const options = { entryPoints: ['page.js'], bundle: true, write: false, format: 'esm', logLevel: 'error' }
const [{ text: script }] = buildSync(options).outputFiles
const seen = {}
const server = http.createServer((request, response) => {
  if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end('<!doctype html>')
  if (request.url === '/page.js') return response.setHeader('Content-Type', 'text/javascript').end(script)
  const [path, option] = request.url.split('?')
  if (option) (seen[option] ??= {})[path] = request.headers.authorization ?? 'no token'
  response.setHeader('Content-Type', 'application/json').end('{"type":"FeatureCollection","features":[]}')
}).listen(0, 'localhost')

const args = ['--no-sandbox', '--enable-unsafe-swiftshader']
const browser = await chromium.launch({ executablePath: process.argv[2], args })
console.log(`Chromium ${browser.version()}`)
console.log('Expected: the function is called for the data and for the tiles.')
for (const option of ['core.fetch', 'fetch']) {
  const page = await browser.newPage()
  await page.goto(`http://localhost:${server.address().port}/`)
  await page.addScriptTag({ url: '/page.js', type: 'module' })
  await page.evaluate(option => window.show(option), option)
  while (Object.keys(seen[option] ?? {}).length < 2) await page.waitForTimeout(100)
  console.log(`Seen: loadOptions.${option}: data: ${seen[option]['/data.json']}; tile: ${seen[option]['/tile.json']}`)
}
await browser.close()
const [core, outside] = [seen['core.fetch'], seen.fetch]
const asStated = core['/data.json'] === 'Bearer t1' && core['/tile.json'] === 'no token' &&
  outside['/data.json'] === 'Bearer t1' && outside['/tile.json'] === 'Bearer t1'
if (!asStated) console.log('CHANGED: only the tile of core.fetch should be without a token.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs "$chromium"
