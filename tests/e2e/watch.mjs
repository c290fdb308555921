// What a page still holds at the platform.

/** Counts the open timers, listeners and channels of a page, and keeps the WebAssembly's memory. */
export function watch() {
  const open = { timers: new Set(), listeners: 0, channels: 0, memory: undefined };
  globalThis.watched = open;
  const { setTimeout, clearTimeout, BroadcastChannel } = globalThis;
  globalThis.setTimeout = (callback, ...more) => {
    const timer = setTimeout(() => (open.timers.delete(timer), callback()), ...more);
    open.timers.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => (open.timers.delete(timer), clearTimeout(timer));
  for (const target of [globalThis, document]) {
    const [add, remove] = [target.addEventListener.bind(target), target.removeEventListener.bind(target)];
    target.addEventListener = (...all) => ((open.listeners += 1), add(...all));
    target.removeEventListener = (...all) => ((open.listeners -= 1), remove(...all));
  }
  globalThis.BroadcastChannel = class extends BroadcastChannel {
    constructor(name) {
      super(name);
      open.channels += 1;
    }
    close() {
      open.channels -= 1;
      super.close();
    }
  };
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...all) => {
    const made = await instantiateStreaming(...all);
    open.memory = Object.values(made.instance.exports).find((value) => value instanceof WebAssembly.Memory);
    return made;
  };
}
