// Four tokens that must not work, each seen by the visitor and by the developer.
import { showDeveloper } from './developer.js';

export function startRefusals({ connect, mount }, { api, service, foreignToken, revokedToken }) {
  show('wrong-origin', 'Wrong origin', 'A publishable token that was made for another website.', ({ visitor }) =>
    mount(visitor, connect({ api, service, publishableToken: foreignToken }), 'ground'));

  show('revoked', 'Revoked token', 'A publishable token that was right for this page until it was withdrawn.', ({ visitor }) =>
    mount(visitor, connect({ api, service, publishableToken: revokedToken }), 'ground'));

  show('expired', 'Expired token', 'A temporary token of five seconds, and nobody who brings a new one.', async ({ visitor, clock }) => {
    const temporaryToken = await temporary(['floor:readPrivate'], 5);
    const connecting = connect({ api, service, temporaryToken });
    const viewer = await mount(visitor, connecting, 'first');
    if (viewer.error) return viewer;
    await ended(await connecting, clock);
    await viewer.reload();
    return viewer;
  });

  show('missing-scope', 'Missing scope', 'A temporary token for public floors, used on a private one.', ({ visitor }) =>
    mount(visitor, temporary(['floor:readPublic'], 900).then((temporaryToken) => connect({ api, service, temporaryToken })), 'first'));
}

async function show(id, title, text, run) {
  const article = document.querySelector('#refusal').content.firstElementChild.cloneNode(true);
  article.dataset.testid = `refusal-${id}`;
  article.querySelector('h3').textContent = title;
  article.querySelector('p').textContent = text;
  document.querySelector('#refusal-list').append(article);

  const developer = article.querySelector('.developer');
  const clock = article.querySelector('.clock');
  let error;
  try {
    ({ error } = await run({ visitor: article.querySelector('.visitor'), clock }));
  } catch (failure) {
    error = failure;
  }
  if (error) showDeveloper(developer, error);
  else developer.textContent = 'This token was expected to be refused, and was not.';
}

/** A temporary token that the page comes with, as a page rendered on a server would. */
async function temporary(scopes, durationSeconds) {
  const response = await fetch('floor-token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ scopes, durationSeconds }),
  });
  if (!response.ok) throw new Error(`Northlight’s backend answered ${response.status}.`);
  return response.json();
}

/** Counts down until the connection's token has ended. */
async function ended(daypass, clock) {
  for (let left; (left = daypass.describe().secondsLeft) > 0; ) {
    clock.textContent = `Ends in ${Math.ceil(left)} s`;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  clock.textContent = 'It has ended, and the floor was asked for again.';
}
