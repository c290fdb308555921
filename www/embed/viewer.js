// Floorline's viewer: the module that a customer's page loads from this origin.
import { drawPlan } from './plan.js';
import { sheet } from './viewer-style.js';

export { connect } from './daypass/index.js';

/**
 * Draws a floor in `element` and resolves when it is drawn or refused; it never rejects.
 * `connection` and `floorId` may be promises: a connection that fails is shown like any other refusal.
 * `element.dataset.floorline` is `loading`, `drawn` or `refused`.
 */
export async function mount(element, connection, floorId) {
  const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
  // A constructed sheet needs no exception from the host page's Content-Security-Policy.
  root.adoptedStyleSheets = [sheet];

  const viewer = { error: null, reload };
  let daypass = null;
  let latest = 0;
  await reload();
  return viewer;

  /** Asks the API again. A floor stays visible until the answer arrives, and after a failure that a retry may end. */
  async function reload() {
    const turn = ++latest;
    const shown = element.dataset.floorline === 'drawn';
    if (!shown) show('loading', loading());
    try {
      let id;
      [daypass, id] = await Promise.all([connection, floorId]);
      const floor = await load(daypass, id);
      if (turn !== latest) return;
      viewer.error = null;
      show('drawn', drawPlan(floor));
    } catch (error) {
      if (turn !== latest) return;
      viewer.error = error;
      report(error);
      if (shown && error.retryable) return;
      // Without a connection there is nothing to retry with.
      show('refused', refused(error, daypass && error.retryable ? reload : null));
    }
  }

  function show(state, content) {
    root.replaceChildren(content);
    element.dataset.floorline = state;
    element.ariaBusy = String(state === 'loading');
  }
}

// #region load
async function load(daypass, id) {
  const path = `/v2/floor/${encodeURIComponent(id)}`;
  const response = await daypass.fetch(path);
  if (response.ok) return response.json();
  // An error with a code, a message and help.
  const refusal = await daypass.refusal(response);
  throw refusal ?? new Error(`The floor API answered ${response.status}.`);
}
// #endregion

function loading() {
  const box = document.createElement('div');
  box.className = 'viewer loading';
  box.setAttribute('role', 'status');
  box.textContent = 'Drawing the floor plan…';
  return box;
}

/** What a visitor sees: no code, and what they can do themselves. */
function refused(error, retry) {
  const box = document.createElement('div');
  box.className = 'viewer refused';
  box.setAttribute('role', 'status');
  const title = document.createElement('p');
  title.className = 'title';
  title.textContent = 'This floor plan can’t be shown here right now';
  const text = document.createElement('p');
  text.textContent = VISITOR_TEXT[error.code] ?? 'Please try again in a little while.';
  box.append(title, text);
  if (retry) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Try again';
    button.addEventListener('click', retry);
    box.append(button);
  }
  return box;
}

const VISITOR_TEXT = {
  origin_not_allowed: 'It isn’t set up for this website yet.',
  token_revoked: 'This website no longer has access to it.',
  token_expired: 'You’ve been here for a while. Reload the page to see it again.',
  insufficient_scope: 'It’s only open to invited people.',
};

/** What a developer finds in the console. */
function report({ code = 'failed', status = 0, message, help = '' }) {
  console.error(`Floorline: ${code} (${status}). ${message} ${help}`.trim());
}
