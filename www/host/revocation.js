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

  revoke.addEventListener('click', () => run('revoking', revokeNow));
  renew.addEventListener('click', () => run('connecting', begin));
  run('connecting', begin);

  /** A connection with one temporary token, which the backend minted from a secret token of its own. */
  async function begin() {
    const { sourceId, ...temporaryToken } = await post('live-token');
    for (const text of section.querySelectorAll('.source-id')) text.textContent = sourceId;
    daypass?.close();
    daypass = await connect({ api, temporaryToken });
    find('requests').replaceChildren();
    find('time').textContent = '– ms';
    const { kind, scopes } = daypass.describe();
    showFields(find('developer'), {
      token: `${kind}, a JWT`,
      source: sourceId,
      scopes: scopes.join(' '),
      request: `GET ${FLOOR}`,
      next: 'press “Revoke now”',
    });
    show(await read());
  }

  // #region measure
  async function measure() {
    const clicked = performance.now();
    const revoking = post('revoke-live-token');
    let error;
    do error = await read();
    while (!error && performance.now() - clicked < LIMIT);
    const milliseconds = Math.round(performance.now() - clicked);
    await revoking;
    return { error, milliseconds };
  }

  async function read() {
    const response = await daypass.fetch(FLOOR);
    const error = await daypass.refusal(response);
    await response.arrayBuffer(); // frees the connection
    addMark(response);
    return error;
  }
  // #endregion

  async function revokeNow() {
    const { error, milliseconds } = await measure();
    if (error) find('time').textContent = `${milliseconds} ms`;
    show(error);
  }

  /** Reads again from time to time: a command in a terminal revokes the token too. */
  async function watch() {
    const current = daypass;
    const error = document.hidden ? null : await read();
    // A click may have come in between.
    if (daypass === current && section.dataset.state === 'allowed') show(error);
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
