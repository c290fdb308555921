// A small product for the tests of the Rust client, on one loopback port: a token provider, an API, a bundle service.
//
// The first segment of a path is a space: each test has one, with tokens and counts of its own.
//
// | request | response |
// | --- | --- |
// | `POST /SPACE/token` | a new token, with a lifetime of `life` seconds (an hour); with `jwt`, a JWT |
// | `GET /SPACE/verify` | the parameters of the bundle `dp_bun_…` in `x-api-token` |
// | `/SPACE/api/…` | 401 unless the token is valid; then see `API` |
// | `POST /SPACE/control/retire` | nothing; the API rejects the tokens created so far |
// | `POST /SPACE/control/provider?status=403` | nothing; the provider responds with the status; with `hang`, never |
// | `GET /SPACE/control/seen` | what the space has seen: `calls` of the provider, its last `question`, … |
import { createServer } from 'node:http';

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'authorization, content-type, x-own, x-api-token, daypass-redeemer',
  'Access-Control-Allow-Methods': 'GET, POST, PUT',
  'Access-Control-Expose-Headers': 'WWW-Authenticate, Retry-After, Daypass-Expires-At',
  'Access-Control-Max-Age': '600',
};
const INVALID = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };

const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + Number(seconds);
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * The API's response at each path to a request with a valid token: status, headers, body. `undefined` lets the browser wait,
 * `null` ends the TCP connection.
 */
const API = {
  floor: ({ space }) => [200, {}, { name: 'Ground floor', token: space.tokens.size }],
  echo: ({ method, headers, body }) => [200, {}, { method, own: headers['x-own'], body }],
  busy: ({ count }) => (count === 1 ? [429, { 'Retry-After': '1' }, {}] : [200, {}, {}]),
  moved: () => [307, { Location: 'floor' }, {}],
  never: () => [401, INVALID, {}],
  refused: () => [403, {}, { error: 'insufficient_scope', message: 'Too little.', help: 'Ask for floor:update.' }],
  hang: () => undefined,
  reset: () => null,
};

class Space {
  /** How often a token was requested, and what was asked last. */
  calls = 0;
  question = null;
  /** The paths of the API's requests, in order. */
  requests = [];
  /** How many requests the browser ended before their response. */
  aborted = 0;
  tokens = new Set();
  valid = new Set();
  provider = {};

  provide({ life = 3600, jwt }) {
    const expiresAt = inSeconds(life);
    const grants = [{ tenant: 'org', scopes: ['floor:readPrivate', 'site:*'] }];
    const visitor = { subject: 'visitor-7', claims: { plan: 'gold' } };
    const claims = { iat: inSeconds(0), exp: expiresAt, jti: `${this.calls}`, origins: ['127.0.0.1'], grants, ...visitor };
    const token = jwt === undefined ? `token-${this.calls}` : `${encode({ alg: 'none' })}.${encode(claims)}.c2ln`;
    this.tokens.add(token);
    this.valid.add(token);
    return [200, {}, { authorization: `Bearer ${token}`, expiresAt }];
  }

  answer([service, path], query, { method, headers, body }) {
    if (service === 'token') {
      this.calls += 1;
      this.question = JSON.parse(body);
      const { status, hang } = this.provider;
      if (hang !== undefined) return undefined;
      return status ? [Number(status), {}, { message: 'No session.', help: 'Sign in.' }] : this.provide(query);
    }
    if (service === 'verify') {
      if (!headers['x-api-token']?.startsWith('dp_bun_')) return [403, {}, {}];
      return [200, { 'Daypass-Expires-At': `${inSeconds(600)}` }, { floor: 'second', zoom: 3 }];
    }
    if (service === 'control') return this.control(path, query);
    this.requests.push(path);
    if (!this.valid.has(headers.authorization?.replace('Bearer ', ''))) return [401, INVALID, {}];
    const count = this.requests.filter((other) => other === path).length;
    return (API[path] ?? (() => [404, {}, {}]))({ space: this, method, headers, body, count });
  }

  control(path, query) {
    if (path === 'retire') this.valid.clear();
    if (path === 'provider') this.provider = query;
    const { calls, question, requests, aborted } = this;
    return [200, {}, path === 'seen' ? { calls, question, requests, aborted } : {}];
  }
}

const spaces = new Map();

const server = createServer(async (request, response) => {
  if (request.method === 'OPTIONS') return response.writeHead(204, CORS).end();
  const { pathname, searchParams } = new URL(request.url, 'http://server');
  const [, name, ...rest] = pathname.split('/');
  if (!spaces.has(name)) spaces.set(name, new Space());
  const space = spaces.get(name);
  response.on('close', () => (space.aborted += response.writableEnded ? 0 : 1));
  const { method, headers } = request;
  const body = Buffer.concat(await request.toArray()).toString();
  const answer = space.answer(rest, Object.fromEntries(searchParams), { method, headers, body });
  if (!answer) return answer === null ? response.destroy() : undefined;
  const [status, more, content] = answer;
  response.writeHead(status, { ...CORS, 'Content-Type': 'application/json', ...more });
  return response.end(JSON.stringify(content));
});

server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ address: `http://127.0.0.1:${server.address().port}` }));
});
