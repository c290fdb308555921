/** A token's life as a ring, with a mark where the next refresh is. */
import { briefDuration } from './inspector-text.js';
import type { Description } from './description.js';

const SVG = 'http://www.w3.org/2000/svg';

/** How much of its life a token may have left until the ring warns. */
const LOW = 0.15;

function element(tag: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** A ring. A small one is a decoration; a large one says what it shows. */
export class Ring {
  readonly element = element('svg', { viewBox: '0 0 64 64', class: 'ring' });
  readonly #life = element('circle', { cx: 32, cy: 32, r: 27, pathLength: 100, class: 'life' });
  readonly #mark = element('circle', { cx: 32, cy: 32, r: 27, pathLength: 100, class: 'mark' });
  readonly #text = element('text', { x: 32, y: 32, class: 'time' });
  readonly #isLarge: boolean;

  constructor(isLarge: boolean) {
    this.#isLarge = isLarge;
    this.element.classList.toggle('large', isLarge);
    this.element.append(element('circle', { cx: 32, cy: 32, r: 27, class: 'track' }), this.#life);
    if (isLarge) {
      this.element.setAttribute('role', 'img');
      this.element.append(this.#mark, this.#text);
    } else {
      this.element.setAttribute('aria-hidden', 'true');
    }
  }

  show(description: Description | null, hasToken: boolean): void {
    const [whole, left] = [description?.lifetimeSeconds ?? null, description?.secondsLeft ?? null];
    const next = description?.refreshInSeconds ?? null;
    const part = !hasToken ? 0 : whole && left !== null ? Math.min(1, left / whole) : 1;
    this.#life.setAttribute('stroke-dasharray', `${(part * 100).toFixed(2)} 200`);
    this.element.classList.toggle('low', hasToken && part < LOW);
    if (!this.#isLarge) return;
    const isPlanned = hasToken && whole !== null && left !== null && next !== null && next < left;
    this.#mark.setAttribute('stroke-dashoffset', String(isPlanned ? -((left - next) / whole) * 100 : 0));
    this.#mark.setAttribute('visibility', isPlanned ? 'visible' : 'hidden');
    this.#text.textContent = !hasToken ? 'none' : left === null ? '∞' : briefDuration(left);
    const words = hasToken ? `${Math.round(part * 100)} % of the token's life is left` : 'No token is in use';
    this.element.setAttribute('aria-label', words);
  }
}
