/** The embed's end of the bridge: asks the page around it for tokens. `host.js` is the other end. */
import { allowsOrigin } from './core.js';
import { failure } from './error.js';

/** A provider that asks the page around this one, if its origin is among the patterns. */
export function bridge(patterns) {
  let port;
  let last = 0;
  const waiting = new Map();

  const answered = ({ data }) => {
    const { id, token, error } = data ?? {};
    const [resolve, reject] = waiting.get(id) ?? [];
    waiting.delete(id);
    if (error) reject?.(Object.assign(new Error(String(error.message ?? '')), { status: error.status }));
    else resolve?.(token);
  };

  return async (request, { signal }) => {
    // Ended, or without an answer for too long: the page around may be another by now, and hears hello again.
    const forget = () => {
      port?.then((opened) => opened.close(), () => {});
      port = undefined;
      waiting.clear();
    };
    signal.addEventListener('abort', forget);
    port ??= greet(patterns, signal).then((opened) => {
      opened.onmessage = answered;
      return opened;
    });
    const opened = await port.catch((error) => {
      port = undefined;
      throw error;
    });
    const id = (last += 1);
    return new Promise((resolve, reject) => {
      waiting.set(id, [resolve, reject]);
      opened.postMessage({ id, request });
    });
  };
}

/** Says hello to the host page, which hands out a port. SECURITY: responses of other windows are ignored. */
function greet(patterns, signal) {
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const hear = ({ source, origin, data, ports }) => {
      if (source !== parent || data?.daypass !== 'port' || !ports[0]) return;
      listening.abort();
      if (allowsOrigin([origin, ...patterns].join(' '))) resolve(ports[0]);
      else reject(failure('provider_failed', `The page around this one is ${origin}, which is not among \`host\`.`));
    };
    addEventListener('message', hear, { signal: AbortSignal.any([listening.signal, signal]) });
    // There is no secret in it, and the page around may be any of several.
    parent.postMessage({ daypass: 'hello' }, '*');
  });
}
