// The shop's page: its configurator, which a public token opens, and the settings of its tokens.
import { startCopying } from './copy.js';
import { post } from './post.js';
import { startSettings } from './settings.js';

const find = (name) => document.querySelector(`[data-testid="${name}"]`);
const place = find('configurator');
const answer = find('answer');
let config;
let player;

start().catch((error) => (answer.textContent = `The demo cannot start: ${error.message}`));

async function start() {
  startCopying();
  config = await (await fetch('config.json')).json();
  for (const button of document.querySelectorAll('[data-token]')) {
    button.addEventListener('click', () => open(config[button.dataset.token], button));
  }
  find('save').addEventListener('click', () => run('Saved', () => save()));
  find('resume').addEventListener('click', () => run('Opened again', () => call('GET', `/api/configurations/${saved.shortId}`)));
  for (const button of document.querySelectorAll('[data-path]')) {
    button.addEventListener('click', () => run('Allowed', () => call(button.dataset.method, button.dataset.path)));
  }
  find('overview').addEventListener('click', async () => {
    find('seen').textContent = JSON.stringify(await post('overview'), null, 2);
  });
  await startSettings(config, (token) => open(token));
  await open(config.publicToken, document.querySelector('[data-token="publicToken"]'));
}

let token;
let saved = {};

// #region open
async function open(authToken, pressed) {
  token = authToken;
  for (const button of document.querySelectorAll('[data-token]')) button.ariaPressed = String(button === pressed);
  const { threekitPlayer } = await import(`${config.api}/app/configurator.js`);
  await run('Ready', async () => {
    player = await threekitPlayer({ authToken, el: place, assetId: config.assetId });
    find('save').disabled = false;
    return player.sendEvent('product session start');
  });
}
// #endregion

async function save() {
  saved = await player.saveConfiguration();
  find('resume').disabled = false;
  await player.sendEvent('product cart-add', { shortId: saved.shortId });
  return saved;
}

/** Sends a request of the page's own with the public token. */
async function call(method, path) {
  const options = method === 'POST' ? { headers: { 'Content-Type': 'application/json' }, body: '{}' } : {};
  const response = await fetch(`${config.api}${path}?bearer_token=${token}`, { method, ...options });
  const body = await response.json();
  if (response.ok) return body;
  throw Object.assign(new Error(body.message), { code: body.error, status: response.status });
}

/** Shows what a request gave, or why it was refused. */
async function run(title, request) {
  try {
    const body = await request();
    answer.textContent = `${title}\n${JSON.stringify(body, null, 2)}`;
    answer.dataset.state = 'allowed';
  } catch (error) {
    // The browser keeps the response from a page of another domain (CORS).
    const outcome = error.status ? `HTTP ${error.status} ${error.code}` : 'Stopped by the browser';
    answer.textContent = `${outcome}\n${error.message}`;
    answer.dataset.state = 'refused';
  }
}
