//! The service as its callers see it: the real binary, on a real store, over HTTP and on the command line.

mod bad_input;
mod bundles;
mod catalog_types;
mod codegen;
mod command_line;
mod concurrency;
mod confirmation;
mod documented_requests;
mod events;
mod feed;
mod holder;
mod introspection;
mod keys;
mod migration;
mod older_names;
mod public;
mod retention;
mod revocation;
mod rotation;
mod running;
mod sdk;
mod secrecy;
mod start;
mod store;
mod temporary;
mod tokens;
