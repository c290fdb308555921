/** The other tabs with the same connection: a channel for messages, and a lock for the tab that calls the provider. */

export class Tabs {
  #name;
  #tell;
  #channel;
  /** Ends what is held or waited for, each by itself: that this tab is here, and that it asks. */
  #here;
  #asking;

  /**
   * `tell` is called with `heard` and a message, `others` and whether there are any, `locked` or `noLock`. A platform may have no
   * channels or locks, or not let a page at them: then there is nobody to talk to, or no lock.
   */
  constructor(name, tell) {
    this.#name = name;
    this.#tell = tell;
  }

  join() {
    try {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({ data }) => this.#tell('heard', data);
    } catch {
      this.#tell('others', false);
      return;
    }
    // Each tab holds a lock that says that it is here. Without locks it is not known who is.
    const here = `${this.#name} here`;
    const count = async () => {
      const { held } = await navigator.locks.query();
      if (this.#channel) this.#tell('others', held.filter(({ name }) => name === here).length > 1);
    };
    this.#here = hold(here, 'shared', () => count().catch(() => {}), () => {});
  }

  /** Lets go of all, as when the page is put aside: what holds a lock is not kept for coming back. */
  leave() {
    this.#channel?.close();
    this.#channel = undefined;
    this.#here?.abort();
    this.unlock();
  }

  post(message) {
    this.#channel?.postMessage(message);
  }

  lock() {
    if (!this.#channel) return;
    // Of an engine before, whose instance has trapped.
    this.unlock();
    this.#asking = hold(this.#name, 'exclusive', () => this.#tell('locked'), () => this.#tell('noLock'));
  }

  unlock() {
    this.#asking?.abort();
    this.#asking = undefined;
  }
}

/** Asks for a lock, says when it is held or cannot be, and holds it until it is aborted. */
function hold(name, mode, held, failed) {
  const ending = new AbortController();
  const { signal } = ending;
  const untilAborted = () =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', resolve);
      held();
    });
  Promise.resolve()
    .then(() => navigator.locks.request(name, { mode, signal }, untilAborted))
    .catch(() => signal.aborted || failed());
  return ending;
}
