/** What every page here does: connects with a callback, and gives what the API answers. Tests also use its text: it needs nothing around it. */
export async function floor(connect, api) {
  const provider = async () => ({ authorization: 'Bearer good', expiresAt: Math.floor(Date.now() / 1000) + 600 });
  const daypass = await connect({ api, provider });
  const answer = await daypass.fetch('/floor');
  const text = await answer.text();
  daypass.close();
  return text;
}
