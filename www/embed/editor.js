// Floorline's editor: a page of the product in the customer's iframe, opened with nothing but a bundle.
import { connect, mount } from './viewer.js';

const connecting = open();
mount(document.querySelector('#floor'), connecting, connecting.then(({ parameters }) => parameters.file));
connecting.then(({ parameters }) => showParameters(parameters), () => {
  document.querySelector('#summary').textContent = 'Nothing was opened.';
});

async function open() {
  const bundle = takeBundle();
  const { service, api } = await (await fetch('config.json')).json();
  return connect({ service, api, bundle });
}

/** Takes the bundle out of the address, so that it stays in no history, bookmark or referrer. */
function takeBundle() {
  const url = new URL(location.href);
  const bundle = url.searchParams.get('bundle') ?? '';
  url.searchParams.delete('bundle');
  history.replaceState(history.state, '', url);
  return bundle;
}

function showParameters(parameters) {
  const { workspace, file, userId } = parameters;
  document.querySelector('#where').textContent = [workspace, file].filter(Boolean).join(' / ');
  document.querySelector('#who').textContent = userId ?? '';

  const keys = Object.keys(parameters);
  document.querySelector('#summary').textContent = `${keys.length} parameters, none of them in this page’s address.`;
  const table = document.querySelector('#parameters');
  table.tBodies[0].replaceChildren(...keys.map((key) => row(key, parameters[key])));
  table.hidden = false;
}

function row(key, value) {
  const row = document.createElement('tr');
  const name = document.createElement('th');
  name.scope = 'row';
  name.textContent = key;
  const cell = document.createElement('td');
  // One line with spaces, which wraps better than none. (A line break within a text is escaped, so it is not touched.)
  cell.textContent = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
  row.append(name, cell);
  return row;
}
