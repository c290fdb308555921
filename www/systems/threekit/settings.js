// Settings → Tokens: the list of access tokens, and the form that adds one. The backend asks the token service.
import { post } from './post.js';

const find = (name) => document.querySelector(`[data-testid="${name}"]`);

/** Shows the list. `use` opens the configurator with a new public token. */
export async function startSettings({ serviceAccountId }, use) {
  const form = find('add');
  const dialog = find('dialog');
  const refused = find('refused');
  const { name, permissions, domains, account } = form.elements;
  account.append(new Option(`Web shop (${serviceAccountId})`, serviceAccountId));
  for (const choice of permissions) choice.addEventListener('change', showFields);
  find('add-token').addEventListener('click', () => {
    form.reset();
    refused.hidden = true;
    showFields();
    dialog.showModal();
  });
  form.addEventListener('submit', async (event) => {
    if (event.submitter?.value === 'cancel') return;
    event.preventDefault();
    const patterns = domains.value.split(/[\s,]+/).filter(Boolean);
    try {
      const token = await post('tokens/add', { name: name.value, permissions: permissions.value, domains: patterns });
      dialog.close();
      find('added').textContent = `Token ID: ${token.id}`;
      await showList();
      if (token.permissions === 'public') use(token.id);
    } catch (error) {
      refused.textContent = error.message;
      refused.hidden = false;
    }
  });
  await showList();
  find('add-token').disabled = false;

  /** Domains and a service account are for public tokens. */
  function showFields() {
    const fields = find('of-public');
    fields.hidden = fields.disabled = permissions.value !== 'public';
  }
}

async function showList() {
  const { accesstokens } = await post('tokens');
  find('tokens').tBodies[0].replaceChildren(...accesstokens.map(row));
}

function row(token) {
  const row = document.createElement('tr');
  const used = token.lastUsedOn ? new Date(token.lastUsedOn).toLocaleTimeString() : 'never';
  for (const text of [token.name, token.permissions, token.domains.join(', ') || '–', used]) {
    row.insertCell().textContent = text;
  }
  const button = Object.assign(document.createElement('button'), { type: 'button', title: 'Delete', className: 'delete' });
  button.ariaLabel = `Delete ${token.name}`;
  button.addEventListener('click', async () => {
    await post('tokens/delete', { id: token.id });
    await showList();
  });
  row.insertCell().append(button);
  return row;
}
