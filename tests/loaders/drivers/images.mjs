import { image } from 'guide/images.js';

/** Shows another image. */
export async function load(number) {
  if (number > 1) image.src = `${globalThis.api}/tiles/${number}/0/0.png`;
  await image.decode();
}
