/**
 * Returns the side effects of an import: calls of platform APIs, and new globals. Its text runs in pages and in
 * processes.
 */
export async function effectsOf(load) {
  const seen = [];
  const watched = [
    'fetch',
    'XMLHttpRequest',
    'WebSocket',
    'EventSource',
    'Worker',
    'BroadcastChannel',
    'MessageChannel',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'requestAnimationFrame',
    'requestIdleCallback',
  ];
  const watch = (object, name) => {
    const record =
      (how) =>
      (target, ...rest) => {
        seen.push(name);
        return Reflect[how](target, ...rest);
      };
    object[name] = new Proxy(object[name], { apply: record('apply'), construct: record('construct') });
  };
  for (const name of watched) if (name in globalThis) watch(globalThis, name);
  watch(EventTarget.prototype, 'addEventListener');
  for (const name of ['instantiate', 'instantiateStreaming', 'compile', 'compileStreaming', 'Module', 'Instance']) {
    if (name in WebAssembly) watch(WebAssembly, name);
  }
  const before = Object.getOwnPropertyNames(globalThis);
  await load();
  const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name));
  return [...seen, ...added];
}
