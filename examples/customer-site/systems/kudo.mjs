// The site of Northlight, a partner of Kudo: its page, and what its backend asks the token service. The access key
// stays in this process.
import { json } from '../http.mjs';
import { tokenService } from '../service.mjs';
import { need, origin, startSite } from '../site.mjs';

const accessKey = need('ACCESS_KEY');
// SECURITY: everything here reaches the browser.
const config = { service: origin('DAYPASS_SERVICE'), api: origin('FLOOR_API'), embed: origin('EDITOR') };
const callService = tokenService(config.service);

/** What the visitor may choose: which file, and how it opens. Everything else is the backend's decision. */
const CHOICES = {
  edit: { file: 'second', access: 'edit', locale: 'en' },
  view: { file: 'first', access: 'view', locale: 'de' },
  url: { fileUrl: `${config.embed}/sample-floor.json`, locale: 'fr' },
};

// #region generate
/** Requests a session token for the parameters of the editor. */
function generate({ choice }) {
  if (!Object.hasOwn(CHOICES, choice)) {
    return json(403, 'Wrong choice');
  }
  const parameters = {
    userId: 'ana',
    ...CHOICES[choice],
    server: config.api,
    workspace: 'northlight/quay-4',
  };
  const key = { 'x-api-key': accessKey };
  return callService('POST', '/generate', key, parameters);
}
// #endregion

const routes = { 'POST /session': generate };

startSite({ folder: 'www/systems/kudo', config, routes });
