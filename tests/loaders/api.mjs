// A product's API that checks the token of each request, and the page's backend, which gives the tokens.
import { listen } from '../package/world.mjs';
import { find } from './data.mjs';

/** How many seconds a temporary token lives: longer than any test. */
const LIFETIME = 3600;

export class Api {
  /** A publishable token that was never issued. */
  static PUBLISHABLE = 'dp_pub_0000000000000000000000000000000044Zy6h';
  /** The requests since the last look: path, token and status. Preflights are not counted. */
  #requests = [];
  #tokens = 0;
  /** The tokens up to this one are retired. */
  #retired = 0;
  /** The path at whose next request the token in use is retired. */
  #trap;

  /** Starts the API at an origin of its own. */
  static async start() {
    const api = new Api();
    api.origin = await listen((request, response) => api.#answer(request, response));
    return api;
  }

  /** Gives a new temporary token. Answers the page's provider. */
  give(response) {
    this.#tokens += 1;
    const token = { authorization: `Bearer t${this.#tokens}`, expiresAt: Math.floor(Date.now() / 1000) + LIFETIME };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(token));
  }

  /** The number of tokens that were given. */
  get tokens() {
    return this.#tokens;
  }

  /** Retires the token in use when a path that matches is requested next, so that its request gets a 401. */
  retireAt(path) {
    this.#trap = path;
  }

  /** Whether the trap of `retireAt` is still open. */
  get isWaiting() {
    return this.#trap !== undefined;
  }

  /** The requests since the last call. */
  take() {
    return this.#requests.splice(0);
  }

  #answer(request, response) {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type, range');
    response.setHeader('Access-Control-Expose-Headers', 'www-authenticate');
    // No cache may stand in for a request.
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    const { pathname, searchParams } = new URL(request.url, this.origin);
    const token = this.#tokenOf(request, searchParams);
    if (this.#trap?.test(pathname)) {
      this.#trap = undefined;
      this.#retired = this.#tokens;
    }
    const data = find(pathname, this.origin);
    const status = !this.#isGood(token) ? 401 : data ? 200 : 404;
    this.#requests.push({ path: pathname, token, status });
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
    if (data) response.setHeader('Content-Type', data.type);
    request.resume();
    const refusal = JSON.stringify({ code: 'invalid_token', status: 401, message: 'The token is retired.' });
    return response.writeHead(status).end(status === 200 ? data.content : refusal);
  }

  /** The token of a request: its number, `publishable`, `none`, or `several`. */
  #tokenOf(request, query) {
    const places = [request.headers.authorization?.replace(/^Bearer /, ''), ...query.getAll('pubtoken')];
    const tokens = places.filter((token) => token !== undefined);
    if (tokens.length > 1) return 'several';
    return tokens[0] === Api.PUBLISHABLE ? 'publishable' : (tokens[0] ?? 'none');
  }

  #isGood(token) {
    if (token === 'publishable') return true;
    const [, number] = /^t(\d+)$/.exec(token) ?? [];
    return number !== undefined && Number(number) > this.#retired;
  }
}
