import { Cesium3DTileset, CesiumWidget } from 'cesium';
import { privateResource } from 'guide/cesium.js';
import { until } from './until.mjs';

globalThis.CESIUM_BASE_URL = '/cesium/';
const { scene } = new CesiumWidget('view', { baseLayer: false, globe: false, skyBox: false, skyAtmosphere: false });

/** Opens another copy of the tileset. */
export async function load(number) {
  const tileset = await Cesium3DTileset.fromUrl(await privateResource(`/${number}/tileset.json`));
  const failures = [];
  tileset.tileFailed.addEventListener(({ message }) => failures.push(message));
  let tiles = 0;
  tileset.tileVisible.addEventListener(({ content }) => (tiles += content.trianglesLength));
  scene.primitives.removeAll();
  scene.primitives.add(tileset);
  scene.camera.viewBoundingSphere(tileset.boundingSphere);
  await until(() => (tileset.tilesLoaded && tiles > 0) || failures.length > 0);
  if (failures.length > 0) throw new Error(failures.join());
}
