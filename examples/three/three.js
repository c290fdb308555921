import { LoaderUtils } from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
import { daypass } from './daypass.js';

async function load(url) {
  const response = await daypass.fetch(url); // repeated after a 401
  if (!response.ok) throw new Error(`${response.status}: ${response.url}`);
  return response;
}
export const gltfLoader = new GLTFLoader().register(({ json, options }) => {
  const parts = [...(json.buffers ?? []), ...(json.images ?? [])].filter(({ uri }) => uri && !uri.startsWith('data:'));
  const fetchPart = async (part) => {
    const url = LoaderUtils.resolveURL(part.uri, options.path);
    part.uri = URL.createObjectURL(await (await load(url)).blob());
  };
  return {
    name: 'DAYPASS_parts',
    beforeRoot: () => Promise.all(parts.map(fetchPart)),
    afterRoot: () => parts.forEach(({ uri }) => URL.revokeObjectURL(uri)),
  };
});
export async function loadModel(url) {
  return gltfLoader.parseAsync(await (await load(url)).arrayBuffer(), LoaderUtils.extractUrlBase(url));
}
