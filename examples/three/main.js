// A private model in two files: the glTF, and its buffer. The loader in three.js is that of docs/guides/loaders.md.
import { DirectionalLight, PerspectiveCamera, Scene, WebGLRenderer } from 'three';
import { loadModel } from './three.js';

const status = document.getElementById('status');
const renderer = new WebGLRenderer({ canvas: document.getElementById('view'), antialias: true });
const camera = new PerspectiveCamera(45, 600 / 400, 0.1, 10);
camera.position.set(2, 2, 3);
camera.lookAt(0.5, 0.5, 0.5);

async function show() {
  const scene = new Scene();
  try {
    const light = new DirectionalLight(0xffffff, 4);
    light.position.set(1, 2, 3);
    scene.add(light, (await loadModel('/v2/floor/first/model.gltf')).scene);
    status.textContent = 'The model is shown.';
  } catch (error) {
    status.textContent = `Refused: ${error.message}`;
  }
  renderer.render(scene, camera);
}
document.getElementById('load').addEventListener('click', show);
await show();
