import type { TokenProvider } from './index.js';

/** How an embed is mounted. What else is given, such as `class`, `allow` or `width`, becomes an attribute of the frame. */
export interface MountOptions {
  /** The embed's page. Tokens go to its origin only, while it is in the frame. */
  url: string | URL;
  /** Gets a temporary token from your own backend, as for `connect`. What the embed asks for is passed on as it is: your backend decides. */
  provider: TokenProvider;
  /** What the frame shows, for those who cannot see it. */
  title: string;
  [attribute: string]: unknown;
}

/** An embed in a frame. */
export interface Mounted extends Disposable {
  /** The frame itself. */
  readonly frame: HTMLIFrameElement;
  /** Takes the frame away, and supplies it no more. */
  close(): void;
}

/**
 * Mounts an embed in a frame at the end of `element`, and supplies it with fresh tokens. In the embed, `connect` is given `host`. The frame must not be
 * sandboxed without `allow-same-origin`: it has no origin then that tokens could be meant for.
 * @throws {TypeError} for an option that is missing or wrong.
 */
export function mount(element: Element, options: MountOptions): Mounted;
