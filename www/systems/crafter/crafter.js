// The admin console: it lists, shows, creates and deletes access tokens by its backend, which has the master token.
import { startCopying } from './copy.js';

const ACTIONS = ['CREATE_TENANT', 'READ_TENANT', 'UPDATE_TENANT', 'DELETE_TENANT', 'MANAGE_PROFILES', 'MANAGE_TICKETS'];
const TENANTS = ['site1', 'site2', 'site3'];

const find = (name) => document.querySelector(`[data-testid="${name}"]`);

start().catch((error) => (find('details').textContent = `The demo cannot start: ${error.message}`));

async function start() {
  startCopying();
  addTenant();
  find('add-tenant').addEventListener('click', addTenant);
  find('new').addEventListener('submit', (event) => {
    event.preventDefault();
    create(new FormData(event.target));
  });
  find('try').addEventListener('click', tryExample);
  find('delete-example').addEventListener('click', deleteExample);
  find('create-example').addEventListener('click', createExample);
  await list();
}

/** Asks the backend, and returns the status with the JSON of the answer. */
async function ask(path, body = {}) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, answer: await response.json() };
}

/** Adds a tenant to the form, with a choice of actions. */
function addTenant() {
  const number = find('tenants').childElementCount + 1;
  const group = Object.assign(document.createElement('div'), { className: 'tenant', role: 'group' });
  group.ariaLabel = `Tenant ${number}`;
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), { name: 'tenant', autocomplete: 'off' });
  input.placeholder = 'site1, or * for all';
  label.append('Tenant', input);
  const actions = Object.assign(document.createElement('div'), { className: 'actions' });
  actions.append(...[...ACTIONS, '*'].map(checkbox));
  group.append(label, actions);
  find('tenants').append(group);
}

/** Returns the tenants of the form that have a name, each with its allowed actions. */
function tenantPermissions() {
  const read = (group) => ({
    tenant: group.querySelector('[name="tenant"]').value.trim(),
    allowedActions: [...group.querySelectorAll('[name="action"]:checked')].map(({ value }) => value),
  });
  return [...find('tenants').children].map(read).filter(({ tenant }) => tenant);
}

function checkbox(action) {
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), { type: 'checkbox', name: 'action', value: action });
  label.append(input, action);
  return label;
}

function cell(row, content) {
  const cell = row.insertCell();
  cell.append(content);
  return cell;
}

function button(text, act) {
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: text });
  button.addEventListener('click', act);
  return button;
}

async function list() {
  const { answer } = await ask('list');
  const body = find('tokens').tBodies[0];
  body.replaceChildren();
  for (const token of answer) {
    const row = body.insertRow();
    cell(row, button(token.id, () => show(token.id))).className = 'id';
    cell(row, token.application);
    cell(row, token.master ? 'yes' : 'no');
    cell(row, token.expiresOn === null ? 'never' : new Date(token.expiresOn).toISOString().slice(0, 10));
    cell(row, button('Delete', () => remove(token.id)));
  }
  return answer;
}

async function show(id) {
  const { answer } = await ask('show', { id });
  find('details').textContent = JSON.stringify(answer, null, 2);
}

async function remove(id) {
  await ask('delete', { id });
  await list();
}

async function create(fields) {
  const { status, answer } = await ask('create', {
    id: fields.get('id').trim() || null,
    application: fields.get('application').trim(),
    master: fields.has('master'),
    tenantPermissions: tenantPermissions(),
    expiresOn: fields.get('expiresOn') ? Date.parse(fields.get('expiresOn')) : null,
  });
  find('created').textContent = status === 200 ? `ID: ${answer.id}` : `${answer.errorCode}: ${answer.message}`;
  await list();
}

async function tryExample() {
  const { answer } = await ask('try');
  const body = find('decisions').tBodies[0];
  body.replaceChildren();
  for (const action of new Set(answer.map((result) => result.action))) {
    const row = body.insertRow();
    cell(row, action);
    for (const tenant of TENANTS) {
      const result = answer.find((result) => result.action === action && result.tenant === tenant);
      cell(row, result.errorCode ?? 'allowed').className = result.status === 200 ? 'yes' : 'no';
    }
  }
}

async function deleteExample() {
  const example = (await list()).find((token) => token.application === 'example');
  if (example) await remove(example.id);
  find('example-state').textContent = 'The token is deleted: try it again.';
}

async function createExample() {
  const { status, answer } = await ask('example');
  find('example-state').textContent = status === 200 ? 'The token exists again.' : `${answer.errorCode}: ${answer.message}`;
  await list();
}
