// The page with the SDK itself. happy-dom has a `Response` of its own.
import { expect, test } from 'vitest';
import { showFloor } from './plan.js';

test('shows the floor', async () => {
  const requests = [];
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    requests.push([request.url, request.headers.get('authorization')]);
    return new Response('the first floor');
  };
  const provider = async () => ({ authorization: 'Bearer good', expiresAt: Math.floor(Date.now() / 1000) + 600 });
  const floors = await showFloor(document.body, { provider });
  expect(document.body.textContent).toBe('the first floor');
  expect(floors.peek()).toBe('Bearer good');
  expect(requests).toEqual([['https://api.example.com/v2/floor/first', 'Bearer good']]);
  floors.close();
});
