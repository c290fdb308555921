/** Names the method that ends a `using` block. Old browsers lack the symbol; compiled code then uses this one. */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
