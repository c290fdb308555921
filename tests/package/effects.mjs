/** What importing a module does besides: calls of what platforms offer, and new globals. Its text runs in pages and in processes. */
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
    const told =
      (how) =>
      (target, ...rest) => {
        seen.push(name);
        return Reflect[how](target, ...rest);
      };
    object[name] = new Proxy(object[name], { apply: told('apply'), construct: told('construct') });
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
