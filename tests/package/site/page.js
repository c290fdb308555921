// What each bundler builds: a page that shows what the API answers.
import { connect } from 'daypass';
import { floor } from './floor.js';

const api = new URLSearchParams(location.search).get('api');
floor(connect, api).then((text) => (document.getElementById('answer').textContent = text));
