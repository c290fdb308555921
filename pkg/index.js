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

  constructor(key) {
    super();
    if (key !== OPEN) throw new TypeError('Use connect().');
  }

  async [OPEN](options) {
    this.#connection = await rethrow(open(options, (type, detail) => this.#emit(type, detail)));
  }

  get parameters() {
    return this.#connection.parameters;
  }

  fetch(input, init) {
    return rethrow(this.#connection.fetch(input, init));
  }

  authorization() {
    return rethrow(this.#connection.authorization());
  }

  peek() {
    return this.#connection.peek();
  }

  describe() {
    return this.#connection.describe();
  }

  async refusal(response) {
    const cause = await rethrow(this.#connection.refusal(response));
    return cause && asError(cause);
  }

  close() {
    this.#connection.close();
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  #emit(type, detail) {
    if (type === 'failed') detail.error = asError(detail.error);
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

async function rethrow(promise) {
  try {
    return await promise;
  } catch (cause) {
    throw asError(cause);
  }
}
