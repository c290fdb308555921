import { deck, layers } from 'guide/deck.js';
import { until } from './until.mjs';

/** Shows other tiles, and loads the data again. */
export async function load(number) {
  const shown = layers.map((layer) => layer.clone({ id: `${layer.id}-${number}` }));
  deck.setProps({ initialViewState: { longitude: number * 20, latitude: 0, zoom: 3 }, layers: shown });
  // Each tile has a layer of its own.
  const parts = ({ id }) => deck.layerManager.getLayers().filter((layer) => layer.id.startsWith(`${id}-`));
  await until(() => shown.every((layer) => layer.isLoaded && parts(layer).length > 0));
}
