// What can be edited: the floor's name. The API decides whether the token may do so, not the parameter `access`.

export function startEditing(daypass, texts) {
  const path = `/v2/floor/${encodeURIComponent(daypass.parameters.file)}`;
  const form = document.querySelector('#rename');
  const status = form.querySelector('output');

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    status.value = await rename(form.elements.name.value).catch(() => texts.refused);
  });

  async function rename(name) {
    const headers = { 'Content-Type': 'application/json' };
    const response = await daypass.fetch(`${path}/name`, { method: 'PUT', headers, body: JSON.stringify({ name }) });
    return response.ok ? texts.saved : texts.refused;
  }
}
