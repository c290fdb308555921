// What the patterns in the origin field match, while a person types: decided by the service's own code, in WebAssembly.
import start, { explain, matches } from './origins-wasm.js';

const field = document.getElementById('origins');
const shown = document.getElementById('origins-shown');
const attempt = document.getElementById('try');
const page = document.getElementById('page');
const answer = document.getElementById('page-answer');
/** The schemes for whose pages browsers send `null`. */
const OPAQUE = ['about:', 'data:', 'file:', 'filesystem:', 'javascript:'];

/** Makes an element with a text, which is shown literally. */
function element(name, text, className = '') {
  return Object.assign(document.createElement(name), { textContent: text, className });
}

const patterns = () => field.value.split('\n').map((line) => line.trim()).filter((line) => line !== '');

/** Writes a pattern with an international name as the service does: as browsers send it. A label with a `*` stays. */
function toAscii(pattern) {
  const [, scheme = '', label = '', host, port = ''] = /^([^/]*:\/\/)?([^.]*\*[^.]*\.)?(.*?)(:\d+)?$/.exec(pattern);
  // What else a URL has is no part of a pattern.
  if (/^[\0-\x7f]*$/.test(host) || /[/\\?#@:%]/.test(host)) return pattern;
  try {
    return scheme + label + new URL(`https://${host}`).hostname + port;
  } catch {
    return pattern;
  }
}

/** Shows what one pattern matches. */
function item(pattern) {
  const all = document.createElement('li');
  const examples = document.createElement('ul');
  const ascii = toAscii(pattern);
  all.append(element('code', pattern));
  if (ascii !== pattern) all.append(element('p', `Browsers send it as ${ascii}.`, 'note'));
  for (const line of explain(ascii).split('\n')) {
    const text = line.slice(1);
    if (line[0] === '!') all.append(element('p', text, 'field-problem'));
    else {
      const example = element('li', '', line[0] === '+' ? 'matches' : 'differs');
      example.append(element('span', line[0] === '+' ? 'matches ' : 'does not match ', 'hint'), element('code', text));
      examples.append(example);
    }
  }
  if (examples.children.length > 0) all.append(examples);
  return all;
}

function show() {
  const list = element('ul', '', 'origins-shown');
  list.append(...patterns().slice(0, 20).map(item));
  shown.replaceChildren(...(list.children.length > 0 ? [list] : []));
}

/** Returns the origin that a browser sends for the page at an address. Throws for a text that is no address. */
function originOf(address) {
  const { origin, protocol } = new URL(address);
  // Chromium reads `file://` there.
  if (OPAQUE.includes(protocol)) return 'null';
  if (origin !== 'null') return origin;
  // Browsers differ in what they read in a URL of a scheme that is not the web's.
  return protocol + /^[^:]*:((\/\/[^/?#]+)?)/.exec(address)[1];
}

/** Says whether the page that a person typed would be allowed. */
function judge() {
  if (page.value.trim() === '') return void (answer.textContent = '');
  let origin;
  try {
    origin = originOf(page.value.trim());
  } catch {
    answer.className = 'note';
    answer.textContent = 'Write the address with its scheme, such as https://shop.example.com/cart.';
    return;
  }
  const by = patterns().find((pattern) => matches(toAscii(pattern), origin));
  answer.className = by === undefined ? 'differs' : 'matches';
  answer.textContent = by === undefined ? `${origin} would be refused.` : `${origin} is allowed by ${by}.`;
}

await start();
attempt.hidden = false;
show();
field.addEventListener('input', () => {
  show();
  judge();
});
page.addEventListener('input', judge);
