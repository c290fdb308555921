/** One credential kept fresh: carries out what the engine (`src/refresh.rs`, by the numbers of `src/browser/engine.rs`) says. */
import { Clock, Timer } from './clock.js';
import { Engine } from './core.js';
import { failure } from './error.js';

const EVENT = { wanted: 0, woke: 1, online: 2, offline: 3, granted: 4, failed: 5, stale: 6, forbidden: 7, rejected: 8, closed: 9 };
const EFFECT = { ask: 0, use: 1, expired: 2, closed: 3, report: 4, settle: 5, wakeIn: 6 };
const STATUS = { asking: -1, pausing: -2, idle: -3, over: -4, closed: -5 };
const FAILURE = { timedOut: 1, stale: 2 };

/** What tells a page that time may have passed unnoticed, or that the network changed. */
const SIGNALS = ['focus', 'pageshow', 'online', 'offline'];

export class Connection {
  #engine;
  #clock = new Clock();
  #timer = new Timer();
  /** Ends the calls to the provider when the connection closes. */
  #closing = new AbortController();
  #ask;
  #emit;
  /** The token in use, as `arrived` gives it. */
  #token;
  /** The token that the last call brought, until the engine says to use it. */
  #arrived;
  /** The last token that was in use, to know it again should the provider bring it twice. */
  #last;
  /** Why the last call brought none. */
  #error;
  /** Who waits for a token. */
  #waiting = [];

  /**
   * `ask(signal)` calls the provider, if there is one; `token` is a first token, if there is one. `emit` is called with the
   * name and the detail of each event.
   */
  constructor({ ask, token, emit }) {
    this.#ask = ask;
    this.#emit = emit;
    this.#engine = new Engine(Math.random(), ask !== undefined);
    if (token) this.#engine.hold(token.lifetime, this.#clock.now());
    this.#token = token;
    this.#last = token?.authorization;
    this.#listen('addEventListener');
    this.#dispatch(globalThis.navigator?.onLine === false ? EVENT.offline : EVENT.woke);
  }

  /** Whether a token that the API rejects can be replaced. */
  get canRefresh() {
    return this.#ask !== undefined;
  }

  /** The token in use, whether it lives or not. */
  get token() {
    return this.#token;
  }

  /** A living token and the number of the call that brought it, waited for if need be. */
  async credential() {
    for (;;) {
      const living = this.living();
      if (living) return living;
      switch (this.#status()) {
        case STATUS.closed:
          throw failure('closed');
        case STATUS.over:
        case STATUS.pausing:
          throw this.#error ?? failure('token_expired');
        case STATUS.idle:
          this.#dispatch(EVENT.wanted);
          break;
        default:
          await new Promise((resolve) => this.#waiting.push(resolve));
      }
    }
  }

  /** The same at once, if it lives. Looking at it also starts a refresh that a sleeping timer missed. */
  living() {
    const call = this.#status();
    if (call < 0) return undefined;
    if (this.#engine.refresh_in(this.#clock.now()) === 0) this.#dispatch(EVENT.woke);
    return this.#token && { call, token: this.#token };
  }

  /** The token in use if it has not ended, rejected or not: who cannot wait may as well try it. */
  peek() {
    this.living();
    return this.expiresIn() === 0 ? undefined : this.#token;
  }

  /** Milliseconds until the token in use ends; infinite if never. */
  expiresIn() {
    return this.#engine?.expires_in(this.#clock.now()) ?? Infinity;
  }

  /** Milliseconds until the next call to the provider; infinite if none is planned. */
  refreshIn() {
    return this.#engine?.refresh_in(this.#clock.now()) ?? Infinity;
  }

  /** The API said 401 to the token that this call brought. */
  reject(call) {
    this.#dispatch(EVENT.rejected, call);
  }

  /** Ends everything. */
  close() {
    this.#dispatch(EVENT.closed);
  }

  #status() {
    return this.#engine?.status(this.#clock.now()) ?? STATUS.closed;
  }

  /** Tells the engine what happened and does what it says. Events go out last, when all is in order again: their listeners may call back. */
  #dispatch(event, call = 0, lifetime = 0) {
    if (!this.#engine) return;
    const effects = this.#engine.step(event, call, lifetime, this.#clock.now());
    const notices = [];
    for (let at = 0; at < effects.length; at += 3) {
      const notice = this.#carryOut(...effects.subarray(at, at + 3));
      if (notice) notices.push(notice);
    }
    for (const [name, detail] of notices) this.#emit(name, detail);
  }

  /** Does one thing, and gives the event that tells of it. */
  #carryOut(effect, first, second) {
    switch (effect) {
      case EFFECT.ask:
        this.#call(first);
        return ['refreshing', { attempt: second }];
      case EFFECT.use:
        this.#token = this.#arrived;
        this.#arrived = undefined;
        this.#last = this.#token.authorization;
        this.#error = undefined;
        return ['refreshed', { lifetimeSeconds: seconds(second) }];
      case EFFECT.expired:
        this.#token = undefined;
        return ['expired', null];
      case EFFECT.closed:
        this.#token = undefined;
        this.#leave();
        return ['closed', null];
      case EFFECT.report:
        this.#arrived = undefined;
        if (first === FAILURE.timedOut) this.#error = failure('provider_timeout');
        if (first === FAILURE.stale) this.#error = failure('provider_stale');
        return ['failed', { error: this.#error, retryInSeconds: seconds(second) }];
      case EFFECT.settle:
        for (const resolve of this.#waiting.splice(0)) resolve();
        return undefined;
      default:
        this.#timer.set(first, () => this.#dispatch(EVENT.woke));
        return undefined;
    }
  }

  async #call(call) {
    // A listener of the event before this may close the connection.
    await undefined;
    if (this.#closing.signal.aborted) return;
    try {
      const arrived = await this.#ask(this.#closing.signal);
      if (arrived.authorization === this.#last) throw failure('provider_stale');
      this.#arrived = arrived;
      this.#dispatch(EVENT.granted, call, arrived.lifetime);
    } catch (error) {
      this.#error = error;
      const event = { provider_stale: EVENT.stale, provider_forbidden: EVENT.forbidden }[error.code] ?? EVENT.failed;
      this.#dispatch(event, call);
    }
  }

  #leave() {
    // A text: an error would hold its stack, and with it whoever called.
    this.#closing.abort('closed');
    this.#timer.set(Infinity);
    this.#listen('removeEventListener');
    this.#engine.free();
    this.#engine = undefined;
  }

  /** Where there is no such target (Node), there is nothing to hear. */
  #listen(method) {
    for (const signal of SIGNALS) globalThis[method]?.(signal, this.#hear);
    globalThis.document?.[method]('visibilitychange', this.#hear);
  }

  #hear = ({ type }) => this.#dispatch(EVENT[type] ?? EVENT.woke);
}

/** Seconds, `null` for never. */
export function seconds(milliseconds) {
  return milliseconds === Infinity ? null : milliseconds / 1000;
}
