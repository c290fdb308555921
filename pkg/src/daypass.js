/** What a page holds: `connect` and the class `Daypass`; see index.d.ts. */
import { open } from './bundle.js';
import { Connection, seconds } from './connection.js';
import { covers, initialise, isScope } from './core.js';
import { Prover } from './dpop.js';
import { DaypassError, failure } from './error.js';
import { NO_TOKEN, readOptions } from './options.js';
import { arrived, ask } from './provider.js';
import { refusal, send, target, withToken } from './request.js';

export { DaypassError, initialise };

export async function connect(options) {
  await initialise();
  const way = readOptions(options);
  if (way.dpop) way.prover = await Prover.open(way.api);
  const { parameters, token } = await firstToken(way);
  const daypass = new Daypass(OPEN, way, parameters, token);
  try {
    way.bundle?.clean?.();
    // With a provider, connected means that the first token is there.
    if (way.provider) await daypass.authorization();
  } catch (error) {
    daypass.close();
    throw error;
  }
  return daypass;
}

/** The token that a connection begins with, if the way in has one, and what a bundle unpacked to. */
async function firstToken({ kind, token, bundle, service, provider, first, dpop }) {
  if (kind === 'publishable') return { token: { publishable: token, authorization: `Bearer ${token}`, lifetime: Infinity } };
  if (bundle) {
    const { parameters, ...opened } = await open(bundle.text, service);
    return { parameters, token: opened };
  }
  if (!first) return {};
  try {
    return { token: arrived(first, undefined, dpop ? 'DPoP' : 'Bearer') };
  } catch (error) {
    if (error.code !== 'provider_stale') throw failure('invalid_options', NO_TOKEN);
    // One that is over is no failure where a provider is there.
    if (provider) return {};
    throw failure('token_expired');
  }
}

/** Only this module opens connections. */
const OPEN = Symbol('open');

/** What tabs of an origin refresh together: whatever asks the same for the same. A function is the same only by a name. */
function sharedName({ api, provider, share }, request) {
  if (share === false || (typeof provider !== 'string' && !share)) return undefined;
  return `daypass ${JSON.stringify([api.href, typeof provider === 'string' ? provider : '', share, request])}`;
}

export class Daypass extends EventTarget {
  #way;
  #closing = new AbortController();
  /** What ends each call that is waited for. */
  #waiting = new Set();

  constructor(key, way, parameters = null, token) {
    super();
    if (key !== OPEN) throw new TypeError('Use connect().');
    const emit = (type, detail) => this.dispatchEvent(new CustomEvent(type, { detail }));
    const { provider, prover } = way;
    const request = { ...way.request, dpopJkt: prover?.jkt };
    const connection = new Connection({ ask: provider && ((signal) => ask(provider, request, signal)), token, shared: sharedName(way, request), emit });
    this.#way = { ...way, connection };
    this.parameters = parameters;
    // So that they can be handed to others' clients as they are.
    this.fetch = this.fetch.bind(this);
    this.transformRequest = this.transformRequest.bind(this);
  }

  async fetch(input, init) {
    const own = init?.signal === undefined && input instanceof Request ? input.signal : init?.signal;
    const signal = own ? AbortSignal.any([own, this.#closing.signal]) : this.#closing.signal;
    // A Request that anything is changed about loses these two, unless they are given again.
    const { referrer, referrerPolicy } = input instanceof Request ? input : {};
    const kept = init === undefined && referrer !== undefined ? { referrer, referrerPolicy } : init;
    return this.#settled(send(this.#way, input, { ...kept, signal }), own);
  }

  authorization() {
    const credential = this.#way.connection.credential();
    return this.#settled(credential.then(({ token }) => token.authorization));
  }

  peek() {
    return this.#way.connection.peek()?.authorization ?? null;
  }

  transformRequest(url) {
    const token = this.#way.connection.peek();
    let whole;
    try {
      whole = target(this.#way.api, url);
    } catch {
      return { url: String(url), headers: {} };
    }
    if (!token) return { url: whole, headers: {} };
    // A proof cannot be made without waiting.
    if (this.#way.prover) throw failure('dpop_required');
    return { url: withToken(whole, token), headers: token.publishable ? {} : { Authorization: token.authorization } };
  }

  async headers(url, method = 'GET') {
    const { api, connection, prover } = this.#way;
    const whole = target(api, url);
    const authorization = await this.authorization();
    if (!prover) return connection.token?.publishable ? {} : { Authorization: authorization };
    return { Authorization: authorization, DPoP: await prover.proof(method, whole, authorization) };
  }

  can(scope) {
    if (!isScope(scope)) throw failure('invalid_options', `can: \`${scope}\` is not a scope: expected resource:action.`);
    const scopes = this.#way.connection.token?.scopes;
    return scopes ? covers([scope, ...scopes].join(' ')) : null;
  }

  require(scope) {
    if (this.can(scope) === false) throw failure('insufficient_scope', scope);
  }

  describe() {
    const { connection, kind } = this.#way;
    const { scopes = null, origins = null, lifetime = Infinity } = connection.token ?? {};
    return {
      kind,
      scopes,
      origins,
      lifetimeSeconds: seconds(lifetime),
      secondsLeft: seconds(connection.expiresIn()),
      refreshInSeconds: seconds(connection.refreshIn()),
    };
  }

  refusal(response) {
    return refusal(response);
  }

  close() {
    const closed = failure('closed');
    this.#closing.abort(closed);
    for (const reject of this.#waiting) reject(closed);
    this.#way.connection.close();
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  /** What a promise brings; or an error as soon as the caller's signal aborts, or this closes. */
  #settled(promise, own) {
    return new Promise((resolve, reject) => {
      const abort = () => reject(own.reason);
      if (own?.aborted) abort();
      own?.addEventListener('abort', abort);
      this.#waiting.add(reject);
      promise.then(resolve, reject).finally(() => {
        own?.removeEventListener('abort', abort);
        this.#waiting.delete(reject);
      });
    });
  }
}
