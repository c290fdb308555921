/** One credential kept fresh: carries out what the engine (`src/session/tabs.rs`, by the numbers of `src/browser/engine.rs`) says. */
import { Clock, Timer } from './clock.js';
import { Engine, instance } from './core.js';
import { failure } from './error.js';
import { Tabs } from './tabs.js';

const EVENT = {
  ...{ wanted: 0, woke: 1, online: 2, offline: 3, granted: 4, failed: 5, stale: 6, forbidden: 7, rejected: 8, closed: 9 },
  ...{ others: 10, locked: 11, noLock: 12 },
};
const EFFECT = { ask: 0, use: 1, expired: 2, closed: 3, report: 4, settle: 5, wakeIn: 6, post: 7, lock: 8, unlock: 9 };
/** After a trap, the next look at the time, in milliseconds. */
const RECOVERY = 1_000;
/** Numbers in an effect. */
const WIDTH = 7;
/** What a message says, if it is that its sender has a token. */
const HAS = 3;
const STATUS = { asking: -1, pausing: -2, idle: -3, over: -4, closed: -5 };
const FAILURE = { timedOut: 1, stale: 2 };

/** What tells a page that time may have passed unnoticed, or that the network changed. */
const SIGNALS = ['focus', 'pageshow', 'pagehide', 'online', 'offline'];

export class Connection {
  #own;
  /** Of which instance the engine is, and when the token in use ends. */
  #instance;
  #endsAt;
  #clock = new Clock();
  #timer = new Timer();
  /** Ends all calls to the provider when the connection closes, and the one under way when its answer is of no use any more. */
  #closing = new AbortController();
  #calling;
  #ask;
  #emit;
  #tabs;
  /** The token in use, as `arrived` gives it. */
  #token;
  /** The token that a call or another tab has just brought, for the engine to say whether to use it. */
  #arrived;
  /** The last token that was in use, to know it again should the provider bring it twice. */
  #last;
  /** What the call that is just ending failed with, and why the last one brought no token. */
  #failed;
  #error;
  /** Who waits for a token. */
  #waiting = [];

  /**
   * `ask(signal)` calls the provider, if there is one; `token` is a first token, if there is one. `shared` is the name of what
   * all tabs refresh together, if they do. `emit` is called with the name and the detail of each event.
   */
  constructor({ ask, token, shared, emit }) {
    this.#ask = ask;
    this.#emit = emit;
    this.#token = token;
    this.#last = token?.authorization;
    this.#listen('addEventListener');
    if (shared) this.#tabs = new Tabs(shared, (event, detail) => this.#hearTab(event, detail));
    this.#begin(token?.lifetime ?? 0);
    this.#tabs?.join();
    this.#wake();
  }

  /** With an engine that has a token which lives so long. */
  #begin(lifetime) {
    const now = this.#clock.now();
    this.#instance = instance();
    this.#endsAt = now + lifetime;
    this.#own = new Engine(Math.random(), this.canRefresh, lifetime, now);
  }

  #wake() {
    if (!this.#tabs) this.#dispatch(EVENT.others);
    this.#dispatch(globalThis.navigator?.onLine === false ? EVENT.offline : EVENT.woke);
  }

  /** The engine, until the end. If its instance has trapped, another goes on with the token at hand. */
  get #engine() {
    if (this.#own && this.#instance !== instance()) {
      // The new instance knows nothing of it, to free it.
      this.#own.__destroy_into_raw();
      const left = this.#token ? Math.max(this.#endsAt - this.#clock.now(), 0) : 0;
      if (!left) this.#token = undefined;
      this.#begin(left);
      this.#wake();
      this.#dispatch(EVENT.wanted);
      this.#settle();
    }
    return this.#own;
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

  /** Like `credential`, but without waiting, if the token is active. It also starts a refresh that a sleeping timer missed. */
  living() {
    const now = this.#clock.now();
    const call = this.#status(now);
    if (call < 0) return undefined;
    if (this.#engine.refresh_in(now) === 0) this.#dispatch(EVENT.woke);
    return this.#token && { call, token: this.#token };
  }

  /** The token in use if it has not ended, rejected or not: who cannot wait may as well try it. */
  peek() {
    this.living();
    // The timer may have slept.
    if (this.expiresIn() === 0) this.#dispatch(EVENT.woke);
    return this.#token;
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
    try {
      this.#dispatch(EVENT.closed);
    } finally {
      // Whatever happened.
      if (this.#own) this.#leave();
    }
  }

  #status(now = this.#clock.now()) {
    return this.#engine?.status(now) ?? STATUS.closed;
  }

  /** Tells the engine what happened. */
  #dispatch(event, call = 0, lifetime = 0) {
    this.#step((engine, now) => engine.step(event, call, lifetime, now));
  }

  /** Does what the engine says to what it is told. */
  #step(tell) {
    const engine = this.#engine;
    if (!engine) return;
    try {
      this.#obey(tell(engine, this.#clock.now()));
    } catch (error) {
      // A trap: another engine is to look at the time.
      this.#timer.set(RECOVERY, () => this.#dispatch(EVENT.woke));
      throw error;
    }
  }

  /** Events go out last, when all is in order again: their listeners may call back. */
  #obey(effects) {
    const notices = [];
    for (let at = 0; at < effects.length; at += WIDTH) {
      const notice = this.#carryOut(...effects.subarray(at, at + WIDTH));
      if (notice) notices.push(notice);
    }
    this.#arrived = this.#failed = undefined;
    for (const [name, detail] of notices) this.#emit(name, detail);
  }

  /** Does one thing, and gives the event that tells of it. */
  #carryOut(effect, first, second, ...more) {
    switch (effect) {
      case EFFECT.ask:
        this.#call(first);
        return ['refreshing', { attempt: second }];
      case EFFECT.use:
        this.#token = { ...this.#arrived, lifetime: second };
        this.#last = this.#token.authorization;
        this.#endsAt = this.#clock.now() + this.#own.expires_in(this.#clock.now());
        this.#error = undefined;
        return ['refreshed', { lifetimeSeconds: seconds(second) }];
      case EFFECT.expired:
        this.#token = undefined;
        return ['expired', null];
      case EFFECT.closed:
        this.#leave();
        return ['closed', null];
      case EFFECT.report:
        this.#calling?.abort();
        this.#error = this.#whyNot(first);
        return ['failed', { error: this.#error, retryInSeconds: seconds(second) }];
      case EFFECT.settle:
        this.#settle();
        return undefined;
      case EFFECT.post:
        this.#tabs?.post({ said: [first, second, ...more], token: first === HAS ? this.#token : undefined });
        return undefined;
      case EFFECT.lock:
        this.#tabs?.lock();
        return undefined;
      case EFFECT.unlock:
        this.#tabs?.unlock();
        return undefined;
      default:
        this.#timer.set(first, () => this.#dispatch(EVENT.woke));
        return undefined;
    }
  }

  #settle() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #whyNot(reason) {
    if (reason === FAILURE.timedOut) return failure('provider_timeout');
    if (reason === FAILURE.stale) return failure('provider_stale');
    return this.#failed ?? failure('provider_failed', 'Another tab asked it.');
  }

  async #call(call) {
    this.#calling?.abort();
    const calling = (this.#calling = new AbortController());
    const signal = AbortSignal.any([calling.signal, this.#closing.signal]);
    // A listener of the event before this may close the connection.
    await undefined;
    if (signal.aborted) return;
    let arrived;
    let event = EVENT.granted;
    try {
      arrived = await this.#ask(signal);
      if (arrived.authorization === this.#last) throw failure('provider_stale');
    } catch (error) {
      this.#failed = error;
      event = { provider_stale: EVENT.stale, provider_forbidden: EVENT.forbidden }[error.code] ?? EVENT.failed;
    }
    // Nobody waits for it any more. A new engine, after a trap, has asked by itself.
    if (!this.#engine || signal.aborted) return;
    this.#calling = undefined;
    this.#arrived = arrived;
    this.#dispatch(event, call, arrived?.lifetime);
  }

  #leave() {
    this.#token = undefined;
    // A string: an error would keep its stack, and with it the caller, in memory.
    this.#closing.abort('closed');
    this.#timer.set(Infinity);
    this.#tabs?.leave();
    this.#listen('removeEventListener');
    const own = this.#own;
    this.#own = undefined;
    own.free();
  }

  /** Where there is no such target (Node), there is nothing to hear. */
  #listen(method) {
    for (const signal of SIGNALS) globalThis[method]?.(signal, this.#hear);
    globalThis.document?.[method]('visibilitychange', this.#hear);
  }

  #hear = ({ type, persisted }) => {
    if (type === 'pagehide') this.#tabs?.leave();
    else if (type === 'pageshow' && persisted) this.#tabs?.join();
    this.#dispatch(EVENT[type] ?? EVENT.woke);
  };

  #hearTab(event, detail) {
    if (event !== 'heard') {
      this.#dispatch(EVENT[event], Number(detail ?? 0));
    } else if (this.#engine && isMessage(detail)) {
      this.#arrived = detail.token;
      this.#step((engine, now) => engine.hear(...detail.said, now));
    }
  }
}

/** Whether it is a message of ours: other code of this origin may speak on the channel too. */
function isMessage(data) {
  const { said, token } = data ?? {};
  const isSaid = Array.isArray(said) && said.length === WIDTH - 1 && said.every(Number.isFinite);
  return isSaid && (said[0] !== HAS || typeof token?.authorization === 'string');
}

/** Seconds, `null` for never. */
export function seconds(milliseconds) {
  return milliseconds === Infinity ? null : milliseconds / 1000;
}
