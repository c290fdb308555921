// The recipes of docs/guides/loaders.md, as printed: with both kinds of tokens, after a refresh, and after a 401.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocks, read } from '../docs/blocks.mjs';
import { GUIDE, load, open, others, testRecipe } from './world.mjs';

/** The recipes, and what matches each kind of request that they cause. */
const RECIPES = {
  'maplibre': [/style\.json$/, /tiles\.json$/, /sprite.*\.json$/, /\.geojson$/, /\.pbf$/, /tiles\/.*\.png$/],
  'leaflet': [/tiles\/.*\.png$/],
  'openlayers': [/\.geojson$/, /tiles\/.*\.png$/],
  'deck': [/tiles\.json$/, /\.pbf$/, /\.geojson$/],
  'three': [/\.gltf$/, /\.bin$/, /\.png$/],
  '3d-tiles': [/tileset\.json$/, /inner\.json$/, /\.gltf$/, /\.bin$/, /\.png$/],
  'cesium': [/tileset\.json$/, /inner\.json$/, /\.gltf$/, /\.bin$/, /\.png$/],
  'model-viewer': [/\.glb$/],
  'hls': [/master/, /media/, /segment-0/, /segment-1/],
  'apollo': [/graphql$/],
  'images': [/\.png$/],
};

/** The modules that the recipes need. */
const MODULES = ['daypass.js', 'worker.js'];

test('each block of the guide is run', () => {
  const expected = [...Object.keys(RECIPES).map((name) => `${name}.js`), ...MODULES];
  const printed = blocks(GUIDE).map(({ label }) => label);
  assert.deepEqual([...new Set(printed)].sort(), expected.sort());
});

test('the guide names the versions that are tested', () => {
  const printed = [...read(GUIDE).matchAll(/^\| \[[^|]*\| ([\d.]+) \|/gm)].map(([, version]) => version);
  const tested = Object.values(JSON.parse(read('tests/loaders/package.json')).dependencies);
  assert.equal(printed.length, 10);
  assert.deepEqual(printed.filter((version) => !tested.includes(version)), []);
});

for (const [name, paths] of Object.entries(RECIPES)) {
  // The service worker has a connection of its own, as the guide prints it.
  const kinds = name === 'images' ? ['temporary'] : ['publishable', 'temporary'];
  for (const kind of kinds) testRecipe(name, kind, paths);
}

test('images: after signOut() in a page, the service worker connects again', { timeout: 240_000 }, () =>
  open('images', 'temporary', async (tab, api) => {
    await load(tab, api, 1);
    await tab.evaluate(() => globalThis.daypass.signOut());
    const before = api.tokens;
    const next = `t${before + 1}`;
    let copy = 1;
    // The worker hears of it a moment later, and its requests fail or have the token of before until then.
    for (let requests = []; copy < 30 && !requests.some(({ token }) => token === next); ) {
      copy += 1;
      requests = await load(tab, api, copy).catch(() => []);
    }
    assert.equal(api.tokens, before + 1, 'the worker asks the provider again');
    assert.deepEqual(others(await load(tab, api, copy + 1), next), [], 'and keeps that connection');
  }));
