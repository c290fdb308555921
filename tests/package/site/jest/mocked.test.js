// The page with the mock in the place of the SDK.
const { mock } = require('daypass/testing');
const { showFloor } = require('./plan');

afterEach(() => mock.reset());

test('shows the floor, with the token and the scopes of the test', async () => {
  const requests = [];
  mock.set({
    fetch: async (url, { headers }) => (requests.push([url, headers]), { text: async () => 'the first floor' }),
  });
  await showFloor(document.body, { provider: '/token', scopes: ['floor:readPrivate'] });
  expect(document.body.textContent).toBe('the first floor');
  expect(requests).toEqual([['https://api.example.com/v2/floor/first', { Authorization: 'Bearer test-token' }]]);
  expect(mock.connections[0].can('floor:readPrivate')).toBe(true);
});

test('shows what to do about a failure', async () => {
  mock.set({ failure: 'provider_forbidden' });
  await showFloor(document.body, { provider: '/token' });
  expect(document.body.textContent).toMatch(/\w+ .*\.$/);
  expect(document.body.textContent).not.toMatch(/Error/);
});

test('hears the events that the test causes', async () => {
  mock.set({ fetch: async () => ({ text: async () => '' }) });
  const floors = await showFloor(document.body, { provider: '/token' });
  const seen = [];
  floors.addEventListener('expired', ({ type }) => seen.push(type));
  mock.connections[0].mock.expire();
  expect(seen).toEqual(['expired']);
});
