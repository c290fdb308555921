// Who shares a connection in a round: a worker of a page, which can be frozen and killed, or a page of its own, which can be
// killed.
import { inPage } from '../e2e/backend.mjs';

/** Runs in the worker or in the page: connects, tells of it, and takes orders. */
const LIVE = async ({ connect, send, api, share, url, delay }) => {
  let daypass;
  const tell = (what, detail) => send(what, Date.now(), detail);
  const orders = {
    peek: () => tell('peeked', daypass.peek()),
    close: () => daypass.close(),
    // Stands still without turning the processor. Unlike `SharedArrayBuffer` this memory is there without isolation.
    freeze: (milliseconds) => {
      const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      Atomics.wait(new Int32Array(buffer), 0, 0, milliseconds);
      tell('thawed');
    },
  };
  globalThis.obey = ([name, argument]) => orders[name](argument);
  const provider = async () => {
    tell('asking');
    await new Promise((resolve) => setTimeout(resolve, delay));
    return (await fetch(url, { method: 'POST' })).json();
  };
  tell('started');
  try {
    daypass = await connect({ api, provider, share });
    tell('connected');
  } catch ({ code, message }) {
    tell('failed', code ?? message);
  }
};

const IN_PAGE = ({ connect, argument: { id, live, ...connection } }) => {
  (0, eval)(live)({ connect, send: (...told) => globalThis.tell(id, ...told), ...connection });
};

const IN_WORKER = ({ sdk, argument: { id, live, ...connection } }) => {
  const code = `
    import { connect } from ${JSON.stringify(sdk)};
    onmessage = ({ data }) => obey(data);
    (${live})({ connect, send: (...told) => postMessage(told), ...${JSON.stringify(connection)} });`;
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), { type: 'module' });
  worker.onmessage = ({ data }) => globalThis.tell(id, ...data);
  (globalThis.workers ??= {})[id] = worker;
};

const members = new Map();

/** Has the pages of this context hand on what their members tell. */
export function listen(context) {
  return context.exposeFunction('tell', (id, ...told) => members.get(id)?.hear(...told));
}

export class Member {
  #id;
  #host;
  #page;
  /** When it told what, and with which detail, the last time. */
  told = {};
  /** When it called its provider. */
  calls = [];
  /** How often it was told to stand still, and went on. */
  freezes = 0;
  thaws = 0;
  isDead = false;

  /** A worker of the page `host`, or a page beside it. */
  constructor(id, host, isPage) {
    this.#id = id;
    this.#host = host;
    this.isPage = isPage;
    members.set(id, this);
  }

  hear(what, at, detail) {
    this.told[what] = { at, detail };
    if (what === 'asking') this.calls.push(at);
    if (what === 'thawed') this.thaws += 1;
  }

  async start(connection) {
    if (this.isPage) this.#page = await this.#host.context().newPage();
    const argument = { id: this.#id, live: `(${LIVE})`, ...connection };
    await inPage(this.#page ?? this.#host, this.isPage ? IN_PAGE : IN_WORKER, argument);
  }

  async order(...order) {
    if (this.isPage) await this.#page.evaluate((order) => globalThis.obey(order), order);
    else await this.#host.evaluate(([id, order]) => globalThis.workers[id].postMessage(order), [this.#id, order]);
  }

  async freeze(milliseconds) {
    this.freezes += 1;
    await this.order('freeze', milliseconds);
  }

  async kill() {
    this.isDead = true;
    if (this.isPage) await this.#page?.close({ runBeforeUnload: false });
    else await this.#host.evaluate((id) => globalThis.workers?.[id]?.terminate(), this.#id);
  }

  /** Ends it, whatever it does. */
  async remove() {
    await this.kill();
    members.delete(this.#id);
  }
}
