// The site of a customer of Threekit: its page, and what its backend asks the token service.
import { origin, startSite } from '../site.mjs';

// SECURITY: everything here reaches the browser.
const config = { service: origin('DAYPASS_SERVICE') };

startSite({ folder: 'www/systems/threekit', config, routes: {} });
