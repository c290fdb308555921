// What the clients in Node share: the world that the test gives them, and its person, who visits authorization URLs.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const readLine = async () => JSON.parse((await lines.next()).value);

/** Where everything is, and the clients' ids and secrets. */
export const world = await readLine();

/** Lets the person open an authorization URL and consent, and returns the URL that the client is sent back to. */
export async function visit(url) {
  console.log(JSON.stringify({ visit: String(url) }));
  return new URL(await readLine());
}

/** Tells the test what the client has completed. */
export function finish(done) {
  console.log(JSON.stringify({ done }));
  process.exit(0);
}

export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
