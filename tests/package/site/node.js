// Prints the response of the API (the second argument is its address) to an entry of the package (the first).
import { floor } from './floor.js';

const [entry, api] = process.argv.slice(2);
const { connect } = await import(entry);
console.log(await floor(connect, api));
