// The partner's page: it asks its backend for a session token, and opens the editor with that token and nothing else.
import { startCopying } from './copy.js';
import { post } from './post.js';

const find = (name) => document.querySelector(`[data-testid="${name}"]`);
const frame = find('editor-frame');
const buttons = document.querySelectorAll('[data-choice]');
let service;
let token;
let latest = 0;

start().catch((error) => (find('answer').textContent = `The demo cannot start: ${error.message}`));

async function start() {
  startCopying();
  const { service: origin, embed } = await (await fetch('config.json')).json();
  service = origin;
  for (const button of buttons) button.addEventListener('click', () => open(button.dataset.choice, embed));
  find('verify').addEventListener('click', () => verify(token));
  find('verify-wrong').addEventListener('click', () => verify(crypto.randomUUID()));
  await open('edit', embed);
}

// #region open
async function open(choice, editor) {
  const turn = ++latest;
  for (const button of buttons) button.ariaPressed = String(button.dataset.choice === choice);
  const session = await post('session', { choice });
  if (turn !== latest) return;
  token = session.token;
  find('verify').disabled = false;
  find('answer').textContent = JSON.stringify(session, null, 2);
  frame.dataset.choice = choice;
  // One opaque token in the address, and no parameter.
  frame.src = `${editor}/editor.html?${new URLSearchParams({ token })}`;
}
// #endregion

// #region verify
async function verify(token) {
  const headers = { 'x-api-token': token };
  const response = await fetch(`${service}/verify`, { headers });
  const answer = JSON.stringify(await response.json(), null, 2);
  find('verified').textContent = `HTTP ${response.status}\n${answer}`;
}
// #endregion
