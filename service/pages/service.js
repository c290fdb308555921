// What the pages have in common: requests to the service, and what they show of its answers.

/** Sends a request to the service. Fails with the error that it answers. */
export async function send(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers['content-type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options).catch(() => {
    throw { error: 'network', message: 'The service cannot be reached.', help: 'Check the connection and try again.' };
  });
  const text = await response.text();
  const answer = text === '' ? null : JSON.parse(text);
  if (!response.ok) {
    throw answer;
  }
  return answer;
}

const problem = document.querySelector('[role=alert]');

/** Tells the person what happened and what to do; nothing without an error. */
export function tell(error) {
  problem.textContent = error ? [error.message, error.help].filter(Boolean).join(' ') : '';
}

/** Does what a click or a form asks for, once at a time, and tells what went wrong. */
export function attempt(button, action) {
  return async (event) => {
    event.preventDefault();
    tell(null);
    button.disabled = true;
    try {
      await action();
    } catch (error) {
      tell(error.message ? error : { message: 'The page failed.', help: 'Load it again.' });
    } finally {
      button.disabled = false;
    }
  };
}

/** Shows a button that goes to the OpenID Connect provider with a request's body, if the service has one. */
export function offerProvider(place, issuer, request) {
  if (issuer === null) return;
  place.hidden = false;
  const button = place.querySelector('button');
  button.querySelector('b').textContent = new URL(issuer).host;
  button.addEventListener(
    'click',
    attempt(button, async () => {
      const { url } = await send('POST', 'v2/session/openid-connect', request());
      location.assign(url);
    }),
  );
}
