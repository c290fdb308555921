/** The place of all panels: one element in a corner of the page, with a shadow tree of its own. */
import type { Corner } from './inspector-options.js';
import { STYLE } from './inspector-style.js';

/** The corners, in the order in which the panel moves through them. */
export const CORNERS: readonly Corner[] = ['bottom-right', 'bottom-left', 'top-left', 'top-right'];

/** The element. Unlike a registered custom element it leaves no trace in the page once it is gone. */
const TAG = 'daypass-inspector';

let present: Dock | undefined;

/** Holds the panels. It is in the page while there are any. */
export class Dock {
  readonly #host: HTMLElement;
  readonly #root: ShadowRoot;
  #corner: Corner;

  private constructor(document: Document, corner: Corner) {
    this.#host = document.createElement(TAG);
    this.#root = this.#host.attachShadow({ mode: 'open' });
    // A policy without `unsafe-inline` forbids `<style>` and `style="…"`, and allows this.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
    this.#corner = corner;
    this.#host.dataset['corner'] = corner;
    (document.body ?? document.documentElement).append(this.#host);
  }

  /** Returns the dock of the page, and makes it where it is missing. A corner moves it. */
  static of(document: Document, corner?: Corner): Dock {
    // The page may have removed it.
    if (!present || !present.#host.isConnected) present = new Dock(document, corner ?? CORNERS[0]!);
    else if (corner) present.#moveTo(corner);
    return present;
  }

  add(panel: HTMLElement): void {
    this.#root.append(panel);
  }

  /** Removes a panel, and the dock with the last one. */
  remove(panel: HTMLElement): void {
    panel.remove();
    if (this.#root.childElementCount === 0) this.#host.remove();
  }

  /** The corner in which a move ends. */
  get next(): Corner {
    return CORNERS[(CORNERS.indexOf(this.#corner) + 1) % CORNERS.length]!;
  }

  move(): void {
    this.#moveTo(this.next);
  }

  #moveTo(corner: Corner): void {
    this.#corner = corner;
    this.#host.dataset['corner'] = corner;
  }
}
