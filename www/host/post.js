/** Posts JSON to Northlight's backend and returns the JSON that it answers. An error says what the backend said. */
export async function post(path, body = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.ok) return response.json();
  const { message } = await response.json().catch(() => ({}));
  const { status } = response;
  throw Object.assign(new Error(message ?? `Northlight’s backend answered ${status}.`), { status });
}
