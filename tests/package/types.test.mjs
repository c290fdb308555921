// The types of the packed package, the README's code, and the reference that TypeDoc generates.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocks } from './readme.mjs';
import { installed, run, site, tool } from './world.mjs';

/** Each platform with its libraries, and each module resolution. */
const PROJECTS = {
  'a page, bundled': { moduleResolution: 'bundler', module: 'esnext', lib: ['es2022', 'dom'], types: [] },
  'a page, node16': { moduleResolution: 'node16', module: 'node16', lib: ['es2022', 'dom'], types: [] },
  'a worker, bundled': { moduleResolution: 'bundler', module: 'esnext', lib: ['es2022', 'webworker'], types: [] },
  'Node, node16': { moduleResolution: 'node16', module: 'node16', lib: ['es2022'], types: ['node'] },
};
const STRICT = {
  strict: true,
  noEmit: true,
  target: 'es2022',
  exactOptionalPropertyTypes: true,
  skipDefaultLibCheck: true,
};
/** TypeScript 7, and for pages also 6, which takes several times as long. */
const COMPILERS = { 7: tool('tsc', '.'), 6: tool('tsc') };

/** Compiles files in a folder of their own. */
async function compile(name, options, files, versions = [7]) {
  const folder = join(site, 'types', name.replace(/\W+/g, '-'));
  await mkdir(folder, { recursive: true });
  for (const [file, code] of Object.entries(files)) await writeFile(join(folder, file), code);
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: Object.keys(files) }),
  );
  for (const version of versions) await run(COMPILERS[version], ['-p', folder]);
}

const USE = `
import { connect, DaypassError, initialise } from 'daypass';
import type { Daypass, DaypassEventMap, InitialiseOptions, TemporaryToken } from 'daypass';
import * as inline from 'daypass/inline';
import * as node from 'daypass/node';
import * as nowasm from 'daypass/nowasm';
import 'daypass/types';
import type { ConnectOptions, DaypassErrorCode } from 'daypass/types';

const options: ConnectOptions = { api: 'https://api.example.com', provider: '/token' };
const code: DaypassErrorCode = 'closed';
// @ts-expect-error there is no such code
const wrong: DaypassErrorCode = 'close';
for (const entry of [inline, node, nowasm]) entry.connect satisfies typeof connect;
declare const token: TemporaryToken;
const way: InitialiseOptions = { module_or_path: new Uint8Array() };
await initialise(way);
// With exactOptionalPropertyTypes, an absent option may be undefined.
declare const absent: undefined;
const request = { scopes: absent, durationSeconds: absent, dpop: absent, share: absent, temporaryToken: absent };
const common = { service: absent, signal: absent, timeoutSeconds: absent, maxRetryAfterSeconds: absent };
({ ...options, ...request, ...common }) satisfies ConnectOptions;
initialise({ module_or_path: absent });
using daypass: Daypass = await connect(options);
daypass.addEventListener('failed', ({ detail }) => detail.error.code satisfies DaypassErrorCode, { once: true });
// @ts-expect-error an event's detail is typed
daypass.addEventListener('refreshed', ({ detail }) => detail.attempt);
const listener = ({ detail }: DaypassEventMap['failed']): void => console.log(detail.error.help);
daypass.addEventListener('failed', listener);
daypass.removeEventListener('failed', listener);
type FloorScope = 'floor:readPublic' | 'floor:readPrivate';
const floors = await connect<Record<string, unknown>, FloorScope>({
  api: '/',
  provider: async ({ scopes }) => (scopes satisfies FloorScope[], token),
  scopes: ['floor:readPrivate'],
});
floors.can('floor:readPublic');
// @ts-expect-error the catalogue has no such scope
floors.can('floor:readAll');
// @ts-expect-error it has no such scope here either
connect<Record<string, unknown>, FloorScope>({ api: '/', provider: '/token', scopes: ['floor:readAll'] });
// @ts-expect-error only Daypass creates errors
new DaypassError('text');
`;
const VALUES = `
import { connect } from 'daypass/types';
// @ts-expect-error the entry has no values
connect({ api: '/', provider: '/token' });
`;
const MODULE = `
import { initialise } from 'daypass';
declare const compiled: WebAssembly.Module;
await initialise({ module_or_path: compiled });
`;
const OTHERS = `
import { mount } from 'daypass/host';
import { connect, inspect } from 'daypass/inspector';
import { useDaypass } from 'daypass/react';
import { mock } from 'daypass/testing';
mount(document.body, { url: '/', provider: '/token', title: 'An embed', origins: ['/'], onRejected: ({ origin }) => origin satisfies string });
mount(document.body, { url: '/', provider: '/token', title: 'An embed', class: 'plan', allowfullscreen: true, 'data-floor': 'first' });
// @ts-expect-error there is no such option
mount(document.body, { url: '/', provider: '/token', title: 'An embed', orgins: ['/'] });
connect({ api: '/', provider: '/token', debug: true }).then((daypass) => inspect(daypass, { corner: 'top-left' }).close());
// @ts-expect-error there is no such corner
connect({ api: '/', provider: '/token', debug: { corner: 'left' } });
const state = useDaypass({ api: '/', provider: '/token' });
state.daypass?.fetch('/');
if (state.error?.code) state.error.help satisfies string;
mock.set({ scopes: undefined, fetch: undefined });
mock.reset();
`;
const MOCK = `
import type * as sdk from 'daypass';
import { connect, DaypassError, mock } from 'daypass/testing';
connect satisfies typeof sdk.connect;
DaypassError satisfies typeof sdk.DaypassError;
const daypass: sdk.Daypass = await connect({ api: '/', provider: '/token' });
mock.set({ fetch: (url, { headers }) => new Response(url satisfies string, { headers }), failure: 'closed' });
// @ts-expect-error there is no such code
mock.set({ failure: 'close' });
mock.connections[0]?.mock.expire();
`;
const GLOBAL = `
/// <reference types="daypass/global.js" />
daypass.connect({ api: '/', publishableToken: 'text' }).then((connection) => connection.close());
// @ts-expect-error it has no such function
daypass.disconnect();
`;

/** Moves the statements into a function, since CommonJS has no top-level await. */
function inFunction(code) {
  const lines = code.split('\n');
  const isImport = (line) => line.startsWith('import ');
  const body = lines.filter((line) => !isImport(line) && !line.startsWith('declare '));
  const head = lines.filter((line) => isImport(line) || line.startsWith('declare '));
  return [...head, 'export async function use() {', ...body, '}'].join('\n');
}

for (const [name, options] of Object.entries(PROJECTS)) {
  const files = { 'use.ts': USE, ...(options.types.length === 0 && { 'module.ts': MODULE }) };
  test(`the types compile in ${name}`, () => compile(name, options, files, name.startsWith('a page') ? [7, 6] : [7]));
}

test('the types compile in a page, node10', () => {
  const node10 = {
    moduleResolution: 'node10',
    module: 'esnext',
    ignoreDeprecations: '6.0',
    lib: ['es2022', 'dom'],
    types: [],
  };
  // TypeScript 7 has no such resolution any more.
  return compile('node10', node10, { 'use.ts': USE, 'others.ts': OTHERS, 'global.ts': GLOBAL }, [6]);
});

test('the types compile in CommonJS', () =>
  compile('common-js', PROJECTS['a page, node16'], { 'use.cts': inFunction(USE), 'others.cts': OTHERS }, [7, 6]));

test('the mock has the types of the SDK', () => {
  const files = { 'use.ts': USE.replaceAll("from 'daypass'", "from 'daypass/testing'"), 'mock.ts': MOCK };
  return compile('testing', PROJECTS['a page, bundled'], files);
});

test('the types entry has no values', () => compile('values', PROJECTS['a page, node16'], { 'values.ts': VALUES }));

test('the classic script declares its global', () =>
  compile('global', PROJECTS['a page, bundled'], { 'global.ts': GLOBAL }));

test("the README's code compiles", () => {
  const code = [
    ...blocks('ts').map((code, at) => [`${at}.ts`, code]),
    ...blocks('tsx').map((code, at) => [`${at}.tsx`, code]),
  ];
  return compile(
    'readme',
    { ...PROJECTS['a page, bundled'], types: ['node'], jsx: 'react-jsx' },
    Object.fromEntries(code),
  );
});

/** The parts of a condition on the platform, and of a union that is documented as a whole. */
const UNDOCUMENTED = [
  'index.CompiledModule.__type.WebAssembly',
  'index.CompiledModule.__type.WebAssembly.__type.Module',
  'index.CompiledModule.__type.WebAssembly.__type.Module.__type.prototype',
  'react.DaypassState.__type.daypass',
  'react.DaypassState.__type.error',
];

test('TypeDoc reports nothing', async () => {
  const files = ['index', 'react', 'types', 'global', 'host', 'inspector', 'testing'].map((name) =>
    join(installed, 'types', `${name}.d.ts`),
  );
  const folder = join(site, 'reference');
  await mkdir(folder);
  const tsconfig = join(folder, 'tsconfig.json');
  await writeFile(tsconfig, JSON.stringify({ compilerOptions: { ...STRICT, ...PROJECTS['a page, bundled'] }, files }));
  const options = [
    '--treatWarningsAsErrors',
    '--validation.notDocumented',
    'true',
    '--readme',
    'none',
    '--disableSources',
    '--tsconfig',
    tsconfig,
    '--out',
    join(folder, 'out'),
  ];
  options.push(...UNDOCUMENTED.flatMap((name) => ['--intentionallyNotDocumented', name]));
  await run(tool('typedoc'), [...options, ...files.flatMap((file) => ['--entryPoints', file])]);
});
