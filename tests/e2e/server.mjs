// Servers of the tests: each ends with the tests of the file that started it.
import { createServer } from 'node:http';
import { after } from 'node:test';

/** Starts a server on loopback and returns its origin. */
export async function serve(answer) {
  const server = createServer(answer);
  // One that a test starts while it runs would keep Node from the end of the file, at which hooks run.
  server.unref();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}
