// Northlight's page. It learns the addresses from its own backend, loads Floorline from the embed's origin, and fills each section.
import { startEditor } from './editor.js';
import { startPrivateFloor } from './private-floor.js';
import { startPublicFloor } from './public-floor.js';
import { startRefusals } from './refusals.js';

start().catch((error) => {
  const broken = document.querySelector('#broken');
  broken.textContent = `The demo cannot start: ${error.message}`;
  broken.hidden = false;
});

async function start() {
  const config = await (await fetch('config.json')).json();
  const origins = { site: location.origin, embed: config.embed, api: config.api, service: config.service };
  for (const [name, origin] of Object.entries(origins)) {
    document.querySelector(`[data-testid="origin-${name}"]`).textContent = new URL(origin).host;
  }
  const floorline = await import(`${config.embed}/viewer.js`);

  startPublicFloor(floorline, config);
  startPrivateFloor(floorline, config);
  startEditor(config);
  startRefusals(floorline, config);
}
