// What the SDK's tests share: a customer's backend and an API that misbehave on purpose, and the SDK in their page.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { after } from 'node:test';
import { digest, info } from './demo.mjs';

/** Starts a server for the tests of this file, and gives its address. */
async function serve(answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** The address of a server that is gone. */
export async function nowhere() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** The address of a server that never answers. */
export const hanging = await serve((request) => request.resume());

const HTML = '<!doctype html><title>A customer</title><link rel="icon" href="data:,">';
const html = (text) => (response) => response.setHeader('Content-Type', 'text/html').end(text);
const json =
  (value, status = 200) =>
  (response) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** What the backend answers at each path, given the query, how often this very URL was asked for a token before, the URL and the body. */
const ANSWERS = {
  '/': html(HTML),
  '/sandbox': html(`${HTML}<iframe sandbox="allow-scripts" src="/"></iframe>`),
  '/error': json({ authorization: 'Bearer no', expiresAt: 4102444800 }, 500),
  '/page': html(HTML),
  '/shape': json({ token: 'x' }),
  '/forbidden': json({}, 403),
  '/reset': (response) => response.destroy(),
  '/hang': () => {},
  /** A new token for each call, of `life` seconds. */
  '/token': async (response, { life }) => json(await temporary(life))(response),
  /** A token that is bound to the key that the browser names. */
  '/bound': async (response, { life }, before, url, { dpopJkt }) => json(await temporary(life, dpopJkt))(response),
  /** A token that is over after five seconds, and is said to live for an hour. */
  '/boasting': async (response) => json({ ...(await temporary(5)), expiresAt: inAnHour() })(response),
  '/over': async (response) => json({ ...(await temporary()), expiresAt: inAnHour() - 7200 })(response),
  /** One token for all calls. */
  '/same': async (response, { life }, before, url) => {
    if (before === 0) kept.set(url, await temporary(life));
    json(kept.get(url))(response);
  },
  /** The API rejects the first `bad` of these tokens; 1 if that is not said. */
  '/rejected': async (response, { bad = 1 }, before) => {
    const token = await temporary();
    json(before < bad ? { ...token, authorization: misspelt(token.authorization) } : token)(response);
  },
  /** The first call is never answered. */
  '/hang-once': (response, query, before) => before > 0 && ANSWERS['/token'](response, query, before),
  /** The second call fails. */
  '/flaky': (response, query, before) => ANSWERS[before === 1 ? '/error' : '/token'](response, query, before),
};
const calls = new Map();
const kept = new Map();
const cut = new Set();

/** The customer's backend. */
export const backend = await serve(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://backend');
  const before = asked(request.url);
  if (request.method === 'POST') calls.set(request.url, before + 1);
  response.on('close', () => response.writableEnded || cut.add(request.url));
  const body = Buffer.concat(await request.toArray()).toString();
  const question = body && JSON.parse(body);
  await (ANSWERS[pathname] ?? json({}, 404))(response, Object.fromEntries(searchParams), before, request.url, question);
});

/** How often this URL of the backend was asked for a token. Each test has URLs of its own: the query tells them apart. */
export function asked(url) {
  return calls.get(url) ?? 0;
}

/** Waits until a browser gave up a request to the backend or to the API below whose URL begins so; false if it does not. */
export async function givenUp(url) {
  const isCut = () => [...cut].some((other) => other.startsWith(url));
  for (let i = 0; i < 200 && !isCut(); i++) await sleep(50);
  return isCut();
}

/** What the API answers at each path: status, headers, body. */
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
  '/text': [500, { 'Content-Type': 'text/plain' }, 'no object'],
};
const received = [];

/** The API's answer to a proof (RFC 9449, section 8): it has to have the nonce. */
function wantsNonce(proof) {
  const { nonce } = JSON.parse(Buffer.from(proof.split('.')[1], 'base64url'));
  const headers = { 'DPoP-Nonce': 'the-nonce', 'Access-Control-Expose-Headers': 'DPoP-Nonce, WWW-Authenticate' };
  return nonce === 'the-nonce'
    ? [200, headers, {}]
    : [401, { ...headers, 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"' }, {}];
}

/** A product's API that knows no tokens: it has 401s of its own, errors of its own, and a path that hangs. */
export const ownApi = await serve(async (request, response) => {
  response.on('close', () => response.writableEnded || cut.add(request.url));
  response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  if (request.method === 'OPTIONS') {
    const allowed = {
      'Access-Control-Allow-Headers': 'authorization, content-type, dpop, x-own, x-api-token',
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
    // The same server by another name is another origin.
    const location = `http://localhost:${request.socket.localPort}/elsewhere${pathname}`;
    response.writeHead(307, { Location: location }).end();
    return;
  }
  const [status, more, body] =
    pathname === '/nonce' ? wantsNonce(request.headers.dpop) : (API[pathname] ?? [404, {}, {}]);
  response.writeHead(status, { 'Content-Type': 'application/json', ...more }).end(JSON.stringify(body));
});

/** The requests to this path of the API above, each with its URL as it came, a digest of its token, other headers and body. */
export function receivedAt(pathname) {
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

/** A temporary token of the service, bound to a key if one is named. */
export function temporary(seconds = 600, dpopJkt = undefined) {
  const scopes = ['floor:readPrivate', 'floor:update'];
  return post(
    '/v2/temporary-access-token/create',
    { scopes, durationSeconds: Number(seconds), dpopJkt },
    { Authorization: `Bearer ${info.secretToken}` },
  );
}

/** A signed bundle of the service. */
export async function signed(origins = []) {
  const body = { parameters: { file: 'second', note: 'as it was' }, origins, durationSeconds: 600 };
  return (await post('/v2/bundle/create', body, { Authorization: `Bearer ${info.partnerKey}` })).bundle;
}

/** A bundle reference of the service. */
export async function reference(key = info.partnerKey) {
  return (await post('/generate', { file: 'second' }, { 'x-api-key': key })).token;
}

/** The same text with another character near its end. */
export function misspelt(text) {
  const at = text.length - 10;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A stored token's text that nobody issued: 32 random characters, and 6 of a checksum that fits (CRC-32/ISO-HDLC). */
export function invented(prefix) {
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
 * Runs `body` in a page or frame, of the backend's origin unless it is somewhere already, with the SDK, the addresses and
 * `argument`. An error becomes `{code, …}`.
 */
export async function inPage(page, body, argument) {
  if (page.url() === 'about:blank') await page.goto(backend);
  const { service, api, embed, publishableToken } = info;
  const source = `(async ({ sdk, ...given }) => {
    const { connect, initialise, DaypassError } = await import(sdk);
    const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const told = ({ code, status, retryable, message, help, name }) => ({ code, status, retryable, message, help, name });
    // How a promise ends, and after how many milliseconds.
    const ending = async (promise) => {
      const start = performance.now();
      const outcome = await promise.then((value) => ({ value }), told);
      return { ...outcome, after: performance.now() - start };
    };
    try { return await (${body})({ sdk, connect, initialise, DaypassError, sleep, told, ending, ...given }); }
    catch (error) { return told(error); }
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
