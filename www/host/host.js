// Northlight's page: learns the addresses from its backend, loads Floorline from its origin, and starts each section.
import { startBridge } from './bridge.js';
import { startCopying } from './copy.js';
import { startEditor } from './editor.js';
import { startPrivateFloor } from './private-floor.js';
import { startProof } from './proof.js';
import { startPublicFloor } from './public-floor.js';
import { startRefusals } from './refusals.js';
import { startRevocation } from './revocation.js';
import { startTabs } from './tabs.js';

start().catch((error) => {
  const broken = document.querySelector('#broken');
  broken.textContent = `The demo cannot start: ${error.message}`;
  broken.hidden = false;
});

async function start() {
  startCopying();
  const config = await (await fetch('config.json')).json();
  const floorline = await import(`${config.embed}/viewer.js`);

  startPublicFloor(floorline, config);
  startPrivateFloor(floorline, config);
  startRevocation(floorline, config);
  startTabs(floorline, config);
  startProof(floorline, config);
  startEditor(config);
  startBridge(config);
  startRefusals(floorline, config);
}
