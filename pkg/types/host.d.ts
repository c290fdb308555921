/**
 * The host page's half of an embed in a frame: {@link mount}.
 * @packageDocumentation
 */
import type { TokenProvider } from './index.js';

/**
 * The options of {@link mount}. Other properties, such as `class`, `allow` or `width`, become
 * attributes of the frame.
 */
export interface MountOptions {
  /** The URL of the embed's page. Tokens are sent only to its origin, and only while it is in the frame. */
  url: string | URL;
  /**
   * Gets a temporary token from your own backend, as for `connect`. The embed's request is passed on
   * unchanged: your backend decides.
   */
  provider: TokenProvider;
  /** The title of the frame, for screen readers. */
  title: string;
  [attribute: string]: unknown;
}

/** An embed in a frame. */
export interface Mounted extends Disposable {
  /** The frame. */
  readonly frame: HTMLIFrameElement;
  /** Removes the frame and ends its supply of tokens. */
  close(): void;
}

/**
 * Mounts an embed in a frame at the end of `element`, and supplies it with fresh tokens.
 *
 * In the embed, `connect` takes the option `host`. The frame must not be sandboxed without
 * `allow-same-origin`: it would have no origin that tokens could be sent to.
 * @throws {TypeError} if an option is missing or invalid.
 */
export function mount(element: Element, options: MountOptions): Mounted;
