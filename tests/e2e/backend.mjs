// Shared by the SDK's tests: a customer's backend and an API that misbehave on purpose, and the SDK in their page.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer as createTcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { digest, info } from './demo.mjs';
import { serve } from './server.mjs';

/** Returns an address at which no server listens. */
export async function findUnreachableUrl() {
  const server = createTcpServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  // Until this process ends, an open connection keeps the port from servers that start later.
  const client = connect(port, '127.0.0.1');
  const [accepted] = await once(server, 'connection');
  server.close();
  for (const socket of [client, accepted]) socket.unref();
  return `http://127.0.0.1:${port}`;
}

/** The address of a server that never responds. */
export const hanging = await serve((request) => request.resume());

const HTML = '<!doctype html><title>A customer</title><link rel="icon" href="data:,">';
const html = (text) => (response) => response.setHeader('Content-Type', 'text/html').end(text);
const json =
  (value, status = 200) =>
  (response) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
/** A file of the example's web app in Rust, which `cargo xtask test` builds. */
const rustApp = (file, type) => (response) =>
  response.setHeader('Content-Type', type).end(readFileSync(`${process.env.DAYPASS_RUST_APP}/${file}`));
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/**
 * The backend's response at each path. A handler gets the response, the query, the number of earlier calls to this URL,
 * the URL, and the body.
 */
const ANSWERS = {
  '/': html(HTML),
  '/sandbox': html(`${HTML}<iframe sandbox="allow-scripts" src="/"></iframe>`),
  '/error': json({ authorization: 'Bearer no', expiresAt: 4102444800 }, 500),
  '/page': html(HTML),
  '/rust-app/': rustApp('index.html', 'text/html'),
  '/rust-app/floor_yew.js': rustApp('floor_yew.js', 'text/javascript'),
  '/rust-app/floor_yew_bg.wasm': rustApp('floor_yew_bg.wasm', 'application/wasm'),
  '/shape': json({ token: 'x' }),
  '/forbidden': json({}, 403),
  /** The visitor is signed out, in the backend's own words. */
  '/signed-out': json({ error: 'no_session', message: 'The session has ended.', help: 'Go to /login.' }, 401),
  '/teapot': json({ message: 'I am a teapot.', help: 'Ask the kettle.' }, 418),
  /** Fails the first `times`, by default once, as a backend does that is being deployed. */
  '/busy': (response, { times = 1, life }, before) =>
    before < times ? json({}, 503)(response) : ANSWERS['/token'](response, { life }),
  /** Whatever JSON the test wants. */
  '/say': (response, { json: text }) => response.setHeader('Content-Type', 'application/json').end(text),
  /** A token with white space around it, and one with a space in it. */
  '/spaced': async (response, { end = '\n' }) => {
    const token = await createTemporaryToken();
    json({ ...token, authorization: token.authorization + end })(response);
  },
  /** A service worker that loads the API's images through connections with the options that the page posts to it. */
  '/worker.js': (response) =>
    response.setHeader('Content-Type', 'text/javascript').end(`
      import { connect } from ${JSON.stringify(new URL('/daypass/index.js', info.embed).href)};
      let connections;
      addEventListener('install', () => skipWaiting());
      addEventListener('activate', (event) => event.waitUntil(clients.claim()));
      addEventListener('message', ({ data, ports: [port] }) => {
        connections = Promise.all(data.map((options) => connect(options)));
        connections.then(() => port.postMessage('ready'), ({ message }) => port.postMessage(message));
      });
      addEventListener('fetch', (event) => {
        const way = new URL(event.request.url).searchParams.get('way');
        if (way) event.respondWith(connections.then((all) => all[way].fetch(event.request)));
      });`),
  '/srcdoc': html(`${HTML}<iframe srcdoc="<!doctype html><title>An embed</title>"></iframe>`),
  '/reset': (response) => response.destroy(),
  '/hang': () => {},
  /** A new token for each call, with a lifetime of `life` seconds. */
  '/token': async (response, { life }) => json(await createTemporaryToken(life))(response),
  /** A token that is bound to the browser's key. */
  '/bound': async (response, { life }, before, url, { dpopJkt }) =>
    json(await createTemporaryToken(life, dpopJkt))(response),
  /** A token that expires after five seconds, although `expiresAt` says an hour. */
  '/overstated': async (response) => json({ ...(await createTemporaryToken(5)), expiresAt: inAnHour() })(response),
  /** A token whose `expiresAt` is in the past. */
  '/expired': async (response) => json({ ...(await createTemporaryToken()), expiresAt: inAnHour() - 7200 })(response),
  /** The same token for all calls. */
  '/same': async (response, { life }, before, url) => {
    if (before === 0) tokens.set(url, await createTemporaryToken(life));
    json(tokens.get(url))(response);
  },
  /** Tokens of which the API rejects the first `bad`, by default one. */
  '/rejected': async (response, { bad = 1 }, before) => {
    const token = await createTemporaryToken();
    json(before < bad ? { ...token, authorization: misspell(token.authorization) } : token)(response);
  },
  /** No response to the first call. */
  '/hang-once': (response, query, before) => before > 0 && ANSWERS['/token'](response, query, before),
  /** The second call fails. */
  '/flaky': (response, query, before) => ANSWERS[before === 1 ? '/error' : '/token'](response, query, before),
};
const calls = new Map();
const questions = new Map();
const tokens = new Map();
const aborted = new Set();

/** The customer's backend. */
export const backend = await serve(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://backend');
  const before = countCalls(request.url);
  if (request.method === 'POST') calls.set(request.url, before + 1);
  response.on('close', () => response.writableEnded || aborted.add(request.url));
  const body = Buffer.concat(await request.toArray()).toString();
  const question = body && JSON.parse(body);
  if (question) questions.set(request.url, question);
  await (ANSWERS[pathname] ?? json({}, 404))(response, Object.fromEntries(searchParams), before, request.url, question);
});

/** Returns how often a token was requested at this URL. The query makes each test's URLs unique. */
export function countCalls(url) {
  return calls.get(url) ?? 0;
}

/** Returns the body of the last call to this URL. */
export function lastQuestion(url) {
  return questions.get(url);
}

/** Waits until this URL of the backend has been called so often. */
export async function waitForCalls(url, count) {
  for (let i = 0; i < 400 && countCalls(url) < count; i++) await sleep(50);
  assert.equal(countCalls(url), count, url);
}

/** Waits until a browser aborts a request to the backend or to the API below; returns false if it does not. */
export async function waitForAbort(url) {
  const isAborted = () => [...aborted].some((other) => other.startsWith(url));
  for (let i = 0; i < 200 && !isAborted(); i++) await sleep(50);
  return isAborted();
}

/** The API's response at each path: status, headers, body. */
const API = {
  '/ok': [200, {}, {}],
  '/query': [200, {}, {}],
  '/request': [200, {}, {}],
  '/basic': [
    401,
    { 'WWW-Authenticate': 'Basic realm="reports"', 'Access-Control-Expose-Headers': 'WWW-Authenticate' },
    {},
  ],
  '/unreadable': [401, { 'WWW-Authenticate': 'Basic realm="reports"' }, {}],
  '/bare': [401, {}, {}],
  '/invalid': [
    401,
    { 'WWW-Authenticate': 'Bearer error="invalid_token"', 'Access-Control-Expose-Headers': 'WWW-Authenticate' },
    {},
  ],
  '/bad-name': [422, {}, { error: 'bad_name', message: 'Names have no slash.' }],
  '/text': [500, { 'Content-Type': 'text/plain' }, 'not an object'],
};
const received = [];

/** Returns whether a request has a publishable token in its query, or a proof for this URL and method. */
function isAuthorized({ url, method, headers }, host) {
  if (new URL(url, host).searchParams.has('pubtoken')) return true;
  const { authorization = '', dpop } = headers;
  if (authorization.startsWith('Bearer ')) return true;
  const { htu, htm } = JSON.parse(Buffer.from(dpop?.split('.')[1] ?? 'e30', 'base64url'));
  return authorization.startsWith('DPoP ') && htm === method && htu === new URL(url, host).href.split('?')[0];
}

/** Returns the API's response to a client that comes too soon: 429 to the first `times` requests to this URL. */
function slowDown(url) {
  const { times = 1, after = 1, status = 429 } = Object.fromEntries(new URL(url, 'http://api').searchParams);
  const before = received.filter((request) => request.url === url).length - 1;
  const wait = after === 'date' ? new Date(Date.now() + 2_000).toUTCString() : after;
  return before < times
    ? [Number(status), { 'Retry-After': wait, 'Access-Control-Expose-Headers': 'Retry-After' }, {}]
    : [200, {}, {}];
}

/** Returns the API's response to a proof, which must have the nonce (RFC 9449, section 8). */
function checkNonce(proof) {
  const { nonce } = JSON.parse(Buffer.from(proof.split('.')[1], 'base64url'));
  const headers = { 'DPoP-Nonce': 'the-nonce', 'Access-Control-Expose-Headers': 'DPoP-Nonce, WWW-Authenticate' };
  return nonce === 'the-nonce'
    ? [200, headers, {}]
    : [401, { ...headers, 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"' }, {}];
}

/** A product's API without Daypass: it has its own reasons for a 401, its own errors, and a path that hangs. */
export const ownApi = await serve(async (request, response) => {
  response.on('close', () => response.writableEnded || aborted.add(request.url));
  response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  if (request.method === 'OPTIONS') {
    const allowed = {
      'Access-Control-Allow-Headers': 'authorization, content-type, dpop, x-own, x-api-token, daypass-redeemer',
      'Access-Control-Allow-Methods': 'GET, PUT',
      'Access-Control-Max-Age': '600',
    };
    response.writeHead(204, allowed).end();
    return;
  }
  const { authorization = '', ...headers } = request.headers;
  const chunks = await request.toArray();
  received.push({
    url: request.url,
    token: digest(authorization),
    method: request.method,
    headers,
    body: Buffer.concat(chunks).toString(),
  });
  const { pathname } = new URL(request.url, 'http://api');
  if (pathname === '/hang') return;
  if (pathname.startsWith('/moved/')) {
    // Another host name for this server, and so another origin.
    const location = `http://localhost:${request.socket.localPort}/elsewhere${pathname}`;
    response.writeHead(307, { Location: location }).end();
    return;
  }
  const redirect = /^\/redirect(\/.*)$/.exec(pathname);
  if (redirect) {
    // On this origin, and without the query.
    response.writeHead(307, { Location: redirect[1] }).end();
    return;
  }
  const host = `http://${request.headers.host}`;
  const [status, more, body] =
    pathname === '/nonce'
      ? checkNonce(request.headers.dpop)
      : pathname.startsWith('/slow-down')
        ? slowDown(request.url)
        : pathname.endsWith('/locked')
          ? [isAuthorized(request, host) ? 200 : 401, {}, {}]
          : (API[pathname] ?? [404, {}, {}]);
  response.writeHead(status, { 'Content-Type': 'application/json', ...more }).end(JSON.stringify(body));
});

/** Returns the requests to this path of the API above: URL, digest of the token, method, other headers, and body. */
export function findRequests(pathname) {
  return received.filter(({ url }) => url.split('?')[0] === pathname);
}

/** Posts JSON to the token service, as a backend does. */
export async function post(path, body, headers) {
  const options = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  const response = await fetch(new URL(path, info.service), options);
  assert.ok(response.ok, `${path} ${response.status}`);
  return response.json();
}

/** Gets a temporary token from the service, bound to a key if a thumbprint is given. */
export function createTemporaryToken(seconds = 600, dpopJkt = undefined) {
  const scopes = ['floor:readPrivate', 'floor:update'];
  return post(
    '/v2/temporary-access-token/create',
    { scopes, durationSeconds: Number(seconds), dpopJkt },
    { Authorization: `Bearer ${info.secretToken}` },
  );
}

/** Gets a signed bundle from the service. */
export async function createSignedBundle(origins = []) {
  const body = { parameters: { file: 'second', note: 'as it was' }, origins, durationSeconds: 600 };
  return (await post('/v2/bundle/create', body, { Authorization: `Bearer ${info.partnerKey}` })).bundle;
}

/** Gets a bundle reference from the service. */
export async function createReference(key = info.partnerKey) {
  return (await post('/generate', { file: 'second' }, { 'x-api-key': key })).token;
}

/** Changes one character near the end of a text. */
export function misspell(text) {
  const at = text.length - 10;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Makes an opaque token that was never issued: 32 random characters and a valid checksum (CRC-32/ISO-HDLC). */
export function inventToken(prefix) {
  const text = prefix + Array.from({ length: 32 }, () => BASE62[randomInt(62)]).join('');
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let checksum = '';
  for (; checksum.length < 6; rest = Math.floor(rest / 62)) checksum = BASE62[rest % 62] + checksum;
  return text + checksum;
}

/**
 * Runs `body` in a page or frame with the SDK, the addresses and `argument`. A blank page goes to the backend's
 * origin first. An error becomes `{code, …}`.
 */
export async function inPage(page, body, argument) {
  if (page.url() === 'about:blank') await page.goto(backend);
  const { service, api, embed, publishableToken } = info;
  const source = `(async ({ sdk, ...given }) => {
    const { connect, initialise, DaypassError } = await import(sdk);
    const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const NAMES = ['code', 'status', 'retryable', 'message', 'help', 'name'];
    const describe = (error) => Object.fromEntries(NAMES.map((name) => [name, error[name]]));
    // Returns how a promise settles, and after how many milliseconds.
    const settle = async (promise) => {
      const start = performance.now();
      const outcome = await promise.then((value) => ({ value }), describe);
      return { ...outcome, after: performance.now() - start };
    };
    try { return await (${body})({ sdk, connect, initialise, DaypassError, sleep, describe, settle, ...given }); }
    catch (error) { return describe(error); }
  })`;
  const given = {
    sdk: new URL('/daypass/index.js', embed).href,
    service,
    api,
    publishableToken,
    ownApi,
    hanging,
    argument,
  };
  return page.evaluate(`${source}(${JSON.stringify(given)})`);
}
