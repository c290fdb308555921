// Settings → Tokens: the list of access tokens, and the form that adds one. The backend asks the token service.
import { post } from './post.js';

const find = (name) => document.querySelector(`[data-testid="${name}"]`);

/** Shows the list. `use` opens the configurator with a new public token. */
export async function startSettings({ serviceAccountId }, use) {
  const form = find('add');
  const { name, permissions, domains, account } = form.elements;
  account.append(new Option(`Web shop (${serviceAccountId})`, serviceAccountId));
  for (const choice of permissions) choice.addEventListener('change', showFields);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const result = find('added');
    const patterns = domains.value.split(/[\s,]+/).filter(Boolean);
    try {
      const token = await post('tokens/add', { name: name.value, permissions: permissions.value, domains: patterns });
      result.textContent = `Token ID: ${token.id}`;
      await showList();
      if (token.permissions === 'public') use(token.id);
    } catch (error) {
      result.textContent = error.message;
    }
  });
  showFields();
  await showList();

  /** Domains and a service account are for public tokens. */
  function showFields() {
    find('of-public').hidden = permissions.value !== 'public';
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
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Delete' });
  button.ariaLabel = `Delete ${token.name}`;
  button.addEventListener('click', async () => {
    await post('tokens/delete', { id: token.id });
    await showList();
  });
  row.insertCell().append(button);
  return row;
}
