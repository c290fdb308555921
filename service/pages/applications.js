import { attempt, send, tell } from './service.js';

const find = (selector, within = document) => within.querySelector(selector);

/** Makes an element with a text. */
function element(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}

function section({ client, organization, scopes, givenAt }) {
  const copy = find('template').content.cloneNode(true).firstElementChild;
  const day = new Date(givenAt * 1000).toLocaleDateString('en', { dateStyle: 'long' });
  find('bdi', copy).textContent = client.name;
  find('p', copy).textContent = `In ${organization.name}, since ${day}`;
  const items = scopes.map(({ scope, description }) => {
    const item = document.createElement('li');
    item.append(element('span', description), ' ', element('code', scope));
    return item;
  });
  find('ul', copy).replaceChildren(...items);
  const button = find('button', copy);
  button.setAttribute('aria-label', `Withdraw the access of ${client.name}`);
  button.addEventListener(
    'click',
    attempt(button, async () => {
      await send('DELETE', `v2/consent/${encodeURIComponent(client.id)}`);
      await show();
      find('#title').focus();
    }),
  );
  return copy;
}

async function show() {
  const { consents } = await send('GET', 'v2/consent');
  find('#none').hidden = consents.length > 0;
  find('#consents').replaceChildren(...consents.map(section));
}

show().catch((error) => {
  if (error.error === 'not_signed_in') location.replace('sign-in');
  else tell(error);
});
