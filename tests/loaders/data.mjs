// The smallest valid data of each format, by path. `/N/` before a path is another copy of the same data.

/** One transparent pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** A triangle with a texture, in three files. */
const POINTS = Buffer.from(new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1]).buffer);
const view = (byteOffset, byteLength) => ({ buffer: 0, byteOffset, byteLength });
const GLTF = {
  asset: { version: '2.0' },
  scene: 0,
  scenes: [{ nodes: [0] }],
  nodes: [{ mesh: 0 }],
  meshes: [{ primitives: [{ attributes: { POSITION: 0, TEXCOORD_0: 1 }, material: 0 }] }],
  materials: [{ pbrMetallicRoughness: { baseColorTexture: { index: 0 } } }],
  textures: [{ source: 0 }],
  images: [{ uri: 'triangle.png' }],
  accessors: [
    { bufferView: 0, componentType: 5126, count: 3, type: 'VEC3', min: [0, 0, 0], max: [1, 1, 0] },
    { bufferView: 1, componentType: 5126, count: 3, type: 'VEC2' },
  ],
  bufferViews: [view(0, 36), view(36, 24)],
  buffers: [{ uri: 'triangle.bin', byteLength: POINTS.length }],
};

/** The same in one file: a chunk of JSON, and one with the points and the texture (glTF 2.0, section 4). */
const GLB = binary(
  {
    ...GLTF,
    images: [{ bufferView: 2, mimeType: 'image/png' }],
    bufferViews: [...GLTF.bufferViews, view(POINTS.length, PNG.length)],
    buffers: [{ byteLength: POINTS.length + PNG.length }],
  },
  Buffer.concat([POINTS, PNG]),
);

function binary(json, data) {
  const chunk = (type, bytes, filler) => {
    const whole = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4, filler)]);
    return Buffer.concat([words(whole.length), Buffer.from(type), whole]);
  };
  const chunks = Buffer.concat([chunk('JSON', Buffer.from(JSON.stringify(json)), ' '), chunk('BIN\0', data, 0)]);
  return Buffer.concat([Buffer.from('glTF'), words(2, 12 + chunks.length), chunks]);
}

/** Numbers of four bytes, the lowest first. */
function words(...numbers) {
  return Buffer.from(new Uint32Array(numbers).buffer);
}

/** A message of protocol buffers: its fields in order, `[number, value]`. */
function message(...fields) {
  const parts = fields.map(([number, value]) => {
    if (typeof value === 'number') return Buffer.from([number << 3, ...varint(value)]);
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
  });
  return Buffer.concat(parts);
}

function varint(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

/** A vector tile with one square, the layer `floor`: moves and lines in zigzag numbers (MVT 2.1, section 4.3). */
const SQUARE = [9, 0, 0, 26, 8192, 0, 0, 8192, 8191, 0, 15].flatMap(varint);
const MVT = message([3, message([15, 2], [1, 'floor'], [2, message([3, 3], [4, SQUARE])], [5, 4096])]);

/** A second of silence: 38 frames of MPEG-2 layer III with 22,050 samples and 8,000 bits a second. */
const FRAME = Buffer.alloc(26);
FRAME.set([0xff, 0xf3, 0x10, 0xc4]);
const MP3 = Buffer.concat(Array.from({ length: 38 }, () => FRAME));
const MASTER = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=8000,CODECS="mp4a.40.34"\nmedia.m3u8\n';
const MEDIA =
  '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsegment-0.mp3\n#EXTINF:1,\nsegment-1.mp3\n#EXT-X-ENDLIST\n';

const GEOJSON = {
  type: 'Feature',
  properties: {},
  geometry: { type: 'Polygon', coordinates: [[[-170, -80], [170, -80], [170, 80], [-170, 80], [-170, -80]]] },
};

const STYLE = {
  version: 8,
  sources: {
    floor: { type: 'vector', url: 'ORIGIN/tiles.json' },
    photo: { type: 'raster', tiles: ['ORIGIN/tiles/{z}/{x}/{y}.png'], tileSize: 512 },
    area: { type: 'geojson', data: 'ORIGIN/area.geojson' },
  },
  sprite: 'ORIGIN/sprite',
  layers: [
    { id: 'photo', type: 'raster', source: 'photo' },
    { id: 'area', type: 'fill', source: 'area' },
    { id: 'floor', type: 'fill', source: 'floor', 'source-layer': 'floor' },
  ],
};
const TILEJSON = {
  tilejson: '3.0.0',
  tiles: ['ORIGIN/tiles/{z}/{x}/{y}.pbf'],
  vector_layers: [{ id: 'floor', fields: {} }],
  minzoom: 0,
  maxzoom: 14,
};

/** A tileset whose tile is a second tileset, whose tile is the triangle, on the equator. */
const EQUATOR = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 6_378_137, 0, 0, 1];
const tileset = (uri, place) => ({
  asset: { version: '1.1' },
  geometricError: 100,
  root: {
    boundingVolume: { sphere: [0, 0, 0, 10] },
    geometricError: 0,
    refine: 'REPLACE',
    content: { uri },
    ...place,
  },
});

const JSON_TYPE = 'application/json';

/** By the end of the path: the type, and the content, where `ORIGIN` stands for the API's origin. */
const FILES = [
  [/\/style\.json$/, JSON_TYPE, STYLE],
  [/\/tiles\.json$/, JSON_TYPE, TILEJSON],
  [/\/area\.geojson$/, 'application/geo+json', GEOJSON],
  [/\/sprite(@2x)?\.json$/, JSON_TYPE, {}],
  [/\.pbf$/, 'application/x-protobuf', MVT],
  [/\.png$/, 'image/png', PNG],
  [/\.gltf$/, 'model/gltf+json', GLTF],
  [/\.glb$/, 'model/gltf-binary', GLB],
  [/\.bin$/, 'application/octet-stream', POINTS],
  [/\/tileset\.json$/, JSON_TYPE, tileset('inner.json', { transform: EQUATOR })],
  [/\/inner\.json$/, JSON_TYPE, tileset('triangle.gltf')],
  [/\/master\.m3u8$/, 'application/vnd.apple.mpegurl', MASTER],
  [/\/media\.m3u8$/, 'application/vnd.apple.mpegurl', MEDIA],
  [/\.mp3$/, 'audio/mpeg', MP3],
  [/\/graphql$/, JSON_TYPE, { data: { floor: { __typename: 'Floor', id: 'first' } } }],
];

/** The file at a path of the API; undefined if the API has no such file. */
export function find(path, origin) {
  const [, type, content] = FILES.find(([pattern]) => pattern.test(path)) ?? [];
  if (content === undefined || Buffer.isBuffer(content)) return content && { type, content };
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return { type, content: text.replaceAll('ORIGIN', origin) };
}
