/**
 * The host page's half of an embed in a frame: {@link mount}.
 * @packageDocumentation
 */
import { dispose } from './dispose.js';
import { check } from './host-check.js';
import { Greeter } from './host-greeter.js';
import type { Mounted, MountOptions } from './host-options.js';
import { Supply } from './host-supply.js';

export type * from './host-options.js';

/**
 * Mounts an embed in a frame at the end of `element`, and supplies it with fresh tokens.
 *
 * In the embed, `connect` takes the option `host`. The frame must not be sandboxed without
 * `allow-same-origin`: it would have no origin that tokens could be sent to.
 * @throws {TypeError} names what is missing, invalid or misspelt. Nothing is mounted then.
 */
export function mount(element: Element, options: MountOptions): Mounted {
  const { address, origins, attributes } = check(element, options);
  const { provider, onRejected } = options;
  const frame = document.createElement('iframe');
  for (const [name, value] of attributes) frame.setAttribute(name, value);

  const supply = new Supply(provider);
  const greeter = new Greeter(frame, origins, (port) => supply.serve(port), onRejected);
  frame.src = address.href;
  element.append(frame);

  const close = () => {
    greeter.close();
    supply.close();
    frame.remove();
  };
  return { frame, close, [dispose]: close };
}
