/** Posts JSON to Northlight's backend and returns the JSON that it answers. */
export async function post(path, body = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.ok) return response.json();
  throw Object.assign(new Error(`Northlight’s backend answered ${response.status}.`), { status: response.status });
}
