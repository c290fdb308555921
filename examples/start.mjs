// Starts an example with all that it needs: a token service with an empty store, the API in `node-api`, and, for an
// example with a page, the page's own backend and Vite. `node start.mjs NAME`, or `npm start` in the example's folder.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SCOPE = 'floor:readPrivate';
const [name] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'daypass-example-'));
const store = join(folder, 'daypass.db');
const daypass = process.env.DAYPASS_PROGRAM ?? 'daypass';

const service = spawn(daypass, ['serve', '--store', store, '--listen', '127.0.0.1:0', '--audience', 'my-api'], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
service.on('error', () => end(`${daypass} was not found: install it with \`cargo install --path service\``));
service.on('exit', () => end('the token service ended'));
process.on('SIGINT', () => end());
process.on('SIGTERM', () => end());

function end(complaint) {
  service.removeAllListeners('exit').kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
  if (complaint) console.error(complaint);
  process.exit(complaint ? 1 : 0);
}

// SECURITY: what the service prints has tokens, so it is read and not shown.
let printed = '';
while (!/organization {2}(\S+)/.test(printed)) printed += (await once(service.stdout, 'data'))[0];
service.stdout.resume();
const [[, issuer], [, organization]] = [/(http:\S+)/.exec(printed), /organization {2}(\S+)/.exec(printed)];

/** Creates a secret token with a scope. */
function create(what, scope) {
  const args = ['token', 'create', '--store', store, '--kind', 'secret', '--name', what, '--scope', scope, '--json'];
  return JSON.parse(execFileSync(daypass, args, { encoding: 'utf8' }));
}

process.env.DAYPASS_ISSUER = issuer;
process.env.DAYPASS_TOKEN = create('the API', 'token:introspect').token;
const { api } = await import('./node-api/server.mjs');
const server = api(organization).listen(Number(process.env.API_PORT ?? 0), '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;
const backend = create("the page's backend", SCOPE);

/** Mints a token for a visitor, and returns the response of the service. */
function mint(scopes, durationSeconds) {
  return fetch(`${issuer}/v2/temporary-access-token/create`, {
    method: 'POST',
    headers: { 'Authorization': `Bearer ${backend.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ scopes, durationSeconds }),
  });
}

/** The page's backend. A real one would know the visitor by a session. */
async function giveToken(request, response) {
  const { scopes, durationSeconds } = JSON.parse(await text(request));
  // SECURITY: the secret token could mint more. A visitor gets this scope alone.
  const isForVisitors = Array.isArray(scopes) && scopes.every((scope) => scope === SCOPE);
  if (!isForVisitors) return response.writeHead(403).end();
  const answer = await mint(scopes, durationSeconds);
  response.writeHead(answer.status, { 'Content-Type': 'application/json' });
  return response.end(await answer.text());
}

console.log(`API    ${origin}/v2/floor/first/plan.json`);
console.log(`revoke daypass token revoke ${backend.id} --store ${store}`);
if (name === 'node-api') {
  const { authorization } = await (await mint([SCOPE])).json();
  console.log(`try    curl -H 'Authorization: ${authorization}' ${origin}/v2/floor/first/plan.json`);
} else {
  process.env.VITE_API = origin;
  const root = fileURLToPath(new URL(`./${name}/`, import.meta.url));
  const vite = await import(pathToFileURL(createRequire(root).resolve('vite')));
  const configureServer = ({ middlewares }) => void middlewares.use('/floor-token', giveToken);
  const plugins = [{ name: 'backend', configureServer }];
  const site = await vite.createServer({ root, plugins, server: { host: '127.0.0.1' }, clearScreen: false });
  await site.listen();
  console.log(`ready  ${site.resolvedUrls.local[0]}`);
}
