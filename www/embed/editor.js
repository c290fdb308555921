// Floorline's editor: a page of the product in the customer's frame, opened with a bundle or a session token, and
// nothing else.
import { startEditing } from './editor-name.js';
import { setLanguage } from './editor-texts.js';
import { connect, mount } from './viewer.js';

// #region open
const opened = open();
const file = opened.then(({ parameters }) => parameters.file);
const source = opened.then(chooseSource);
mount(document.querySelector('#floor'), source, file);
opened.then(start, showNothing);

async function open() {
  const bundle = takeBundle(); // out of the address too
  const config = await fetch('config.json');
  const { service, api } = await config.json();
  return connect({ service, api, bundle });
}
// #endregion

/** Takes the bundle or the session token out of the address, so that no history entry, bookmark or referrer has it. */
function takeBundle() {
  const url = new URL(location.href);
  const bundle = url.searchParams.get('token') ?? url.searchParams.get('bundle') ?? '';
  url.searchParams.delete('token');
  url.searchParams.delete('bundle');
  history.replaceState(history.state, '', url);
  return bundle;
}

/**
 * Returns what a floor is read from: the API, with the token, or without one a file anywhere, whose URL is a parameter.
 * `file` wins when both are there.
 */
function chooseSource(daypass) {
  const { file, fileUrl } = daypass.parameters;
  if (file !== undefined || fileUrl === undefined) return daypass;
  return { fetch: () => fetch(fileUrl, { credentials: 'omit' }), refusal: async () => null };
}

/** Starts with the parameters: the language, and whether the file may be edited. */
function start(daypass) {
  const { parameters } = daypass;
  const texts = setLanguage(parameters.locale);
  showParameters(parameters, texts);
  // A file that is given by its URL is shown only.
  const isEditor = parameters.access === 'edit' && parameters.file !== undefined;
  document.body.dataset.access = isEditor ? 'edit' : 'view';
  document.querySelector('#access').textContent = isEditor ? texts.edit : texts.view;
  document.querySelector('#rename').hidden = !isEditor;
  if (isEditor) startEditing(daypass, texts);
}

function showParameters(parameters, texts) {
  const { workspace, file, fileUrl, userId } = parameters;
  document.querySelector('#where').textContent = [workspace, file ?? fileUrl].filter(Boolean).join(' / ');
  document.querySelector('#who').textContent = userId ?? '';

  const keys = Object.keys(parameters);
  document.querySelector('#summary').textContent = texts.summary(keys.length);
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
