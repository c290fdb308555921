/**
 * The SDK: {@link connect} joins an embed to its API and keeps the credential fresh.
 *
 * This entry has the WebAssembly in it, compressed: one file, which no bundler, server or policy can take apart.
 * @packageDocumentation
 */
export { initialise } from './core.js';
export { connect, Daypass } from './daypass.js';
export { DaypassError } from './error.js';
export type * from './codes.js';
export type * from './connect-options.js';
export type * from './description.js';
export type * from './events.js';
export type * from './initialise-options.js';
export type * from './scope.js';
export type * from './token.js';
import { entry } from './core.js';
// Last: gzip packs text, and then packed bytes, better than a mixture.
import deflated from '../wasm/daypass_bg.wasm.deflate';

entry.source = () => {
  const body = new Response(bytes(deflated)).body!.pipeThrough(new DecompressionStream('deflate'));
  return new Response(body, { headers: { 'content-type': 'application/wasm' } });
};

/** The bytes of base64. */
function bytes(base64: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (fromBase64) return fromBase64.call(Uint8Array, base64);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
