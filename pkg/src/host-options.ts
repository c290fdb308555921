/** What `mount` takes and returns. */
/// <reference lib="esnext.disposable" preserve="true" />
import type { TokenProvider } from './token.js';

/** The value of an attribute: `true` writes it without a value; `false` and `null` leave it out. */
export type AttributeValue = string | number | boolean | null | undefined;

/** An attribute of a frame that {@link mount} takes beside its options. `src` and `srcdoc` are its own. */
export type FrameAttribute =
  | 'allow'
  | 'allowfullscreen'
  | 'class'
  | 'credentialless'
  | 'csp'
  | 'dir'
  | 'exportparts'
  | 'fetchpriority'
  | 'frameborder'
  | 'height'
  | 'hidden'
  | 'id'
  | 'inert'
  | 'lang'
  | 'loading'
  | 'name'
  | 'part'
  | 'referrerpolicy'
  | 'role'
  | 'sandbox'
  | 'scrolling'
  | 'slot'
  | 'style'
  | 'tabindex'
  | 'translate'
  | 'width';

/** The attributes of a frame by name. */
export type FrameAttributes = {
  [Name in FrameAttribute | `aria-${string}` | `data-${string}`]?: AttributeValue;
};

/**
 * The options of {@link mount}, and attributes of the frame, such as `class`, `allow` or `data-floor`. An
 * attribute that {@link FrameAttribute} lacks can be set at the frame that `mount` returns.
 */
export interface MountOptions extends FrameAttributes {
  /** The URL of the embed's page. Tokens are sent only to its origin, and only while it is in the frame. */
  url: string | URL;
  /**
   * Further origins that tokens may be sent to, such as `https://www.example.com`: those that `url`
   * redirects to.
   */
  origins?: (string | URL)[] | undefined;
  /**
   * Gets a temporary token from your own backend, as for `connect`. The embed's request is passed on
   * unchanged: your backend decides.
   *
   * Embeds that request the same from the same provider at the same time share one call. An embed that
   * requests too often is answered with status 429, and the provider is not called.
   */
  provider: TokenProvider;
  /** The title of the frame, for screen readers. */
  title: string;
  /**
   * Is called once for each other origin whose page in the frame asks for tokens; by default
   * `console.warn` says so.
   */
  onRejected?: ((rejection: Rejection) => void) | undefined;
}

/** An embed in a frame. */
export interface Mounted extends Disposable {
  /** The frame. */
  readonly frame: HTMLIFrameElement;
  /** Removes the frame and ends its supply of tokens. */
  close(): void;
}

/** A page in the frame that asked for tokens and gets none. */
export interface Rejection {
  /** The origin of the page; the text `null` if it has none, as in a sandboxed frame. */
  origin: string;
}
