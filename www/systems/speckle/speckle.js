// A person's profile on a Speckle server: the personal tokens, a dialog that creates one, and the request of the
// documentation with a token.
import { startCopying } from './copy.js';
import { post } from './post.js';

const find = (name) => document.querySelector(`[data-testid="${name}"]`);
const dialog = find('dialog');
const form = find('form');
let scopes = [];

start().catch((error) => tell('problem', error));

async function start() {
  startCopying();
  find('new-token').addEventListener('click', open);
  form.addEventListener('submit', (event) => save(event).catch((error) => tell('refused', error)));
  dialog.addEventListener('close', forget);
  find('close').addEventListener('click', () => dialog.close());
  find('use-it').addEventListener('click', () => {
    find('use').elements.token.value = find('created-token').textContent;
    dialog.close();
  });
  find('use').addEventListener('submit', use);
  await show();
  find('new-token').disabled = false; // its dialog offers the scopes that the server named
}

/** Asks the server's backend, and throws what is wrong in its words. */
async function ask(action, token) {
  const { data, errors } = await post('profile', { action, token });
  if (errors) throw new Error(errors[0].message);
  return data;
}

async function show() {
  const { serverInfo, activeUser } = await ask('show');
  ({ scopes } = serverInfo);
  find('person').textContent = `${activeUser.name}, ${activeUser.email}`;
  find('tokens').replaceChildren(...activeUser.apiTokens.map(row));
}

/** SECURITY: names are texts of people: they are set as text, never as HTML. */
function row({ id, name, lastChars, scopes, createdAt, lastUsed }) {
  const item = document.createElement('li');
  const used = lastUsed ? `last used ${date(lastUsed)}` : 'not used yet';
  item.append(
    element('b', name),
    element('small', `${id}… ends with ${lastChars}, created ${date(createdAt)}, ${used}`),
    element('small', scopes.join(', ')),
    button('Revoke', name, () => revoke(id)),
  );
  return item;
}

function element(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}

function button(text, name, act) {
  const made = Object.assign(element('button', text), { type: 'button', ariaLabel: `${text} ${name}` });
  made.addEventListener('click', () => act().catch((error) => tell('problem', error)));
  return made;
}

function date(text) {
  return new Date(text).toLocaleDateString('en', { dateStyle: 'medium' });
}

function open() {
  find('scopes').replaceChildren(...scopes.map(choice));
  dialog.showModal();
}

function choice({ name, description }) {
  const label = document.createElement('label');
  const box = Object.assign(document.createElement('input'), { type: 'checkbox', name: 'scope', value: name });
  label.append(box, element('span', name), element('small', description));
  return label;
}

// #region create
async function save(event) {
  if (event.submitter?.value !== 'save') return;
  event.preventDefault();
  const fields = new FormData(form);
  const { apiTokenCreate } = await ask('create', {
    name: fields.get('name'),
    scopes: fields.getAll('scope'),
    lifespan: Number(fields.get('lifespan')),
  });
  form.hidden = true;
  find('created').hidden = false;
  find('created-token').textContent = apiTokenCreate;
  await show();
}
// #endregion

/** The token is shown this once. */
function forget() {
  form.reset();
  form.hidden = false;
  find('created').hidden = true;
  find('created-token').textContent = '';
  find('refused').hidden = true;
}

// #region revoke
async function revoke(id) {
  await ask('revoke', id);
  await show();
}
// #endregion

// #region use
async function countStreams(token) {
  let res = await fetch('/graphql', {
    method: 'POST',
    headers: {
      Authorization: 'Bearer ' + token, // <- Passing in the token!
      'Content-Type': 'application/json'
    },
    body: JSON.stringify({ query: `{ user { id suuid streams { totalCount } } }` })
  })
  return res
}
// #endregion

async function use(event) {
  event.preventDefault();
  const response = await countStreams(find('use').elements.token.value);
  const body = JSON.stringify(await response.json(), null, 2);
  find('answer').textContent = `HTTP ${response.status}\n${body}`;
}

function tell(name, error) {
  find(name).textContent = error.message;
  find(name).hidden = false;
}
