// The host bridge: the page mounts an embed that has no token, and gives it one whenever it asks.
import { post } from './post.js';

export async function startBridge({ embed }) {
  const { mount } = await import(`${embed}/daypass/host.js`);
  const section = document.querySelector('#bridge');
  const find = (name) => section.querySelector(`[data-testid="bridge-${name}"]`);
  const place = find('place');
  const toggle = find('switch');
  let mounted = open();

  toggle.addEventListener('click', () => {
    mounted = mounted ? void mounted.close() : open();
    toggle.textContent = mounted ? 'Close embed' : 'Mount again';
  });

  function open() {
    let tokens = 0;
    // #region mount
    return mount(place, {
      url: `${embed}/bridged.html`,
      title: 'Floorline, in a frame',
      provider: async (request) => {
        // Here the page may refuse.
        const token = await post('floor-token', request);
        showGiven(request, (tokens += 1));
        return token;
      },
    });
    // #endregion
  }

  function showGiven({ scopes, durationSeconds }, tokens) {
    find('asked').textContent = `${scopes} for ${durationSeconds} s`;
    find('given').textContent = `${tokens} token${tokens === 1 ? '' : 's'} from Northlight’s backend`;
  }
}
