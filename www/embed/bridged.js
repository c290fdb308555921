// An embed without a token of its own: it asks the page around it, whichever customer that is.
import { connect, mount } from './viewer.js';

const { api } = await (await fetch('config.json')).json();

// #region connect
const connection = connect({
  api,
  host: ['127.0.0.1'], // the pages that may be around this one
  scopes: ['floor:readPrivate'],
  durationSeconds: 60,
});
mount(document.querySelector('#floor'), connection, 'first');
// #endregion
