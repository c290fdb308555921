// Floorline's editor: a page of the product in the customer's frame, opened with a bundle and nothing else.
import { connect, mount } from './viewer.js';

// #region open
const connecting = open();
const file = connecting.then(({ parameters }) => parameters.file);
mount(document.querySelector('#floor'), connecting, file);
connecting.then(showParameters, showNothing);

async function open() {
  const bundle = takeBundle(); // out of the address too
  const config = await fetch('config.json');
  const { service, api } = await config.json();
  return connect({ service, api, bundle });
}
// #endregion

/** Takes the bundle out of the address, so that no history entry, bookmark or referrer has it. */
function takeBundle() {
  const url = new URL(location.href);
  const bundle = url.searchParams.get('bundle') ?? '';
  url.searchParams.delete('bundle');
  history.replaceState(history.state, '', url);
  return bundle;
}

function showParameters({ parameters }) {
  const { workspace, file, userId } = parameters;
  document.querySelector('#where').textContent = [workspace, file].filter(Boolean).join(' / ');
  document.querySelector('#who').textContent = userId ?? '';

  const keys = Object.keys(parameters);
  document.querySelector('#summary').textContent = `${keys.length} parameters, none of them in this page’s address.`;
  const table = document.querySelector('#parameters');
  table.tBodies[0].replaceChildren(...keys.map((key) => row(key, parameters[key])));
  table.hidden = false;
}

function showNothing() {
  document.querySelector('#summary').textContent = 'Nothing was opened.';
}

function row(key, value) {
  const row = document.createElement('tr');
  const name = document.createElement('th');
  name.scope = 'row';
  name.textContent = key;
  const cell = document.createElement('td');
  // One line with spaces wraps best. A line break within a text is escaped, so this does not change it.
  cell.textContent = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
  row.append(name, cell);
  return row;
}
