// Verifies each token with each module of a folder. Reads one JSON text from standard input and writes one.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// Express then prints no error that it answers.
process.env.NODE_ENV = 'test';
const { folder, modules, tokens } = JSON.parse(readFileSync(0, 'utf8'));

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** A function that says what a module makes of a token: its claims; it throws if the module refuses the token. */
async function verifier({ verify, verifyRequest, app }) {
  if (verify) return verify;
  const request = (token) => new Request('https://api.example.com', { headers: bearer(token) });
  if (verifyRequest) return (token) => verifyRequest(request(token));
  await app.ready?.();
  const server = app.inject ? app.server.listen(0, '127.0.0.1') : app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return async (token) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: bearer(token) });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return response.json();
  };
}

const report = {};
for (const name of modules) {
  const verify = await verifier(await import(join(folder, name)));
  report[name] = {};
  for (const [what, token] of Object.entries(tokens)) {
    const verdict = Promise.resolve(token).then(verify).then(({ jti }) => jti, ({ message }) => `refused: ${message}`);
    report[name][what] = await verdict;
  }
}
process.stdout.write(JSON.stringify(report));
process.exit(0);
