/** For Node, which reads the WebAssembly from its file. */
import { readFile } from 'node:fs/promises';
import { entry } from './core.js';

entry.source = () => readFile(new URL('daypass_bg.wasm', import.meta.url));

export * from './daypass.js';
