/**
 * The SDK: {@link connect} joins an embed to its API and keeps the credential fresh.
 *
 * This entry has the WebAssembly in it, compressed: one file, which no bundler, server or policy can take apart.
 * @packageDocumentation
 */
export * from './daypass.js';
import { entry } from './core.js';
// Last: gzip packs text, and then packed bytes, better than a mixture.
import deflated from '../wasm/daypass_bg.wasm.deflate';

entry.source = () => {
  const body = new Response(bytes(deflated)).body!.pipeThrough(new DecompressionStream('deflate'));
  return new Response(body, { headers: { 'content-type': 'application/wasm' } });
};

/** The bytes of base64. */
function bytes(base64: string): Uint8Array<ArrayBuffer> {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
