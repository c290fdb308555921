// A publishable token: one line of options, one request.
import { showDeveloper } from './developer.js';

export async function startPublicFloor({ connect, mount }, { api, service, publishableToken }) {
  const section = document.querySelector('#public');
  const element = section.querySelector('[data-testid="public-floor"]');
  const cost = section.querySelector('[data-testid="public-cost"]');

  // #region connect
  const connection = connect({ api, service, publishableToken });
  const viewer = await mount(element, connection, 'ground');
  if (viewer.error) {
    cost.textContent = 'refused';
    showDeveloper(section.querySelector('.developer'), viewer.error);
    return;
  }
  // #endregion

  // What the page can count. Only the browser knows whether there was a preflight: the end-to-end test asks it.
  const isOwn = ({ name }) => name.startsWith(api) && name.includes(publishableToken);
  const requests = performance.getEntriesByType('resource').filter(isOwn);
  const milliseconds = Math.round(requests.at(-1)?.duration ?? 0);
  cost.textContent = `${requests.length} request${requests.length === 1 ? '' : 's'}, no preflight, ${milliseconds} ms`;
}
