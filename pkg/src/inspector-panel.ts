/** The panel of one connection: builds its elements once, and writes what changes into them. */
import type { Dock } from './inspector-dock.js';
import type { Recorder, Refusal } from './inspector-recorder.js';
import { Ring } from './inspector-ring.js';
import { duration } from './inspector-text.js';

/** What a panel is made with. */
export interface PanelSettings {
  /** The connection's name, or nothing. */
  name: string;
  isOpen: boolean;
  /** The page of the error codes. */
  reference: string | null;
  onRemove: () => void;
}

/** The number of the next panel: ids must differ. */
let next = 1;

/** Makes an element. Its texts are never markup. */
function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Shows a recorder's connection. */
export class Panel {
  readonly element: HTMLElement;
  readonly #recorder: Recorder;
  readonly #reference: string | null;
  readonly #rings = [new Ring(false), new Ring(true)];
  readonly #kind = make('span', { class: 'kind' });
  readonly #count = make('span', { class: 'count' });
  readonly #toggle: HTMLButtonElement;
  readonly #body: HTMLElement;
  readonly #tools: HTMLElement;
  readonly #facts = make('dl');
  readonly #refusals = make('ol');
  readonly #none = make('p', { class: 'none' }, 'None since the panel opened.');
  #isOpen = false;
  /** What the lists show: they are made again only when it changes, so that no reader is interrupted. */
  #shownFacts = '';
  #shownRefusals = '';

  constructor(recorder: Recorder, dock: Dock, settings: PanelSettings) {
    this.#recorder = recorder;
    this.#reference = settings.reference;
    const id = `panel-${next}`;
    next += 1;
    const [small, large] = this.#rings as [Ring, Ring];
    const title = make('span', { class: 'title' }, 'Daypass', ...(settings.name ? [' ', named(settings.name)] : []));
    this.#toggle = make('button', { type: 'button', class: 'toggle', 'aria-controls': id });
    this.#toggle.append(small.element, make('span', { class: 'words' }, title, this.#kind, this.#count));
    this.#toggle.addEventListener('click', () => this.#open(!this.#isOpen));

    const move = make('button', { type: 'button', class: 'tool' });
    const label = () => {
      const words = `Move to the ${dock.next.replace('-', ' ')}`;
      move.setAttribute('aria-label', words);
      move.title = words;
    };
    label();
    move.append(icon('M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3'));
    move.addEventListener('click', () => {
      dock.move();
      label();
    });
    const words = 'Remove the panel';
    const remove = make('button', { type: 'button', class: 'tool', 'aria-label': words, title: words });
    remove.append(icon('M6 6l12 12M18 6L6 18'));
    remove.addEventListener('click', settings.onRemove);
    this.#tools = make('div', { class: 'tools' }, move, remove);

    const log = make('div', { role: 'log', 'aria-label': 'Refusals' }, this.#none, this.#refusals);
    // It scrolls, so that the keyboard must reach it.
    this.#body = make('div', { id, class: 'body', role: 'group', 'aria-label': 'Details', tabindex: '0' });
    this.#body.append(make('div', { class: 'top' }, large.element, this.#facts), make('h2', {}, 'Refusals'), log);

    const name = settings.name ? `Daypass inspector: ${settings.name}` : 'Daypass inspector';
    const head = make('div', { class: 'head' }, this.#toggle, this.#tools);
    this.element = make('section', { 'aria-label': name }, head, this.#body);
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.#isOpen) return;
      event.stopPropagation();
      this.#open(false);
      this.#toggle.focus();
    });
    this.#open(settings.isOpen);
    this.update();
    dock.add(this.element);
  }

  /** Shows what is the case now. */
  update(): void {
    const description = this.#recorder.describe();
    const hasToken = this.#recorder.hasToken();
    for (const ring of this.#rings) ring.show(description, hasToken);
    this.#kind.textContent = description?.kind ?? 'not connected';
    const count = this.#recorder.refusals.reduce((sum, refusal) => sum + refusal.count, 0);
    this.#count.textContent = count === 0 ? '' : `${count} ${count === 1 ? 'refusal' : 'refusals'}`;
    this.#showFacts();
    this.#showRefusals();
  }

  #open(isOpen: boolean): void {
    this.#isOpen = isOpen;
    this.#body.hidden = !isOpen;
    this.#tools.hidden = !isOpen;
    this.#toggle.setAttribute('aria-expanded', String(isOpen));
    this.element.classList.toggle('open', isOpen);
  }

  #showFacts(): void {
    const facts = factsOf(this.#recorder);
    const shape = JSON.stringify(facts.map(([name, value]) => [name, typeof value === 'string' ? '' : value]));
    if (shape === this.#shownFacts) {
      // Only times have changed.
      const texts = this.#facts.querySelectorAll('dd');
      facts.forEach(([, value], at) => {
        if (typeof value === 'string' && texts[at]!.textContent !== value) texts[at]!.textContent = value;
      });
      return;
    }
    this.#shownFacts = shape;
    const rows = facts.map(([name, value]) => {
      const items = typeof value === 'string' ? [] : value.map((one) => make('li', {}, named(one)));
      const shown = typeof value === 'string' ? value : make('ul', {}, ...items);
      return make('div', {}, make('dt', {}, name), make('dd', {}, shown));
    });
    this.#facts.replaceChildren(...rows);
  }

  #showRefusals(): void {
    const { refusals } = this.#recorder;
    const shown = JSON.stringify(refusals);
    if (shown === this.#shownRefusals) return;
    this.#shownRefusals = shown;
    this.#none.hidden = refusals.length > 0;
    this.#refusals.replaceChildren(...refusals.map((refusal) => this.#refusal(refusal)));
  }

  #refusal({ code, status, message, help, request, at, count }: Refusal): HTMLElement {
    const time = make('time', { datetime: at.toISOString() }, at.toLocaleTimeString());
    const often = count > 1 ? [make('span', { class: 'often' }, `${count} times`)] : [];
    const what = [request, status > 0 && `status ${status}`].filter(Boolean).join(', ');
    const link = this.#reference && `${this.#reference.split('#')[0]}#${encodeURIComponent(code)}`;
    const more = link && make('a', { href: link, target: '_blank', rel: 'noopener noreferrer' }, 'About this code');
    return make(
      'li',
      {},
      make('div', { class: 'what' }, make('code', {}, code), ...often, time),
      ...(what ? [make('p', { class: 'request' }, named(what))] : []),
      make('p', {}, named(message)),
      make('p', { class: 'help' }, make('b', {}, 'What to do: '), named(help)),
      ...(more ? [make('p', {}, more)] : []),
    );
  }
}

/** A text of others, which cannot turn the text around it. */
function named(text: string): HTMLElement {
  return make('bdi', {}, text);
}

function icon(path: string): SVGElement {
  const [svg, line] = ['svg', 'path'].map((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag));
  svg!.setAttribute('viewBox', '0 0 24 24');
  svg!.setAttribute('aria-hidden', 'true');
  line!.setAttribute('d', path);
  svg!.append(line!);
  return svg as SVGElement;
}

/** The facts of a connection by name: a text, or a list. */
function factsOf(recorder: Recorder): [string, string | string[]][] {
  const description = recorder.describe();
  if (!description) return [['State', 'connecting failed']];
  const { kind, scopes, origins, subject, secondsLeft, refreshInSeconds } = description;
  const facts: [string, string | string[]][] = [];
  if (!recorder.hasToken()) facts.push(['Expires', 'has expired: no token is in use']);
  else if (secondsLeft !== null) facts.push(['Expires', `in ${duration(secondsLeft)}`]);
  else facts.push(['Expires', kind === 'publishable' ? 'not known to the page' : 'never']);
  if (kind === 'temporary') {
    facts.push(['Next refresh', nextRefresh(recorder, refreshInSeconds)]);
    const isRefreshed = refreshInSeconds !== null || recorder.isRefreshing || recorder.hasEnded || recorder.leader;
    if (isRefreshed) facts.push(...refreshes(recorder));
  }
  if (!recorder.hasToken()) return facts;
  facts.push(['Scopes', scopes === null ? 'not known: the token is opaque' : scopes.length === 0 ? 'none' : scopes]);
  if (origins !== null) facts.push(['Origins', origins.length === 0 ? 'any' : origins]);
  if (subject !== null) facts.push(['Visitor', [subject]]);
  return facts;
}

function refreshes({ refreshes, leader }: Recorder): [string, string][] {
  const { 'this tab': own, 'another tab': others } = refreshes;
  const tabs = { 'this tab': 'this tab leads', 'another tab': 'another tab leads, this one shares its token' };
  return [
    ['Refreshes', others === 0 ? `${own}` : `${own + others}: ${own} by this tab, ${others} by others`],
    ['Tabs', leader ? tabs[leader] : 'known with the next refresh'],
  ];
}

function nextRefresh({ isRefreshing, hasEnded }: Recorder, seconds: number | null): string {
  if (isRefreshing) return 'now: the provider is being called';
  if (hasEnded) return 'none: the provider refused';
  return seconds === null ? 'none is planned' : `in ${duration(seconds)}`;
}
