// Four tokens that must not work, each seen by the visitor and by the developer.
import { showDeveloper } from './developer.js';
import { post } from './post.js';

export function startRefusals({ connect, mount }, { api, service, foreignToken, revokedToken }) {
  const withToken = (publishableToken) => ({ visitor }) =>
    mount(visitor, connect({ api, service, publishableToken }), 'ground');
  show('wrong-origin', withToken(foreignToken));
  show('revoked', withToken(revokedToken));

  show('expired', async ({ visitor, clock }) => {
    const temporaryToken = await temporary('floor:readPrivate', 5);
    const connecting = connect({ api, service, temporaryToken });
    const viewer = await mount(visitor, connecting, 'first');
    if (viewer.error) return viewer;
    await expiry(await connecting, clock);
    await viewer.reload();
    return viewer;
  });

  // #region missing-scope
  show('missing-scope', async ({ visitor }) => {
    const temporaryToken = await temporary('floor:readPublic', 900);
    const connecting = connect({ api, service, temporaryToken });
    return mount(visitor, connecting, 'first');
  });
  // #endregion
}

/** A temporary token that the page comes with, like a page that a server renders. */
function temporary(scope, durationSeconds) {
  return post('floor-token', { scopes: [scope], durationSeconds });
}

/** Runs one case; `run` resolves to a viewer, whose error is shown. */
async function show(id, run) {
  const article = document.querySelector(`[data-testid="refusal-${id}"]`);
  const answer = article.querySelector('.answer');
  let error;
  try {
    ({ error } = await run({ visitor: article.querySelector('.visitor'), clock: article.querySelector('.clock') }));
  } catch (failure) {
    error = failure;
  }
  if (error) showDeveloper(answer, error);
  else answer.textContent = 'The API accepted this token, which is a defect.';
}

/** Counts down until the connection's token has expired. */
async function expiry(daypass, clock) {
  for (let left; (left = daypass.describe().secondsLeft) > 0; ) {
    clock.textContent = `Ends in ${Math.ceil(left)} s`;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  clock.textContent = 'It has expired, and the page asked for the floor again.';
}
