// Shared by the tests of service/deploy: a real service, and nginx before it, unprivileged, each in its own folder.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate } from '../e2e/systems/tls.mjs';

export const { DAYPASS_TARGET: target, DAYPASS_NGINX: nginx } = process.env;
if (!target || !nginx) {
  throw new Error('DAYPASS_TARGET or DAYPASS_NGINX is not set. Run these tests with `cargo xtask test --only deploy`.');
}

export const daypass = join(target, 'debug/daypass');
export const read = (name) => readFileSync(join('service/deploy', name), 'utf8');

/** The longest that a server may take on a busy machine, in milliseconds. */
const PATIENCE = 60_000;

/** The user that runs servers when the tests run as root: Debian's `nobody`. */
const NOBODY = 65534;
export const isRoot = process.getuid() === 0;
export const unprivileged = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** Makes a folder of the user that runs servers. It is removed with the process, when all servers have ended. */
export function folder() {
  const made = mkdtempSync(join(tmpdir(), 'daypass-deploy-'));
  if (isRoot) chownSync(made, NOBODY, NOBODY);
  process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Asks again until the answer is true, or fails with what `explain` returns. */
export async function until(ask, explain) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(20)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(explain());
}

/** Returns the text with each part replaced. The file must have each of them. */
export function replaced(text, parts) {
  for (const [from, to] of parts) {
    assert.ok(text.includes(from), `the file has ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export const isOpen = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

/** The service as behind nginx: with a store of its own, unprivileged, on a free port. */
export class Service {
  #process;

  static async start(t, port = 0) {
    const service = new Service();
    service.folder = folder();
    await service.begin(port);
    t.after(() => service.stop());
    return service;
  }

  async begin(port = this.port) {
    const store = join(this.folder, 'daypass.db');
    const settings = ['--store', store, '--issuer', 'https://tokens.example.com', '--audience', 'my-api'];
    const args = ['serve', '--listen', `127.0.0.1:${port}`, '--proxies', '1', ...settings];
    this.#process = spawn(daypass, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'ignore'], ...unprivileged });
    let printed = '';
    this.#process.stdout.on('data', (chunk) => (printed += chunk));
    // SECURITY: what it prints has tokens, so no error quotes it.
    await until(() => /http:\/\/127\.0\.0\.1:(\d+)/.test(printed), () => 'the service does not listen');
    this.port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)[1]);
  }

  async stop() {
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }

  /** Creates a token on the command line. */
  create(kind, ...more) {
    const store = join(this.folder, 'daypass.db');
    const args = ['token', 'create', '--store', store, '--kind', kind, '--name', kind, '--json', ...more];
    return JSON.parse(execFileSync(daypass, args, { encoding: 'utf8', ...unprivileged }));
  }
}

/** Debian's nginx with `service/deploy/nginx.conf`, changed in the places that its first lines name. */
export class Nginx {
  #certificate;

  static async start(t, service, changes = []) {
    const proxy = new Nginx();
    proxy.folder = folder();
    proxy.port = await freePort();
    await proxy.#write(service, changes);
    const inFolder = (name) => join(proxy.folder, name);
    const args = ['-p', proxy.folder, '-e', inFolder('logs/start.log'), '-c', inFolder('nginx.conf')];
    const server = spawn(nginx, args, { stdio: ['ignore', 'ignore', 'inherit'], ...unprivileged });
    t.after(async () => {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
    });
    await until(
      () => server.exitCode !== null || isOpen(proxy.port),
      () => `nginx does not listen:\n${proxy.logs()}`,
    );
    assert.equal(server.exitCode, null, proxy.logs());
    return proxy;
  }

  async #write(service, changes) {
    const { key, cert } = await makeCertificate();
    this.#certificate = cert;
    const logs = join(this.folder, 'logs');
    mkdirSync(logs);
    if (isRoot) chownSync(logs, NOBODY, NOBODY);
    const files = { 'fullchain.pem': cert, 'privkey.pem': key };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.folder, name), content);
    const site = replaced(read('nginx.conf'), [
      ['    listen [::]:443 ssl http2;\n', ''],
      ['listen 443 ssl', `listen 127.0.0.1:${this.port} ssl`],
      ['server 127.0.0.1:8787;', `server 127.0.0.1:${service.port};`],
      ['/etc/ssl/daypass/', `${this.folder}/`],
      ['/var/log/nginx/', `${logs}/`],
      ...changes,
    ]);
    writeFileSync(join(this.folder, 'daypass.conf'), site);
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const main = `daemon off;
worker_processes 1;
pid ${this.folder}/nginx.pid;
error_log ${logs}/main.log notice;
events { worker_connections 512; }
http {
  access_log ${logs}/others.log;
  ${places.map((name) => `${name}_temp_path ${this.folder}/${name};`).join('\n  ')}
  include ${this.folder}/daypass.conf;
}
`;
    writeFileSync(join(this.folder, 'nginx.conf'), main);
  }

  /** All that nginx logged. */
  logs() {
    const logs = join(this.folder, 'logs');
    return readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8')).join('');
  }

  /** Sends a request from an address of this machine, and returns the response. */
  async open(path, { body, from = '127.0.0.1', ...options } = {}) {
    const to = { host: '127.0.0.1', port: this.port, path, ca: this.#certificate, localAddress: from, agent: false };
    const sent = request({ ...to, servername: '', ...options });
    sent.end(body);
    try {
      const [response] = await once(sent, 'response', { signal: AbortSignal.timeout(PATIENCE) });
      return response;
    } catch (error) {
      sent.destroy();
      throw error;
    }
  }

  /** Like `open`, but waits for the end of the response. */
  async send(path, options) {
    const response = await this.open(path, options);
    return { status: response.statusCode, headers: response.headers, text: await text(response) };
  }
}
