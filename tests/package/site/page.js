// The page that each bundler builds. It shows the API's response.
import { connect } from 'daypass';
import { floor } from './floor.js';

const api = new URLSearchParams(location.search).get('api');
floor(connect, api).then((text) => (document.getElementById('answer').textContent = text));
