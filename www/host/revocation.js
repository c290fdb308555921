// Revocation, measured: the milliseconds from the click to the first request that the API refuses.
import { showDeveloper, showFields } from './developer.js';
import { post } from './post.js';

const FLOOR = '/v2/floor/second';
const PAUSE = 1_000; // between requests while nothing is revoked
const LIMIT = 5_000; // a revocation that takes longer has failed

export function startRevocation({ connect }, { api }) {
  const section = document.querySelector('#revocation');
  const find = (name) => section.querySelector(`[data-testid="revocation-${name}"]`);
  const [revoke, renew] = [find('revoke'), find('renew')];
  let daypass;
  let timer;

  revoke.addEventListener('click', () => run('revoking', measure));
  renew.addEventListener('click', () => run('connecting', begin));
  run('connecting', begin);

  /** A connection with one temporary token, which the backend minted from a secret token of its own. */
  async function begin() {
    const { sourceId, ...temporaryToken } = await post('live-token');
    for (const text of section.querySelectorAll('.source-id')) text.textContent = sourceId;
    daypass?.close();
    daypass = await connect({ api, temporaryToken });
    find('requests').replaceChildren();
    find('time').textContent = '0 ms';
    const { kind, scopes } = daypass.describe();
    showFields(find('developer'), { token: `${kind}, a JWT`, 'minted from': sourceId, scopes: scopes.join(' '), request: `GET ${FLOOR}`, next: 'press “Revoke now”' });
    show(await read());
  }

  async function measure() {
    const clicked = performance.now();
    // #region measure
    const revoking = post('revoke-live-token');
    let error;
    do {
      const response = await daypass.fetch(FLOOR);
      addMark(response);
      error = await daypass.refusal(response);
    } while (!error && performance.now() - clicked < LIMIT);
    const milliseconds = Math.round(performance.now() - clicked);
    // #endregion
    await revoking;
    if (error) find('time').textContent = `${milliseconds} ms`;
    show(error);
  }

  async function read() {
    const response = await daypass.fetch(FLOOR);
    addMark(response);
    return daypass.refusal(response);
  }

  /** Reads again from time to time: a command in a terminal revokes the token too. */
  async function watch() {
    const error = document.hidden ? null : await read();
    if (section.dataset.state === 'allowed') show(error);
  }

  async function run(state, action) {
    clearTimeout(timer);
    section.dataset.state = state;
    revoke.disabled = renew.disabled = true;
    find('status').textContent = { connecting: 'creating a token', revoking: 'revoking' }[state];
    try {
      await action();
    } catch (error) {
      show(error);
    }
  }

  function show(error) {
    section.dataset.state = error ? 'refused' : 'allowed';
    find('status').textContent = error ? `refused: ${error.code ?? error.name}` : 'allowed: HTTP 200';
    revoke.disabled = Boolean(error);
    renew.disabled = !error;
    if (error) showDeveloper(find('developer'), error);
    else timer = setTimeout(() => watch().catch(show), PAUSE);
  }

  function addMark({ ok, status }) {
    const mark = document.createElement('i');
    mark.className = ok ? 'ok' : 'no';
    mark.title = `HTTP ${status}`;
    find('requests').append(mark);
    while (find('requests').children.length > 90) find('requests').firstElementChild.remove();
  }
}
