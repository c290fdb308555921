// Prints what the API, whose address is the second argument, answers to the package's entry that is the first one.
import { floor } from './floor.js';

const [entry, api] = process.argv.slice(2);
const { connect } = await import(entry);
console.log(await floor(connect, api));
