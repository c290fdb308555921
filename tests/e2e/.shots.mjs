// Quick look: seeds a service and takes screenshots of each page.
import { readFileSync, mkdirSync } from 'node:fs';
import { launchBrowser } from '/work/wt/console/tests/engine.mjs';
const S = 'http://127.0.0.1:8799';
const log = readFileSync('/tmp/con/serve.log', 'utf8');
const tokens = log.match(/dp_sec_\w+/g);
const owner = tokens[1], org = log.match(/org_[\w-]+/)[0];
async function ask(method, path, json) {
  const r = await fetch(S + path, { method, headers: { authorization: `Bearer ${owner}`, 'content-type': 'application/json' }, body: json && JSON.stringify(json) });
  const t = await r.text(); if (!r.ok) throw new Error(path + ' ' + r.status + ' ' + t); return t ? JSON.parse(t) : null;
}
const email = `ada${Date.now()}@example.com`;
const { id } = await ask('POST', `/v2/organization/${org}/principal`, { kind: 'user', name: 'Ada Lovelace', email, role: 'owner' });
const { link } = await ask('POST', `/v2/organization/${org}/principal/${id}/invitation`, {});
const svc = await ask('POST', `/v2/organization/${org}/principal`, { kind: 'serviceAccount', name: 'Web shop backend' });
const mk = (b) => ask('POST', '/v2/access-token', b);
if (!process.env.NOSEED) {
  await mk({ kind: 'publishable', name: 'Web shop', origins: ['shop.example.com', '*.example.com', 'pr-*.example.com', 'localhost:3000'] });
  await mk({ kind: 'secret', name: 'Web shop backend', owner: svc.id });
  await mk({ kind: 'secret', name: 'Floor API', scopes: ['token:introspect'] });
  await mk({ kind: 'publishable', name: '<script>alert(1)</script> "quoted" & שלום', origins: ['xn--bcher-kva.example'] });
  await mk({ kind: 'application', name: 'engine', id: 'engine', scopes: ['floor:readPublic', 'floor:export'], expiresAt: Math.floor(Date.now() / 1000) + 86400 * 30 });
  const gone = await mk({ kind: 'application', name: 'social', id: 'social', scopes: ['floor:readPublic'] });
  await ask('DELETE', '/v2/access-token/social');
}
const browser = await launchBrowser();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
page.on('console', (m) => m.type() === 'error' && console.log('console', m.text()));
page.on('pageerror', (e) => console.log('pageerror', e.message));
await page.goto(link);
await page.getByLabel('New password').fill('correct horse battery');
await page.getByRole('button', { name: 'Accept' }).click();
await page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor();
await page.goto(S + '/console');
await page.getByRole('heading', { name: 'Tokens' }).waitFor();
const first = await page.evaluate(() => [...document.querySelectorAll('a.name')].map((a) => [a.textContent, a.getAttribute('href')]));
const to = (name) => first.find(([t]) => t === name)?.[1];
const pages = { list: `/console/${org}/tokens`, new: `/console/${org}/tokens/new`, 'new-publishable': `/console/${org}/tokens/new?kind=publishable`, 'new-application': `/console/${org}/tokens/new?kind=application`, 'detail-secret': to('Web shop backend'), 'detail-publishable': to('Web shop'), edit: to('Web shop') + '/edit', revoke: to('Web shop backend') + '/revoke', recreate: `/console/${org}/tokens/social/recreate`, missing: `/console/${org}/tokens/nope` };
mkdirSync('/work/wt/console/target/screenshots', { recursive: true });
const only = process.argv[2]?.split(',');
for (const [name, path] of Object.entries(pages)) {
  if (only && !only.includes(name)) continue;
  for (const width of [1280, 390]) for (const colorScheme of ['light', 'dark']) {
    if (process.env.LIGHT && colorScheme === 'dark') continue;
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    await page.emulateMedia({ colorScheme });
    await page.goto(S + path);
    await page.waitForTimeout(100);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) console.log(name, width, 'too wide by', over);
    await page.screenshot({ path: `/work/wt/console/target/screenshots/${name}-${width}-${colorScheme}.png`, fullPage: true });
  }
}
await browser.close();
