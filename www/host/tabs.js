// Several tabs of this page share each token: the SDK lets one tab call the provider. This section counts the calls.
import { post } from './post.js';

const NAME = 'northlight-tab';

export function startTabs({ connect }, { api }) {
  const own = crypto.randomUUID();
  const callsOf = new Map([[own, 0]]); // provider calls of each tab
  let tokens = 0;
  const channel = new BroadcastChannel(NAME);

  document.querySelector('[data-testid="open-tab"]').href = location.href;
  channel.addEventListener('message', ({ data: { tab, calls, isNew } }) => {
    callsOf.set(tab, calls);
    if (isNew) announce();
    show();
  });
  // Each tab holds this lock, and the browser releases it however the tab ends.
  navigator.locks.request(NAME, { mode: 'shared' }, () => new Promise(() => {}));
  announce(true);
  setInterval(show, 1_000);
  keepToken().catch((error) => console.error(`Northlight: ${error.message}`));

  async function keepToken() {
    // #region connect
    const daypass = await connect({
      api,
      share: 'northlight', // one token for all tabs with this name
      scopes: ['floor:readPublic'],
      durationSeconds: 10,
      provider: async (request) => {
        count({ calls: 1 });
        return post('floor-token', request);
      },
    });
    count({ tokens: 1 });
    daypass.addEventListener('refreshed', () => count({ tokens: 1 }));
    // #endregion
  }

  function count({ calls = 0, tokens: arrived = 0 }) {
    callsOf.set(own, callsOf.get(own) + calls);
    tokens += arrived;
    if (calls) announce();
    show();
  }

  function announce(isNew = false) {
    channel.postMessage({ tab: own, calls: callsOf.get(own), isNew });
  }

  async function show() {
    const { held } = await navigator.locks.query();
    const numbers = {
      open: held.filter(({ name }) => name === NAME).length,
      'all-calls': [...callsOf.values()].reduce((sum, calls) => sum + calls, 0),
      calls: callsOf.get(own),
      tokens,
    };
    for (const [name, number] of Object.entries(numbers)) {
      document.querySelector(`[data-testid="tabs-${name}"]`).textContent = number;
    }
  }
}
