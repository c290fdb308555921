// The page with the SDK itself. jsdom has no `Response` and no `TextDecoder`: importing the SDK does nothing, and loading it says
// what to use instead.
const { showFloor } = require('./plan');

test('says what to use instead', async () => {
  const provider = async () => ({ authorization: 'Bearer good', expiresAt: Math.floor(Date.now() / 1000) + 600 });
  await showFloor(document.body, { provider });
  expect(document.body.textContent).toMatch(/use daypass\/testing/);
});
