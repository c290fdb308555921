// What the patterns in the origin field match, while a person types: decided by the service's own code, in WebAssembly.
import start, { explain, matches } from './origins-wasm.js';

const field = document.getElementById('origins');
const shown = document.getElementById('origins-shown');
const attempt = document.getElementById('try');
const page = document.getElementById('page');
const answer = document.getElementById('page-answer');

/** Makes an element with a text, which is shown literally. */
function element(name, text, className = '') {
  return Object.assign(document.createElement(name), { textContent: text, className });
}

const patterns = () => field.value.split('\n').map((line) => line.trim()).filter((line) => line !== '');

/** Shows what one pattern matches. */
function item(pattern) {
  const all = document.createElement('li');
  const examples = document.createElement('ul');
  all.append(element('code', pattern));
  for (const line of explain(pattern).split('\n')) {
    const text = line.slice(1);
    if (line[0] === '!') all.append(element('p', text, 'field-problem'));
    else if (line[0] === '~') all.append(element('p', 'An international name: the service writes it in ASCII.', 'note'));
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

/** Says whether the page that a person typed would be allowed. */
function judge() {
  if (page.value.trim() === '') return void (answer.textContent = '');
  let origin;
  try {
    origin = new URL(page.value.trim()).origin;
  } catch {
    answer.className = 'note';
    answer.textContent = 'Write the address with its scheme, such as https://shop.example.com/cart.';
    return;
  }
  const by = patterns().find((pattern) => matches(pattern, origin));
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
