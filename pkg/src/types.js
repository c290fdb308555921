/** `daypass/types` has types alone: this is what a plain import of it finds. */
export {};
