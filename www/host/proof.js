// Proof of possession (DPoP): the same request with the browser's key and without it.
import { showDeveloper, showFields } from './developer.js';

const FLOOR = '/v2/floor/first';

export function startProof(floorline, config) {
  const section = document.querySelector('#proof');
  const find = (name) => section.querySelector(`[data-testid="proof-${name}"]`);
  const again = find('again');
  again.addEventListener('click', run);
  run();

  async function run() {
    again.disabled = true;
    try {
      await sendBoth(floorline, config, find);
    } catch (error) {
      showDeveloper(find('without'), error);
    }
    again.disabled = false;
  }
}

async function sendBoth({ connect }, { api }, find) {
  // #region send
  const daypass = await connect({
    api,
    provider: '/floor-token',
    scopes: ['floor:readPrivate'],
    dpop: true, // the key never leaves this browser
  });
  const allowed = await daypass.fetch(FLOOR); // sends a proof too

  // A thief has the token and not the key.
  const headers = { authorization: await daypass.authorization() };
  const refused = await fetch(new URL(FLOOR, api), { headers });
  const error = await daypass.refusal(refused);
  // #endregion

  const { cnf } = decode(headers.authorization);
  const { DPoP: proof } = await daypass.headers(FLOOR);
  showAllowed(find('with'), allowed.status, await allowed.json(), cnf, decode(proof));
  for (const text of document.querySelectorAll('#proof .thumbprint')) text.textContent = cnf.jkt;
  if (error) showDeveloper(find('without'), error);
  else find('without').textContent = 'The API accepted a stolen token, which is a defect.';
  daypass.close();
}

function showAllowed(element, status, floor, cnf, { htm, htu, jti }) {
  showFields(element, {
    status: `HTTP ${status}`,
    floor: `${floor.name}, ${floor.rooms.length} rooms`,
    key: cnf.jkt,
    proof: `${htm} ${htu}`,
    'proof id': jti,
  });
}

/** The claims of a JWT, unverified: the page only shows them. */
function decode(jwt) {
  const [, claims] = jwt.split('.');
  return JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
}
