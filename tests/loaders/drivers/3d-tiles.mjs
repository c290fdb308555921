import { openTiles } from 'guide/3d-tiles.js';
import { PerspectiveCamera } from 'three';
import { until } from './until.mjs';

const camera = new PerspectiveCamera(60, 1, 0.1, 1000);
camera.position.set(6_378_137, 0, 5);
camera.updateMatrixWorld();

/** Opens another copy of the tileset. */
export async function load(number) {
  const tiles = openTiles(`${globalThis.api}/${number}/tileset.json`);
  let model;
  tiles.addEventListener('load-model', ({ scene }) => (model = scene));
  tiles.setCamera(camera);
  tiles.setResolution(camera, 200, 200);
  await until(() => {
    tiles.update();
    return model;
  });
  let textures = 0;
  model.traverse(({ material }) => (textures += material?.map ? 1 : 0));
  tiles.dispose();
  if (textures !== 1) throw new Error('the model is not complete');
}
