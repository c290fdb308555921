import { layer } from 'guide/leaflet.js';
import { Map } from 'leaflet';
import { until } from './until.mjs';

const map = new Map('view', { zoomAnimation: false, fadeAnimation: false }).setView([0, 0], 3);
const isShown = (tile) => tile.complete && tile.naturalWidth > 0;

/** Shows the tiles of another zoom. */
export async function load(number) {
  if (number === 1) layer.addTo(map);
  else map.setZoom(number + 2);
  await until(() => !layer.isLoading());
  const tiles = [...document.querySelectorAll('#view .leaflet-tile-loaded')];
  if (tiles.length < 4 || !tiles.every(isShown)) throw new Error(`${tiles.length} tiles`);
}
