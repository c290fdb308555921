// A reader who follows a page from top to bottom: runs its commands, saves its files, opens its URLs, compares
// what it sees.
//
// | block | what the reader does with it |
// | --- | --- |
// | `sh` | runs it; folder and exported variables carry over to the next |
// | `sh terminal` | runs it in a terminal of its own until the page ends, and waits for the URL that it prints |
// | `sh restart` | like `sh terminal`, after ending the terminal before |
// | `LANGUAGE FILE` | saves it as this file, in the folder where the commands are |
// | `json` | parses it |
// | `ts`, `tsx`, `js` | type-checks it (`ts`, `tsx`) and runs it in a page of the site: see `browser.mjs` |
// | `text prints` | compares it with what the block before printed; `…` is any text, alone on a line any lines |
// | `text shows URL` | opens the URL and waits until the page shows it |
// | `text` | nothing: a drawing, or data that has no program |
// | `sh skip` | nothing: `pages.test.mjs` lists them |
//
// Ports and names of servers that a page prints are replaced by those of this run, and `tok_…`, `dp_sec_…` and
// their like by the last such text that was printed, as the page tells its reader to do.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blocks } from './blocks.mjs';
import { Browser } from './browser.mjs';

const target = process.env.DAYPASS_TARGET;
if (!target) throw new Error("DAYPASS_TARGET must name Cargo's target folder; `cargo xtask test` sees to that.");

/**
 * The folder of a reader. It is outside the repository, whose `Cargo.toml` and `package.json` would count there,
 * and the same for every page and run, so that Cargo does not build the crate again for each.
 */
const folder = join('/tmp', `daypass-docs-${createHash('sha256').update(target).digest('hex').slice(0, 8)}`);
const repository = process.cwd();

/** The longest that a command may take, in milliseconds: some compile. */
const COMMAND = 600_000;
/** The longest that a terminal may take until it listens. */
const START = 600_000;

/** The ports that the pages print, and what listens there. */
const PORTS = {
  8787: 'the token service',
  3000: "the product's API",
  8000: "the customer's site",
  9187: 'the figures of the service',
};
/** The servers that pkg/README.md names, and the ports of those that stand in for them. */
const NAMES = {
  'https://tokens.example.com': 'http://127.0.0.1:8787',
  'https://api.example.com': 'http://127.0.0.1:3000',
  'https://www.customer.example': 'http://127.0.0.1:8000',
  // The same server by another name is another origin.
  'https://embed.example.com': 'http://localhost:8000',
};

/** What a secret or an id that a page leaves out looks like: its beginning, and `…`. */
const LEFT_OUT = /\b((?:org|tok|usr|svc|app|dp_[a-z]{3})_|eyJ|sha384-)…/g;

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

export class Reader {
  #printed = '';
  #last = () => '';
  #ports = {};
  #terminals = [];
  #browser;
  #environment;

  /** Prepares an empty folder with the repository in it as `daypass`, and the built programs on the path. */
  static async start() {
    const reader = new Reader();
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, '.reader'), { recursive: true });
    mkdirSync(join(folder, '.bin'));
    mkdirSync(join(folder, '.tmp'));
    symlinkSync(repository, join(folder, 'daypass'));
    symlinkSync(join(target, 'debug/daypass'), join(folder, '.bin/daypass'));
    // An optimized build takes minutes and shows no more.
    const cargo = execFileSync('bash', ['-c', 'command -v cargo'], { encoding: 'utf8' }).trim();
    const script = ['#!/bin/sh', '[ "$1" = install ] && set -- "$@" --debug', `exec ${quoted(cargo)} "$@"`, ''];
    writeFileSync(join(folder, '.bin/cargo'), script.join('\n'), { mode: 0o755 });
    for (const port of Object.keys(PORTS)) reader.#ports[port] = await freePort();
    reader.#environment = {
      ...process.env,
      TMPDIR: join(folder, '.tmp'),
      PATH: `${join(folder, 'bin')}:${join(folder, '.bin')}:${process.env.PATH}`,
      CARGO_TARGET_DIR: target,
      CARGO_INSTALL_ROOT: folder,
      CARGO_NET_OFFLINE: 'true',
      CARGO_PROFILE_DEV_DEBUG: 'line-tables-only',
      CARGO_TERM_COLOR: 'never',
      NO_COLOR: '1',
      PYTHONUNBUFFERED: '1',
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
      // The page starts the service at its default address.
      DAYPASS_LISTEN: `127.0.0.1:${reader.#ports[8787]}`,
    };
    const site = `http://127.0.0.1:${reader.#ports[8000]}`;
    reader.#browser = new Browser({ site, folder: join(folder, 'site'), env: reader.#environment });
    return reader;
  }

  /** Follows a page in a new session, `from` a section or its beginning, up to the section `before` or its end. */
  async follow(page, { from, before } = {}) {
    for (const file of ['folder', 'variables']) rmSync(join(folder, '.reader', file), { force: true });
    const all = blocks(page);
    const at = (section, otherwise) => {
      if (section === undefined) return otherwise;
      const first = all.findIndex((block) => block.section === section);
      assert.ok(first >= 0, `${page} has no blocks in the section ${section}`);
      return first;
    };
    for (const block of all.slice(at(from, 0), at(before, all.length))) {
      try {
        // In what is expected, `…` is any text.
        const code = block.language === 'text' ? this.#here(block.code) : this.#filledIn(block.code);
        await this.#do({ ...block, code, label: this.#filledIn(block.label) });
      } catch (error) {
        throw new Error(redact(`${block.where}: ${error.message}`));
      }
    }
    await this.#browser.settle();
  }

  async close() {
    await this.#browser.close();
    await Promise.all(this.#terminals.map((terminal) => terminal.end()));
    rmSync(folder, { recursive: true, force: true });
  }

  async #do({ language, label, code }) {
    const [verb, url] = label.split(' ');
    if (label !== 'prints') await this.#browser.settle();
    if (language === 'text') {
      if (verb === 'prints') return this.#compare(code);
      if (verb === 'shows') return this.#browser.shows(url, pattern(code));
      return assert.equal(label, '', 'a block of text has this label');
    }
    if (language === 'sh') {
      if (label === '') return this.#run(code);
      if (label === 'restart') await this.#terminals.pop().end();
      if (label === 'restart' || verb === 'terminal') return this.#runInTerminal(code, url);
      return assert.equal(verb, 'skip', 'a block of commands has this label');
    }
    if (language === 'json') JSON.parse(code);
    if (/^\S+\.\w+$/.test(label)) return this.#save(label, code);
    if (['ts', 'tsx', 'js'].includes(language)) {
      const console = await this.#browser.run(language, label, code);
      this.#last = () => console.join('\n');
      return undefined;
    }
    return assert.ok(language === 'json', `nothing runs this block: ${language} ${label}`);
  }

  /** The folder in which the commands are by now. */
  #folder() {
    const file = join(folder, '.reader/folder');
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : folder;
  }

  #save(file, code) {
    const path = join(this.#folder(), file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
    // The versions that are tested, all of them downloaded before.
    const lock = join(dirname(path), 'Cargo.lock');
    if (file.endsWith('Cargo.toml') && !existsSync(lock)) writeFileSync(lock, readFileSync('Cargo.lock'));
  }

  async #run(code) {
    const variables = quoted(join(folder, '.reader/variables'));
    const before = `[ -f ${variables} ] && . ${variables}\ncd ${quoted(this.#folder())}\nset -eo pipefail\n`;
    const after = `\nexport -p > ${variables}; pwd > ${quoted(join(folder, '.reader/folder'))}\n`;
    const shell = new Shell(before + code + after, folder, this.#environment, (text) => this.#print(text));
    const status = await Promise.race([shell.ended, sleep(COMMAND, 'no end', { ref: false })]);
    if (status !== 0) await shell.end();
    assert.equal(status, 0, `\n${code}\nended with ${status}:\n${shell.output}`);
    this.#last = () => shell.output;
  }

  async #runInTerminal(code, place = '.') {
    const shell = new Shell(`set -e\n${code}`, join(folder, place), this.#environment, (text) => this.#print(text));
    this.#terminals.push(shell);
    this.#last = () => shell.output;
    let ended;
    shell.ended.then((status) => (ended = { status }));
    const address = await until(START, async () => {
      assert.ok(!ended, `\n${code}\nended by itself:\n${shell.output}`);
      const [, host, port] = /\bhttp:\/\/(127\.0\.0\.1|localhost):(\d+)/.exec(shell.output) ?? [];
      return port && isOpen(host, Number(port));
    });
    assert.ok(address, `\n${code}\ndoes not listen:\n${shell.output}`);
  }

  #print(text) {
    this.#printed += text;
  }

  async #compare(code) {
    const expected = pattern(code);
    const isThere = await until(20_000, () => expected.test(this.#last()));
    assert.ok(isThere, `expected\n${code}\nprinted\n${this.#last()}`);
  }

  /** The text with the servers of this run. */
  #here(text) {
    for (const [name, server] of Object.entries(NAMES)) text = text.replaceAll(name, server);
    return text.replace(/\b(8787|3000|8000|9187)\b/g, (port) => this.#ports[port]);
  }

  /** The text with the servers of this run, and with what was printed for what it leaves out. */
  #filledIn(text) {
    return this.#here(text).replace(LEFT_OUT, (all, start) => {
      const last = [...this.#printed.matchAll(new RegExp(`(?<![\\w-])${start}[\\w.+/=-]+`, 'g'))].at(-1);
      assert.ok(last, `${all} was not printed before`);
      return last[0];
    });
  }
}

/** Bash with a process group of its own, which ends as a whole. */
class Shell {
  output = '';
  #process;

  constructor(code, cwd, env, print) {
    this.#process = spawn('bash', ['-c', code], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
        print(text);
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject).on('close', (status, signal) => resolve(status ?? signal));
    });
  }

  /** Ends it as Ctrl-C does, and by force if that is not enough. */
  async end() {
    for (const signal of ['SIGINT', 'SIGKILL']) {
      try {
        process.kill(-this.#process.pid, signal);
      } catch {
        return; // nothing is left of the group
      }
      if ((await Promise.race([this.ended, sleep(10_000, 'late')])) !== 'late') return;
    }
  }
}

/** What a page expects, as a pattern. */
function pattern(text) {
  const lines = text.trimEnd().split('\n').map((line) => {
    if (line.trim() === '…') return '(?:.*\\n)*?.*';
    return line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
  });
  return new RegExp(`^${lines.join('\\s*\\n')}\\s*$`, 'm');
}

/** Asks again and again until the answer is a good one; undefined if it never is. */
async function until(milliseconds, ask) {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(50)) {
    const answer = await ask();
    if (answer) return answer;
  }
  return undefined;
}

function isOpen(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Text that may be printed: tokens are left out. */
export function redact(text) {
  return text.replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '<JWT>').replace(/\bdp_([a-z]{3})_\w+/g, '<dp_$1>');
}
