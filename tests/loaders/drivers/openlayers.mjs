import { area, tiles } from 'guide/openlayers.js';
import TileLayer from 'ol/layer/Tile.js';
import VectorLayer from 'ol/layer/Vector.js';
import Map from 'ol/Map.js';
import View from 'ol/View.js';

const view = new View({ center: [0, 0], zoom: 2, constrainResolution: true });
const map = new Map({ target: 'view', view });
const failures = [];
tiles.on('tileloaderror', () => failures.push('a tile'));
area.on('featuresloaderror', () => failures.push('the area'));

/** Shows the tiles of another zoom, and loads the features again. */
export async function load(number) {
  view.setZoom(number + 1);
  if (number === 1) map.setLayers([new TileLayer({ source: tiles }), new VectorLayer({ source: area })]);
  else area.refresh();
  await new Promise((resolve) => map.once('rendercomplete', resolve));
  if (failures.length > 0) throw new Error(failures.join());
  if (area.getFeatures().length !== 1) throw new Error('the area is missing');
}
