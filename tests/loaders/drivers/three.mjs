import { loadModel } from 'guide/three.js';

export async function load(number) {
  const { scene } = await loadModel(`${globalThis.api}/${number}/triangle.gltf`);
  const { geometry, material } = scene.children[0];
  if (geometry.attributes.position.count !== 3 || !material.map) throw new Error('the model is not complete');
}
