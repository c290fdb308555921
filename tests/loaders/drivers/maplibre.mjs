import { map } from 'guide/maplibre.js';
import { until } from './until.mjs';

const LAYERS = ['area', 'floor'];

/** Loads the style again, and tiles of another place. */
export async function load(number) {
  if (number > 1) map.setStyle(`${globalThis.api}/style.json`, { diff: false });
  map.jumpTo({ center: [number * 20, 0], zoom: 3 });
  await until(() => map.loaded() && map.areTilesLoaded());
  const isShown = (layer) => map.getLayer(layer) && map.queryRenderedFeatures({ layers: [layer] }).length > 0;
  await until(() => LAYERS.every(isShown));
}
