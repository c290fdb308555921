// The pages of a site: the files of a folder, with addresses and source code filled in, and the docs as text.
import { readFile, readdir } from 'node:fs/promises';
import { extname } from 'node:path';

const root = new URL('../../', import.meta.url);

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Where a file that the page shows runs. */
const PLACES = {
  'www/host': 'Northlight’s page',
  'www/systems': 'The customer’s page',
  'www/configurator': 'The product’s configurator',
  'www/embed': 'Floorline’s embed',
  'examples/configurator-api': 'The product’s API',
  'examples/customer-site': 'Northlight’s backend',
  'examples/floor-api': 'Floorline’s API',
  'examples/profile-api': 'The profile API',
};

/** The style and the modules that the pages of all systems share. */
const SHARED = ['style.css', 'parts.css', 'favicon.svg', 'frame.svg', 'copy.js', 'developer.js', 'post.js'];

/** Characters in a line of code that fit in half of the page. */
const NARROW = 68;

/**
 * Finds the files to serve, and returns a function that answers with one of them, or returns false. `more` are paths of
 * the page beside `/`.
 */
export async function pages(values, folder, more) {
  // SECURITY: only files that were there at the start are served, so no path of a client reaches the file system.
  const files = new Map();
  for (const name of SHARED) add(`/${name}`, `www/host/${name}`);
  for (const name of await readdir(new URL(`${folder}/`, root))) add(`/${name}`, `${folder}/${name}`);
  for (const name of await readdir(new URL('docs/', root), { recursive: true })) add(`/docs/${name}`, `docs/${name}`);
  for (const name of ['README.md', 'CHANGELOG.md', 'pkg/README.md']) add(`/${name}`, name);
  for (const path of ['/', ...more]) add(path, `${folder}/index.html`);

  function add(path, file) {
    if (extname(file) in TYPES) files.set(path, file);
  }

  return async (path, method, response) => {
    const file = files.get(path);
    if (!file) return false;
    const bytes = await readFile(new URL(file, root));
    const content = extname(file) === '.html' ? Buffer.from(await fill(bytes.toString(), values)) : bytes;
    const type = { 'Content-Type': TYPES[extname(file)], 'Content-Length': content.length };
    response.writeHead(200, { ...headers(values), ...type });
    response.end(method === 'HEAD' ? undefined : content);
    return true;
  };
}

function headers({ api = '', service, embed = '' }) {
  return {
    'Cache-Control': 'no-cache',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': [
      "default-src 'none'",
      // The SDK is WebAssembly: 'wasm-unsafe-eval' allows that, and still no eval of JavaScript.
      `script-src 'self' ${embed} 'wasm-unsafe-eval'`,
      `connect-src 'self' ${api} ${service} ${embed}`,
      `frame-src ${embed || "'none'"}`,
      "style-src 'self'",
      "img-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  };
}

/** Replaces `{{name}}` by a value, and `{{source FILE#REGION}}` by the lines of that file. */
async function fill(html, values) {
  const parts = html.split(/\{\{(.+?)\}\}/);
  for (let at = 1; at < parts.length; at += 2) {
    const [, reference] = /^source (.+)$/.exec(parts[at]) ?? [];
    parts[at] = reference ? await source(reference) : escape(value(values, parts[at]));
  }
  return parts.join('');
}

function value(values, name) {
  if (!(name in values)) throw new Error(`index.html names {{${name}}}, which has no value`);
  return values[name];
}

async function source(reference) {
  const [file, name] = reference.split('#');
  const lines = region(await readFile(new URL(file, root), 'utf8'), name);
  const place = PLACES[file.split('/', 2).join('/')];
  const isWide = lines.split('\n').some((line) => line.length > NARROW);
  return `<figure class="code${isWide ? ' wide' : ''}" data-source="${escape(reference)}">
  <figcaption><b>${place}</b> <code>${escape(file)}</code><button type="button" class="copy">Copy</button></figcaption>
  <pre tabindex="0"><code>${escape(lines)}</code></pre>
</figure>`;
}

/** The lines between `// #region name` and `// #endregion`, without their common indentation. */
export function region(text, name) {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`);
  const end = lines.findIndex((line, at) => at > start && line.trim() === '// #endregion');
  if (start < 0 || end < 0) throw new Error(`there is no region ${name}`);
  const shown = lines.slice(start + 1, end);
  const indents = shown.filter((line) => line.trim()).map((line) => line.search(/\S/));
  return shown.map((line) => line.slice(Math.min(...indents))).join('\n').trim();
}

function escape(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
