// A member of a round: a worker, which can be frozen and killed, or a page, which can be killed.
import { inPage } from '../e2e/backend.mjs';

/** Runs in the worker or in the page: connects, reports it, and obeys orders. */
const LIVE = async ({ connect, send, api, share, url, delay }) => {
  let daypass;
  const report = (what, detail) => send(what, Date.now(), detail);
  const orders = {
    peek: () => report('peeked', daypass.peek()),
    close: () => daypass.close(),
    // Freezes without load on the processor. Unlike `SharedArrayBuffer`, this memory needs no isolation.
    freeze: (milliseconds) => {
      const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      Atomics.wait(new Int32Array(buffer), 0, 0, milliseconds);
      report('thawed');
    },
  };
  globalThis.obey = ([name, argument]) => orders[name](argument);
  const provider = async () => {
    report('calling');
    await new Promise((resolve) => setTimeout(resolve, delay));
    return (await fetch(url, { method: 'POST' })).json();
  };
  report('started');
  try {
    daypass = await connect({ api, provider, share });
    report('connected');
  } catch ({ code, message }) {
    report('failed', code ?? message);
  }
};

const IN_PAGE = ({ connect, argument: { id, live, ...connection } }) => {
  (0, eval)(live)({ connect, send: (...report) => globalThis.report(id, ...report), ...connection });
};

const IN_WORKER = ({ sdk, argument: { id, live, ...connection } }) => {
  const code = `
    import { connect } from ${JSON.stringify(sdk)};
    onmessage = ({ data }) => obey(data);
    (${live})({ connect, send: (...report) => postMessage(report), ...${JSON.stringify(connection)} });`;
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), { type: 'module' });
  worker.onmessage = ({ data }) => globalThis.report(id, ...data);
  (globalThis.workers ??= {})[id] = worker;
};

const members = new Map();

/** Forwards the reports of the members in this context's pages. */
export function listen(context) {
  return context.exposeFunction('report', (id, ...report) => members.get(id)?.receive(...report));
}

export class Member {
  #id;
  #host;
  #page;
  /** The time and the detail of its last report of each kind. */
  reports = {};
  /** The times of its calls to the provider. */
  calls = [];
  /** How often it was frozen, and how often it continued. */
  freezes = 0;
  thaws = 0;
  isDead = false;

  /** Makes a member in a worker of the page `host`, or in another page of its context. */
  constructor(id, host, isPage) {
    this.#id = id;
    this.#host = host;
    this.isPage = isPage;
    members.set(id, this);
  }

  receive(what, at, detail) {
    this.reports[what] = { at, detail };
    if (what === 'calling') this.calls.push(at);
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

  /** Ends the member in any state. */
  async remove() {
    await this.kill();
    members.delete(this.#id);
  }
}
