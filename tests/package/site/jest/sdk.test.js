// The page with the SDK itself. jsdom has no `fetch`, no `Response` and no `TextDecoder`.
const { showFloor } = require('./plan');

test('shows the floor', async () => {
  const requests = [];
  globalThis.fetch = async (url, { headers }) => {
    const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
    const [[, authorization]] = entries.filter(([name]) => name.toLowerCase() === 'authorization');
    requests.push([String(url), authorization]);
    return { ok: true, status: 200, headers: new Map(), text: async () => 'the first floor' };
  };
  const provider = async () => ({ authorization: 'Bearer good', expiresAt: Math.floor(Date.now() / 1000) + 600 });
  const floors = await showFloor(document.body, { provider });
  expect(document.body.textContent).toBe('the first floor');
  expect(floors.peek()).toBe('Bearer good');
  expect(requests).toEqual([['https://api.example.com/v2/floor/first', 'Bearer good']]);
  floors.close();
});
