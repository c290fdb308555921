// HTTPS in front of the demo, with a certificate that is made for it: clients of Threekit speak nothing else.
import { once } from 'node:events';
import { request as forward } from 'node:http';
import { createServer } from 'node:https';
import { generate } from 'selfsigned';

/** Makes a certificate for `127.0.0.1`, and returns what HTTPS servers need of it. */
export async function makeCertificate() {
  const altNames = [{ type: 7, ip: '127.0.0.1' }];
  const extensions = [{ name: 'subjectAltName', altNames }];
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], { extensions });
  return { key, cert };
}

/**
 * Starts servers, one for each handler, and returns their hosts (`127.0.0.1:PORT`), their certificate and a function that
 * ends them.
 */
export async function startTls(...handlers) {
  const certificate = await makeCertificate();
  const servers = handlers.map((handler) => createServer(certificate, handler).listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const close = () => servers.forEach((server) => (server.close(), server.closeAllConnections()));
  const hosts = servers.map((server) => `127.0.0.1:${server.address().port}`);
  return { hosts, certificate: certificate.cert, close };
}

/** Returns a handler that sends each request on to the origin that `choose` returns for its path. */
export function proxy(choose) {
  return (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = forward(new URL(url, choose(url)), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  };
}

/** Returns a handler that serves an empty page and a module. */
export function pageWith(module) {
  return ({ url }, outgoing) => {
    const isModule = url === '/clients.js';
    outgoing.setHeader('Content-Type', isModule ? 'text/javascript' : 'text/html');
    outgoing.end(isModule ? module : '<!doctype html><title>Clients</title><link rel="icon" href="data:,">');
  };
}
