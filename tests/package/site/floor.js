/** Connects with a function as provider, and returns the API's response. Self-contained: tests also use its text. */
export async function floor(connect, api) {
  const provider = async () => ({ authorization: 'Bearer good', expiresAt: Math.floor(Date.now() / 1000) + 600 });
  const daypass = await connect({ api, provider });
  const answer = await daypass.fetch('/floor');
  const text = await answer.text();
  daypass.close();
  return text;
}
