// The page that a customer frames: `/frame?pubtoken=…&floor=…`. A response header says which pages may frame it.
import { connect, mount } from './viewer.js';

const query = new URLSearchParams(location.search);
const connection = fetch('config.json')
  .then((response) => response.json())
  .then(({ api, service }) => connect({ api, service, publishableToken: query.get('pubtoken') }));
mount(document.getElementById('floor'), connection, query.get('floor') ?? 'ground');
