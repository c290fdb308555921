// Temporary tokens: the page names its backend's URL, the SDK keeps a living token, and this section shows it do so.

const MIN_SECONDS = 5; // what the demo's token service allows
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
  let closed = false;
  let clock;
  let tokens = 1;

  const connecting = connect({ api, service, provider: '/floor-token', scopes: ['floor:readPrivate'], durationSeconds });
  const mounting = mount(element, connecting, 'first');
  connecting.then(live, (error) => log('failed', error.message));
  mounting.then((viewer) => viewer.error ?? log('drawn', `floor read with token 1`));

  function live(daypass) {
    connection = daypass;
    if (closed) return daypass.close();
    log('connected', `token 1, ${daypass.describe().lifetimeSeconds} s`);
    daypass.addEventListener('refreshing', ({ detail }) => log('refreshing', `asking Northlight’s backend${detail.attempt > 1 ? `, attempt ${detail.attempt}` : ''}`));
    daypass.addEventListener('refreshed', async ({ detail }) => {
      const token = ++tokens;
      log('refreshed', `token ${token}, ${detail.lifetimeSeconds} s`);
      const viewer = await mounting;
      await viewer.reload();
      if (!closed && !viewer.error) log('drawn', `floor read with token ${token}`);
    });
    daypass.addEventListener('failed', ({ detail: { error, retryInSeconds } }) =>
      log('failed', `${error.message} ${retryInSeconds === null ? 'No more attempts.' : `Again in ${Math.round(retryInSeconds)} s.`}`));
    daypass.addEventListener('expired', () => log('expired', 'no living token'));
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
    while (list.children.length > 40) list.firstChild.remove();
    list.scrollTop = list.scrollHeight;
  }

  return {
    close() {
      closed = true;
      clearInterval(clock);
      connection?.close();
      showLife(null);
    },
  };
}

function showLife(life) {
  const bar = document.querySelector('#life-bar');
  const total = life?.lifetimeSeconds ?? 1;
  const left = life?.secondsLeft ?? 0;
  const next = life?.refreshInSeconds ?? null;
  const percent = (seconds) => `${Math.max(0, Math.min(100, (100 * seconds) / total))}%`;

  document.querySelector('#life-left').textContent = life ? `${Math.ceil(left)} s` : '–';
  document.querySelector('#life-next').textContent =
    !life ? 'connection closed' : next === null ? 'left, refreshing now' : `left, next refresh in ${Math.ceil(next)} s`;
  bar.querySelector('.fill').style.width = percent(left);
  bar.querySelector('.mark').style.left = percent(left - (next ?? left));
  bar.querySelector('.mark').hidden = next === null;
  bar.setAttribute('aria-valuenow', Math.round((100 * left) / total));
  bar.setAttribute('aria-valuetext', life ? `${Math.ceil(left)} seconds` : 'closed');
}
