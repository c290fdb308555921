/** What a page holds: `connect` and the class `Daypass`; see index.d.ts. */
import { open } from './bundle.js';
import { Connection, seconds } from './connection.js';
import { covers, initialise, isScope } from './core.js';
import { Prover } from './dpop.js';
import { DaypassError, failure } from './error.js';
import { readOptions } from './options.js';
import { arrived, ask } from './provider.js';
import { refusal, send, target, withToken } from './request.js';

export { DaypassError, initialise };

export async function connect(options) {
  await initialise();
  const way = readOptions(options);
  if (way.dpop) way.prover = await Prover.open(way.api);
  const { parameters, token } = await firstToken(way);
  const daypass = new Daypass(OPEN, way, parameters, token);
  way.bundle?.clean?.();
  try {
    // With a provider, connected means that the first token is there.
    if (way.provider) await daypass.authorization();
  } catch (error) {
    daypass.close();
    throw error;
  }
  return daypass;
}

/** The token that a connection begins with, if the way in has one, and what a bundle unpacked to. */
async function firstToken({ kind, token, bundle, service, provider, first }) {
  if (kind === 'publishable') return { token: { publishable: token, authorization: `Bearer ${token}`, lifetime: Infinity } };
  if (bundle) {
    const { parameters, ...opened } = await open(bundle.text, service);
    return { parameters, token: opened };
  }
  if (!first) return {};
  try {
    return { token: arrived(first) };
  } catch (error) {
    // A first token that is over is no failure where a provider is there; else what is wrong with it is the page's business.
    if (provider) return {};
    throw error.code === 'provider_stale' ? failure('token_expired') : failure('invalid_options', '`temporaryToken.authorization` is not `Bearer …`.');
  }
}

/** Only this module opens connections. */
const OPEN = Symbol('open');

/** What tabs of an origin refresh together: whatever asks the same for the same. A function is the same only by a name. */
function sharedName({ api, provider, share }, request) {
  if (share === false || (typeof provider !== 'string' && !share)) return undefined;
  return `daypass ${JSON.stringify([api.href, typeof provider === 'string' ? provider : '', share, request])}`;
}

/** Ends the connections that nobody holds any more, timers and all. */
const forgotten = new FinalizationRegistry((connection) => connection.close());

export class Daypass extends EventTarget {
  #way;
  #closing = new AbortController();

  constructor(key, way, parameters = null, token) {
    super();
    if (key !== OPEN) throw new TypeError('Use connect().');
    // Weakly: the connection's timers hold it, and must not hold this.
    const self = new WeakRef(this);
    const emit = (type, detail) => self.deref()?.dispatchEvent(new CustomEvent(type, { detail }));
    const { provider, prover } = way;
    const request = { ...way.request, dpopJkt: prover?.jkt };
    const connection = new Connection({ ask: provider && ((signal) => ask(provider, request, signal)), token, shared: sharedName(way, request), emit });
    forgotten.register(this, connection, connection);
    this.#way = { ...way, connection };
    this.parameters = parameters;
    // So that they can be handed to others' clients as they are.
    this.fetch = this.fetch.bind(this);
    this.transformRequest = this.transformRequest.bind(this);
  }

  fetch(input, init) {
    const own = init?.signal === undefined && input instanceof Request ? input.signal : init?.signal;
    const signal = own ? AbortSignal.any([own, this.#closing.signal]) : this.#closing.signal;
    // A Request that anything is changed about loses these two, unless they are given again.
    const { referrer, referrerPolicy } = input instanceof Request ? input : {};
    const kept = init === undefined && referrer !== undefined ? { referrer, referrerPolicy } : init;
    return settled(send(this.#way, input, { ...kept, signal }), signal);
  }

  authorization() {
    const credential = this.#way.connection.credential();
    return settled(credential.then(({ token }) => token.authorization), this.#closing.signal);
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
      return { url, headers: {} };
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
    const { connection } = this.#way;
    forgotten.unregister(connection);
    connection.close();
    this.#closing.abort(failure('closed'));
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }
}

/** What a promise brings, or the signal's reason as soon as it aborts. */
function settled(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
