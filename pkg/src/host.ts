/**
 * The host page's half of an embed in a frame: {@link mount}.
 * @packageDocumentation
 */
import { dispose } from './dispose.js';
import { findOrigins, Greeter } from './host-greeter.js';
import type { Mounted, MountOptions } from './host-options.js';
import { Supply } from './host-supply.js';

export type * from './host-options.js';

/**
 * Mounts an embed in a frame at the end of `element`, and supplies it with fresh tokens.
 *
 * In the embed, `connect` takes the option `host`. The frame must not be sandboxed without
 * `allow-same-origin`: it would have no origin that tokens could be sent to.
 * @throws {TypeError} if an option is missing or invalid.
 */
export function mount(element: Element, options: MountOptions): Mounted {
  const { url, origins, provider, title, onRejected, ...attributes } = options;
  const address = new URL(url, document.baseURI);
  if (typeof provider !== 'string' && !(provider instanceof URL) && typeof provider !== 'function') {
    throw new TypeError('mount: `provider` must be a URL or a function.');
  }
  if (onRejected !== undefined && typeof onRejected !== 'function') {
    throw new TypeError('mount: `onRejected` must be a function.');
  }
  const allowed = findOrigins(address, origins);
  const frame = document.createElement('iframe');
  for (const [name, value] of Object.entries({ title, ...attributes })) {
    if (value !== undefined) frame.setAttribute(name, String(value));
  }

  const supply = new Supply(provider);
  const greeter = new Greeter(frame, allowed, (port) => supply.serve(port), onRejected);
  frame.src = address.href;
  element.append(frame);

  const close = () => {
    greeter.close();
    supply.close();
    frame.remove();
  };
  return { frame, close, [dispose]: close };
}
