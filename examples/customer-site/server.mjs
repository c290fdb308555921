// Northlight's backend: what a customer of an embed needs on its own side. It holds the secrets, decides what a visitor
// may ask for, and serves the pages. It has no dependencies: copy what you need.
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const env = {
  port: need('PORT'),
  service: origin('DAYPASS_SERVICE'),
  api: origin('FLOOR_API'),
  embed: origin('EMBED'),
  secretToken: need('SECRET_TOKEN'),
  partnerKey: need('PARTNER_KEY'),
};

// All that a page may know. The secret token and the partner key are not here and never leave this process but for the service.
const pageConfig = {
  service: env.service,
  api: env.api,
  embed: env.embed,
  publishableToken: need('PUBLISHABLE_TOKEN'),
  foreignToken: need('FOREIGN_TOKEN'),
  revokedToken: need('REVOKED_TOKEN'),
};

// The secret token could hand out all of its scopes. A visitor of this site gets these and no others.
const VISITOR_SCOPES = new Set(['floor:readPublic', 'floor:readPrivate']);

const editorParameters = {
  file: 'second',
  userId: 'ana',
  access: 'edit',
  locale: 'en',
  workspace: 'northlight/quay-4',
  server: env.api,
  // Not a parameter that Floorline knows: it comes through unchanged all the same.
  deskPlan: { revision: 12, pins: [[4.5, 2], [7.25, 6.75]], note: 'Fensterplätze – ruhig', approvedBy: null },
};

const routes = {
  'GET /config.json': async () => json(200, pageConfig),

  // A real backend knows who is asking by its own session, and decides by that.
  'POST /floor-token': async (body) => {
    const { scopes, durationSeconds } = body;
    if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every((scope) => VISITOR_SCOPES.has(scope))) {
      return json(403, { error: 'forbidden', message: `Visitors get ${[...VISITOR_SCOPES].join(' and ')} only.`, status: 403 });
    }
    return callService('/v2/temporary-access-token/create', bearer(env.secretToken), { scopes, durationSeconds });
  },

  'POST /open-editor': async (body) => {
    if (body.kind === 'reference') {
      const answer = await callService('/generate', { 'x-api-key': env.partnerKey }, editorParameters);
      return answer.status === 200 ? json(200, { bundle: JSON.parse(answer.text).token }) : answer;
    }
    if (body.kind === 'signed') {
      const bundle = { parameters: editorParameters, origins: [env.embed], durationSeconds: 900 };
      return callService('/v2/bundle/create', bearer(env.partnerKey), bundle);
    }
    return json(400, { error: 'invalid_request', message: 'kind is "reference" or "signed".', status: 400 });
  },
};

/** Posts to the token service. Its answer is passed on as it is, status included. */
async function callService(path, credential, body) {
  const response = await fetch(env.service + path, {
    method: 'POST',
    headers: { ...credential, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: await response.text() };
}

function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

function json(status, value) {
  return { status, text: JSON.stringify(value) };
}

/** The request's body, a JSON object. A page elsewhere cannot send this type without a preflight, which is not answered here. */
async function readBody(request) {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return null;
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 10_000) return null;
  }
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

const MIME = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

// Only the files that are there at the start are served, so no path that a client sends reaches the file system.
const folder = new URL('../../www/host/', import.meta.url);
const pages = new Map();
for (const name of await readdir(folder)) {
  if (extname(name) in MIME) pages.set(`/${name}`, new URL(name, folder));
}
pages.set('/', new URL('index.html', folder));

const PAGE_HEADERS = {
  'Cache-Control': 'no-cache',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': [
    "default-src 'none'",
    // The embed is WebAssembly: 'wasm-unsafe-eval' allows that, and still no eval of JavaScript.
    `script-src 'self' ${env.embed} 'wasm-unsafe-eval'`,
    `connect-src 'self' ${env.api} ${env.service} ${env.embed}`,
    `frame-src ${env.embed}`,
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

async function answer(request, response) {
  const path = request.url.split('?', 1)[0];

  const page = pages.get(path);
  if (page && (request.method === 'GET' || request.method === 'HEAD')) {
    const content = await readFile(page);
    response.writeHead(200, { ...PAGE_HEADERS, 'Content-Type': MIME[extname(page.pathname)], 'Content-Length': content.length });
    return response.end(request.method === 'HEAD' ? undefined : content);
  }

  const route = routes[`${request.method} ${path}`];
  const body = request.method === 'POST' && route ? await readBody(request) : {};
  const { status, text } =
    !route ? json(404, { error: 'not_found', message: 'There is nothing here.', status: 404 })
    : !body ? json(400, { error: 'invalid_request', message: 'The body must be a JSON object, sent as application/json.', status: 400 })
    : await route(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  response.end(text);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    // The visitor learns that it did not work, the log learns why.
    console.error(`${request.method} ${request.url.split('?', 1)[0]}: ${error.cause?.message ?? error.message}`);
    if (response.headersSent) return response.destroy();
    response.writeHead(502, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(JSON.stringify({ error: 'unavailable', message: 'The token service did not answer.', status: 502 }));
  });
});
server.on('error', (error) => fail(`cannot listen: ${error.message}`));
server.listen(Number(env.port), '127.0.0.1', () => {
  console.log(JSON.stringify({ listening: `http://127.0.0.1:${server.address().port}` }));
});

function need(name) {
  const value = process.env[name];
  if (!value) fail(`the environment variable ${name} is missing; docs/demo.md lists them all`);
  return value;
}

function origin(name) {
  const value = need(name);
  if (!URL.canParse(value)) fail(`${name} must be a URL such as http://127.0.0.1:4000`);
  return new URL(value).origin;
}

function fail(message) {
  console.error(`customer-site: ${message}`);
  process.exit(1);
}
