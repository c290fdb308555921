import load, { connect as open } from './wasm/daypass.js';
import { DaypassError, asError } from './error.js';

export { DaypassError };

let loading;

export function initialise(options) {
  // A load that failed is forgotten, so that the next call tries again.
  loading ??= load(options).then(
    () => undefined,
    (error) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

export async function connect(options) {
  await initialise();
  const daypass = new Daypass(OPEN);
  await daypass[OPEN](options);
  return daypass;
}

/** Only this module opens connections. */
const OPEN = Symbol('open');

export class Daypass extends EventTarget {
  #connection;
  #closing = new AbortController();

  constructor(key) {
    super();
    if (key !== OPEN) throw new TypeError('Use connect().');
  }

  async [OPEN](options) {
    // Weakly: a connection that nobody holds any more can be collected, timers and all.
    const self = new WeakRef(this);
    const emit = (type, detail) => self.deref()?.#emit(type, detail);
    this.#connection = await settled(open(options, emit), this.#closing.signal);
  }

  get parameters() {
    return this.#connection.parameters;
  }

  fetch(input, init) {
    const own = init?.signal === undefined && input instanceof Request ? input.signal : init?.signal;
    const signal = own ? AbortSignal.any([own, this.#closing.signal]) : this.#closing.signal;
    // A Request that anything is changed about loses these two, unless they are given again.
    const { referrer, referrerPolicy } = input instanceof Request ? input : {};
    const kept = init === undefined && referrer !== undefined ? { referrer, referrerPolicy } : init;
    return settled(this.#connection.fetch(input, { ...kept, signal }), signal);
  }

  authorization() {
    return settled(this.#connection.authorization(), this.#closing.signal);
  }

  peek() {
    return this.#connection.peek();
  }

  describe() {
    return this.#connection.describe();
  }

  async refusal(response) {
    const cause = await this.#connection.refusal(response);
    return cause && asError(cause);
  }

  close() {
    this.#closing.abort(asError(this.#connection.close()));
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  #emit(type, detail) {
    if (type === 'failed') detail.error = asError(detail.error);
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** What the WebAssembly part promised, with its failures as errors, or the signal's reason as soon as it aborts. */
function settled(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise
      .then(resolve, (cause) => reject(asError(cause)))
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
