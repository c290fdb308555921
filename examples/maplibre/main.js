// Private raster tiles on a map. docs/guides/loaders.md says why a protocol, and what to do with other sources.
import { addProtocol, Map, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { connect } from 'daypass';

const status = document.getElementById('status');
const daypass = await connect({
  api: import.meta.env.VITE_API,
  provider: '/floor-token', // the page's backend, in ../start.mjs
  scopes: ['floor:readPrivate'],
});

addProtocol('daypass', async ({ url }, { signal }) => {
  const response = await daypass.fetch(url.replace('daypass://', '/v2/floor/first/'), { signal });
  if (!response.ok) throw (await daypass.refusal(response)) ?? new Error(`${response.status}`);
  return { data: await response.arrayBuffer() };
});

setWorkerUrl(workerUrl);
const map = new Map({
  container: 'view',
  center: [0, 0],
  zoom: 4,
  style: {
    version: 8,
    sources: { floor: { type: 'raster', tiles: ['daypass://tiles/{z}/{x}/{y}.png'], tileSize: 256 } },
    layers: [{ id: 'floor', type: 'raster', source: 'floor' }],
  },
});
// A tile that failed counts as loaded, so the map is idle after a refusal too.
let isRefused = false;
map.on('idle', () => {
  if (!isRefused) status.textContent = 'The map shows all tiles.';
});
map.on('error', ({ error }) => {
  isRefused = true;
  status.textContent = `Refused: ${error.message} ${error.help ?? ''}`;
});
document.getElementById('draw').addEventListener('click', () => {
  isRefused = false;
  map.refreshTiles('floor');
});
