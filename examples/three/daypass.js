import { connect } from 'daypass';

export const daypass = await connect({
  api: import.meta.env.VITE_API,
  provider: '/floor-token', // the page's backend, in ../start.mjs
  scopes: ['floor:readPrivate'],
});
