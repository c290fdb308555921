import { play } from 'guide/hls.js';
import { until } from './until.mjs';

let hls;

/** Plays another copy of the playlist. */
export async function load(number) {
  hls?.destroy();
  const video = document.querySelector('video');
  hls = play(video, `${globalThis.api}/${number}/master.m3u8`);
  await until(() => video.buffered.length > 0 && video.buffered.end(0) > 1.5);
}
