/** The entry that has the WebAssembly in it, compressed: one file, which no bundler, server or policy can take apart. */
export * from './daypass.js';
import { entry } from './core.js';
import { bytes } from './document.js';
// Last: gzip packs text, and then packed bytes, better than a mixture.
import deflated from '../wasm/daypass_bg.wasm.deflate';

entry.source = () => {
  const body = new Response(bytes(deflated)).body.pipeThrough(new DecompressionStream('deflate'));
  return new Response(body, { headers: { 'content-type': 'application/wasm' } });
};
