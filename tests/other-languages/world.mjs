// A real service behind HTTPS, the tokens that the modules are given, and the modules of the guide, as printed but for
// the service's name.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { blocks } from '../docs/blocks.mjs';
import { proxy, startTls } from '../e2e/systems/tls.mjs';

export const GUIDE = 'docs/guides/other-languages.md';
const HERE = resolve('tests/other-languages');
const TARGET = process.env.DAYPASS_TARGET;
const AUDIENCE = 'my-api';

/** The guide's modules in one language, by name. */
export function modules(language) {
  return blocks(GUIDE).filter((block) => block.language === language).map(({ label }) => label);
}

const base64url = (value) => Buffer.from(value).toString('base64url');

export class World {
  #service;
  #tls;

  static async start() {
    const world = new World();
    // Removed with all that is in it; Rust's is kept, so that its libraries are compiled once.
    world.folder = mkdtempSync(join(TARGET, 'other-languages-'));
    world.rust = join(TARGET, 'other-languages');
    let port;
    const service = proxy(() => `http://127.0.0.1:${port}`);
    world.#tls = await startTls((incoming, outgoing) => {
      if (incoming.url !== '/.well-known/jwks.json') return service(incoming, outgoing);
      outgoing.setHeader('Content-Type', 'application/json');
      return outgoing.end(world.jwks);
    });
    world.issuer = `https://${world.#tls.hosts[0]}`;
    const certificate = join(world.folder, 'certificate.pem');
    writeFileSync(certificate, world.#tls.certificate);
    const trust = { NODE_EXTRA_CA_CERTS: certificate, SSL_CERT_FILE: certificate };
    world.env = { ...process.env, ...trust, PYTHONWARNINGS: 'ignore' };

    world.store = join(world.folder, 'daypass.db');
    const settings = ['--store', world.store, '--issuer', world.issuer, '--audience', AUDIENCE];
    const serve = ['serve', '--listen', '127.0.0.1:0', ...settings];
    world.#service = spawn(join(TARGET, 'debug/daypass'), serve, { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const line of createInterface({ input: world.#service.stdout })) {
      [, port] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (port) break;
    }
    assert.ok(port, 'the service says where it listens');
    world.service = `http://127.0.0.1:${port}`;
    const scopes = ['token:introspect', 'token:revoke', 'floor:readPublic'];
    world.secret = world.create('secret', ...scopes.flatMap((scope) => ['--scope', scope]));
    await world.#addKey();
    world.write();
    return world;
  }

  /** Creates a token on the command line. */
  create(kind, ...more) {
    const args = ['token', 'create', '--store', this.store, '--kind', kind, '--name', kind, '--json', ...more];
    return JSON.parse(execFileSync(join(TARGET, 'debug/daypass'), args, { encoding: 'utf8' }));
  }

  /** Mints a temporary token. */
  async mint() {
    const response = await fetch(`${this.service}/v2/temporary-access-token/create`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.secret.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ scopes: ['floor:readPublic'], subject: 'visitor-7' }),
    });
    assert.equal(response.status, 200);
    return Object.values(await response.json()).find((value) => /^Bearer /.test(value)).slice('Bearer '.length);
  }

  /** Adds a key of the test's own to the service's: the service signs nothing that must be refused. */
  async #addKey() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.privateKey = privateKey;
    const { keys } = await (await fetch(`${this.service}/.well-known/jwks.json`)).json();
    const key = { ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'EdDSA', use: 'sig' };
    this.jwks = JSON.stringify({ keys: [...keys, key] });
  }

  #sign(claims, header = {}) {
    const parts = [{ typ: 'at+jwt', alg: 'EdDSA', kid: 'test', ...header }, claims];
    const input = parts.map((part) => base64url(JSON.stringify(part))).join('.');
    return `${input}.${base64url(sign(null, Buffer.from(input), this.privateKey))}`;
  }

  /** Tokens, by what they are; the first two are valid. */
  async tokens() {
    const token = await this.mint();
    const [header, payload, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    this.claims = claims;
    const changed = base64url(JSON.stringify({ ...claims, sub: 'org_other' }));
    const { exp, ...endless } = claims;
    return {
      'of the service': token,
      'of another key of the set': this.#sign(claims),
      'changed': `${header}.${changed}.${signature}`,
      'without a signature': `${header}.${payload}.`,
      // By more than the minute that some tolerate.
      'expired': this.#sign({ ...claims, iat: claims.iat - 1020, exp: claims.iat - 120 }),
      'without an end': this.#sign(endless),
      'of another audience': this.#sign({ ...claims, aud: 'another-api' }),
      'of another issuer': this.#sign({ ...claims, iss: 'https://tokens.elsewhere.example' }),
      'a bundle': this.#sign(claims, { typ: 'bundle+jwt' }),
      'of an unknown key': this.#sign(claims, { kid: 'unknown' }),
      'with alg none': `${base64url('{"typ":"at+jwt","alg":"none","kid":"test"}')}.${payload}.`,
    };
  }

  /** Writes the modules where their languages find their libraries. */
  write() {
    symlinkSync(join(HERE, 'node_modules'), join(this.folder, 'node_modules'));
    cpSync(join(HERE, 'rust'), this.rust, { recursive: true });
    mkdirSync(join(this.rust, 'modules'), { recursive: true });
    for (const { label, language, code } of blocks(GUIDE)) {
      const folder = language === 'rust' ? join(this.rust, 'modules') : this.folder;
      writeFileSync(join(folder, label), code.replaceAll('https://tokens.example.com', this.issuer));
    }
  }

  /** What a program answers to a batch. The service's proxy runs meanwhile. */
  async ask(program, args, batch, env = {}) {
    const process = spawn(program, args, { env: { ...this.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
    process.stdin.end(JSON.stringify({ folder: this.folder, ...batch }));
    const [answer, [status]] = await Promise.all([text(process.stdout), once(process, 'close')]);
    assert.equal(status, 0, `${program} ${args[0]}`);
    return JSON.parse(answer);
  }

  async close() {
    this.#service.kill('SIGINT');
    await once(this.#service, 'exit');
    this.#tls.close();
    rmSync(this.folder, { recursive: true });
  }
}
