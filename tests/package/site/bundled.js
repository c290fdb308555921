// Prints what the API, whose address is the argument, answers to a server that is bundled.
import { connect } from 'daypass';
import { floor } from './floor.js';

console.log(await floor(connect, process.argv[2]));
