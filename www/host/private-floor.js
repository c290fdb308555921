// Temporary tokens: the page names a path of its backend, the SDK keeps a token active, and this section shows how.
import { showLife } from './life.js';

const MIN_SECONDS = 5; // the minimum of the demo's token service
const wanted = Number(new URLSearchParams(location.search).get('life')) || 20;
const durationSeconds = Math.max(MIN_SECONDS, Math.round(wanted));

export function startPrivateFloor(floorline, config) {
  const toggle = document.querySelector('#private-switch');
  let run = open(floorline, config);
  document.querySelector('#life-seconds').textContent = durationSeconds;

  toggle.addEventListener('click', () => {
    run = run ? void run.close() : open(floorline, config);
    toggle.textContent = run ? 'Close connection' : 'Connect again';
  });
}

/** Connects, draws the floor, and draws it again with each new token. */
function open({ connect, mount }, { api, service }) {
  const element = document.querySelector('[data-testid="private-floor"]');
  const started = performance.now();
  let connection;
  let isClosed = false;
  let clock;
  let tokens = 1;
  log('connecting', 'asking Northlight’s backend');

  // #region connect
  const connecting = connect({
    api,
    service,
    provider: '/floor-token', // a path of this page's own backend
    scopes: ['floor:readPrivate'],
    durationSeconds,
  });
  const mounting = mount(element, connecting, 'first');
  // #endregion
  connecting.then(follow, (error) => log('failed', error.message));
  mounting.then((viewer) => viewer.error ?? log('drawn', 'floor read with token 1'));

  function follow(daypass) {
    connection = daypass;
    if (isClosed) return daypass.close();
    log('connected', `token 1, ${daypass.describe().lifetimeSeconds} s`);
    daypass.addEventListener('refreshing', ({ detail: { attempt } }) =>
      log('refreshing', `asking Northlight’s backend${attempt > 1 ? `, attempt ${attempt}` : ''}`));
    daypass.addEventListener('refreshed', async ({ detail }) => {
      const token = ++tokens;
      log('refreshed', `token ${token}, ${detail.lifetimeSeconds} s`);
      const viewer = await mounting;
      await viewer.reload();
      if (!isClosed && !viewer.error) log('drawn', `floor read with token ${token}`);
    });
    daypass.addEventListener('failed', ({ detail: { error, retryInSeconds } }) => {
      const next = retryInSeconds === null ? 'No more attempts.' : `Retry in ${Math.round(retryInSeconds)} s.`;
      log('failed', `${error.message} ${next}`);
    });
    daypass.addEventListener('expired', () => log('expired', 'no active token'));
    daypass.addEventListener('closed', () => log('closed', 'no timers, no requests'));
    clock = setInterval(() => showLife(daypass.describe()), 200);
    showLife(daypass.describe());
  }

  function log(name, text) {
    const line = document.createElement('li');
    line.dataset.event = name;
    const time = document.createElement('time');
    time.textContent = `${((performance.now() - started) / 1000).toFixed(1)} s`;
    const title = document.createElement('b');
    title.textContent = name;
    const list = document.querySelector('#log');
    line.append(time, title, ` ${text}`);
    list.append(line);
    while (list.children.length > 40) list.firstElementChild.remove();
  }

  return {
    close() {
      isClosed = true;
      clearInterval(clock);
      connection?.close();
      showLife(null);
    },
  };
}
