// The site of a customer of Crafter Profile: its page, and what its backend asks the token service.
import { origin, startSite } from '../site.mjs';

// SECURITY: everything here reaches the browser.
const config = { service: origin('DAYPASS_SERVICE') };

startSite({ folder: 'www/systems/crafter', config, routes: {} });
