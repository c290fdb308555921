import { show } from 'guide/model-viewer.js';

const viewer = document.createElement('model-viewer');
viewer.style.cssText = 'width: 50px; height: 50px';
document.body.append(viewer);

/** Shows another copy of the model. */
export async function load(number) {
  const loaded = new Promise((resolve, reject) => {
    viewer.addEventListener('load', resolve, { once: true });
    viewer.addEventListener('error', ({ detail }) => reject(new Error(String(detail.sourceError))), { once: true });
  });
  await show(viewer, `/${number}/triangle.glb`);
  await loaded;
}
