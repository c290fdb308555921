/** Checks what `mount` is given, before anything is made. */
import { findOrigins } from './host-greeter.js';
import type { AttributeValue, FrameAttribute, MountOptions } from './host-options.js';

const ATTRIBUTES: Record<FrameAttribute, true> = {
  'allow': true,
  'allowfullscreen': true,
  'class': true,
  'credentialless': true,
  'csp': true,
  'dir': true,
  'exportparts': true,
  'fetchpriority': true,
  'frameborder': true,
  'height': true,
  'hidden': true,
  'id': true,
  'inert': true,
  'lang': true,
  'loading': true,
  'name': true,
  'part': true,
  'referrerpolicy': true,
  'role': true,
  'sandbox': true,
  'scrolling': true,
  'slot': true,
  'style': true,
  'tabindex': true,
  'translate': true,
  'width': true,
};

/** What is to be made of the options. */
export interface Plan {
  address: URL;
  /** The origins that tokens may be sent to. */
  origins: Set<string>;
  attributes: Map<string, string>;
}

/** Reads the options, or throws a `TypeError` that names the invalid one. */
export function check(element: unknown, options: MountOptions): Plan {
  if (typeof (element as Element | null)?.append !== 'function') {
    throw invalid('the first argument', 'an element of the page', element);
  }
  if (Object(options) !== options) throw invalid('the second argument', 'an object of options', options);
  const { url, origins, provider, title, onRejected, ...others } = options;
  const address = toUrl(url);
  if (!address) throw invalid('`url`', 'the URL of the embed', url);
  const allowed = findOrigins(address, origins);
  if (typeof provider !== 'function' && !/^https?:$/.test(toUrl(provider)?.protocol ?? '')) {
    throw invalid('`provider`', 'a URL or a function', provider);
  }
  if (typeof title !== 'string' || title.trim() === '') {
    throw invalid('`title`', 'a text that tells screen readers what is in the frame', title);
  }
  if (onRejected !== undefined && typeof onRejected !== 'function') {
    throw invalid('`onRejected`', 'a function', onRejected);
  }
  const attributes = new Map([['title', title]]);
  for (const [name, value] of Object.entries(others)) {
    const text = toAttribute(name.toLowerCase(), value);
    if (text !== undefined) attributes.set(name, text);
  }
  return { address, origins: allowed, attributes };
}

/** Returns the absolute URL of a text or a `URL`, that of another realm too. */
function toUrl(given: unknown): URL | undefined {
  const text = typeof given === 'string' ? given : (given as URL | null | undefined)?.href;
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  try {
    return new URL(text, document.baseURI);
  } catch {
    return undefined;
  }
}

/** Returns the text of an attribute; `undefined` if it is left out. */
function toAttribute(name: string, value: AttributeValue): string | undefined {
  if (!Object.hasOwn(ATTRIBUTES, name) && !/^(aria|data)-./.test(name)) {
    throw new TypeError(`mount: there is no option and no attribute \`${name}\`. Check its spelling.`);
  }
  if (value === undefined || value === null || value === false) return undefined;
  if (value === true) return '';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalid(`\`${name}\``, 'a text, a number or a boolean', value);
}

function invalid(name: string, expected: string, given: unknown): TypeError {
  const seen = typeof given === 'string' ? `\`${given}\`` : given === null ? 'null' : `of type ${typeof given}`;
  return new TypeError(`mount: ${name} must be ${expected}; it is ${seen}.`);
}
