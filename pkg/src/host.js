/** The host page's end of the bridge: mounts an embed in a frame and supplies it with tokens. It needs no WebAssembly. */

export function mount(element, { url, provider, title, ...attributes }) {
  const address = new URL(url, location.href);
  if (typeof provider !== 'string' && !(provider instanceof URL) && typeof provider !== 'function') {
    throw new TypeError('mount: `provider` must be a URL or a function.');
  }
  const frame = document.createElement('iframe');
  const closing = new AbortController();
  let port;

  const answer = async ({ data: { id, request } }) => {
    const own = port;
    const reply = await ask(provider, request, closing.signal).then(
      (token) => ({ id, token: { authorization: token?.authorization, expiresAt: token?.expiresAt } }),
      (error) => ({ id, error: { status: Number(error?.status), message: String(error?.message ?? '') } }),
    );
    own.postMessage(reply);
  };
  const hear = ({ source, origin, data }) => {
    // Both: another page in the same frame has another origin, another frame of the same origin is another source.
    if (source !== frame.contentWindow || origin !== address.origin || data?.daypass !== 'hello') return;
    // The frame may have been reloaded.
    port?.close();
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = answer;
    source.postMessage({ daypass: 'port' }, address.origin, [channel.port2]);
  };
  addEventListener('message', hear, { signal: closing.signal });

  for (const [name, value] of Object.entries({ title, ...attributes })) {
    if (value !== undefined) frame.setAttribute(name, value);
  }
  frame.src = address.href;
  element.append(frame);

  const close = () => {
    closing.abort();
    port?.close();
    frame.remove();
  };
  return { frame, close, [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: close };
}

/** One temporary token from the page's own backend, or a failure whose `status` is the backend's. */
async function ask(provider, request, signal) {
  if (typeof provider === 'function') return provider(request, { signal });
  const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request), signal };
  const response = await fetch(provider, options);
  if (response.ok) return response.json();
  throw Object.assign(new Error(`The host's provider answered with status ${response.status}.`), { status: response.status });
}
