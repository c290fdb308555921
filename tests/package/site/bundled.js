// Prints the response of the API, whose address is the argument, to a bundled server.
import { connect } from 'daypass';
import { floor } from './floor.js';

console.log(await floor(connect, process.argv[2]));
