#!/usr/bin/env bash
# A site with an underscore in its name can open an embed's page, but not frame it
#
# Package: playwright-core 1.65.1 (npm), with the installed Chromium (seen with 156).
# What it does: pages on my_site.localhost, my-site.localhost and the IPv6 loopback each frame three
#   documents whose Content-Security-Policy names that very origin, all of them in a list, or *.localhost.
# Why it surprises: all three are origins of the URL Standard; fetch, CORS and postMessage work with
#   them. CSP Level 3 (section 2.3.1) has no "_" and no IPv6 address in a host: a source with one
#   is ignored, as if the list did not have it. If it stood alone, nothing may frame the page. Yet
#   the wildcard does match "my_site", so that "*.localhost" admits what its own name does not.
# For tokens in embeds: a customer's site whose host has a "_" passes every origin check of the
#   token, and its visitors see an empty frame. The console speaks of an invalid source.
# Daypass: leaves such patterns out of frame-ancestors ('none' if no other is left) and says so in
#   its HTTP reference; the token works on such pages without a frame.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "This finding needs $tool."; exit 1; }; done
chromium=$(command -v chromium || command -v chromium-browser) || { echo "This finding needs Chromium."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts playwright-core@1.65.1
npm ls --depth=0 | sed 1d

cat >finding.mjs <<'JS'
import http from 'node:http'
import { chromium } from 'playwright-core'

const hosts = ['my-site.localhost', 'my_site.localhost', '[::1]']
let port
const policies = host => ({
  'its own name': `http://${host}:${port}`,
  'all the names': hosts.map(name => `http://${name}:${port}`).join(' '),
  'the wildcard': `http://*.localhost:${port}`,
})
const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const policy = searchParams.get('policy')
  response.setHeader('Content-Type', 'text/html')
  if (policy) response.setHeader('Content-Security-Policy', `frame-ancestors ${policy}`)
  if (pathname === '/frame') return response.end(`<script>parent.postMessage(${JSON.stringify(policy)}, '*')</script>`)
  response.end('<script>addEventListener("message", ({ data }) => { (window.shown ??= []).push(data) })</script>')
})
await new Promise(listening => server.listen(0, '::', listening))
port = server.address().port

const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] })
console.log(`Chromium ${browser.version()}`)
console.log('Expected: a page is shown where its policy names the origin of the page around it.')
const seen = []
for (const host of hosts) {
  const page = await browser.newPage()
  await page.goto(`http://${host}:${port}/`)
  const shown = await page.evaluate(async ({ port, policies }) => {
    await Promise.all(policies.map(policy => new Promise(resolve => {
      const frame = document.createElement('iframe')
      frame.src = `http://127.0.0.1:${port}/frame?policy=${encodeURIComponent(policy)}`
      frame.onload = resolve
      document.body.append(frame)
    })))
    await new Promise(resolve => setTimeout(resolve, 500))
    return window.shown ?? []
  }, { port, policies: Object.values(policies(host)) })
  const names = Object.keys(policies(host)).filter(name => shown.includes(policies(host)[name]))
  seen.push(names.join())
  console.log(`Seen: ${host} is admitted by: ${names.join(', ') || 'none of them'}`)
}
await browser.close()
const asStated = seen[0] === 'its own name,all the names,the wildcard' && seen[1] === 'the wildcard' && seen[2] === ''
if (!asStated) console.log('CHANGED: my_site should be admitted by the wildcard alone, [::1] by nothing.')
process.exit(asStated ? 0 : 1)
JS
node --no-warnings finding.mjs "$chromium"
