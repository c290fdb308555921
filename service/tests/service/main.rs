//! The service as its callers see it: the real binary, on a real store, over HTTP and on the command line.

#![expect(clippy::duplicate_mod, reason = "the suite is run against each store")]

/// Declares the tests that hold on every store, for one of them.
macro_rules! suite {
    () => {
        #[path = "../audit.rs"]
        mod audit;
        #[path = "../authorization.rs"]
        mod authorization;
        #[path = "../authorization_requests.rs"]
        pub(crate) mod authorization_requests;
        #[path = "../backup.rs"]
        mod backup;
        #[path = "../bad_input.rs"]
        mod bad_input;
        #[path = "../bundle_limits.rs"]
        mod bundle_limits;
        #[path = "../bundles.rs"]
        mod bundles;
        #[path = "../catalog.rs"]
        mod catalog;
        #[path = "../catalog_over_http.rs"]
        mod catalog_over_http;
        #[path = "../clocks.rs"]
        mod clocks;
        #[path = "../command_line.rs"]
        mod command_line;
        #[path = "../command_line_operations.rs"]
        mod command_line_operations;
        #[path = "../concurrency.rs"]
        mod concurrency;
        #[path = "../confirmation.rs"]
        mod confirmation;
        #[path = "../console.rs"]
        pub(crate) mod console;
        #[path = "../console_applications.rs"]
        mod console_applications;
        #[path = "../console_pages.rs"]
        mod console_pages;
        #[path = "../crafter.rs"]
        mod crafter;
        #[path = "../crafter_callers.rs"]
        mod crafter_callers;
        #[path = "../crafter_grants.rs"]
        mod crafter_grants;
        #[path = "../crafter_profiles.rs"]
        mod crafter_profiles;
        #[path = "../crash.rs"]
        mod crash;
        #[path = "../details.rs"]
        mod details;
        #[path = "../doctor.rs"]
        mod doctor;
        #[path = "../edit.rs"]
        mod edit;
        #[path = "../epoch.rs"]
        mod epoch;
        #[path = "../events.rs"]
        mod events;
        #[path = "../every_protocol.rs"]
        mod every_protocol;
        #[path = "../feed.rs"]
        mod feed;
        #[path = "../foreign_records.rs"]
        mod foreign_records;
        #[path = "../fresh_records.rs"]
        mod fresh_records;
        #[path = "../holder.rs"]
        mod holder;
        #[path = "../introspection.rs"]
        mod introspection;
        #[path = "../invitations.rs"]
        mod invitations;
        #[path = "../keys.rs"]
        mod keys;
        #[path = "../keys_at_rest.rs"]
        mod keys_at_rest;
        #[path = "../kudo.rs"]
        mod kudo;
        #[path = "../locations.rs"]
        mod locations;
        #[path = "../names.rs"]
        mod names;
        #[path = "../oauth_clients.rs"]
        mod oauth_clients;
        #[path = "../oauth_exchange.rs"]
        mod oauth_exchange;
        #[path = "../oauth_families.rs"]
        mod oauth_families;
        #[path = "../oauth_own_tokens.rs"]
        mod oauth_own_tokens;
        #[path = "../oauth_proofs.rs"]
        mod oauth_proofs;
        #[path = "../oauth_token.rs"]
        mod oauth_token;
        #[path = "../older_names.rs"]
        mod older_names;
        #[path = "../openid_connect.rs"]
        mod openid_connect;
        #[path = "../organizations.rs"]
        mod organizations;
        #[path = "../owners.rs"]
        mod owners;
        #[path = "../people.rs"]
        pub(crate) mod people;
        #[path = "../personal.rs"]
        mod personal;
        #[path = "../principals.rs"]
        mod principals;
        #[path = "../race.rs"]
        mod race;
        #[path = "../retention.rs"]
        mod retention;
        #[path = "../revocation.rs"]
        mod revocation;
        #[path = "../rotation.rs"]
        mod rotation;
        #[path = "../running.rs"]
        pub(crate) mod running;
        #[path = "../secrecy.rs"]
        mod secrecy;
        #[path = "../session_roles.rs"]
        mod session_roles;
        #[path = "../several_tenants.rs"]
        mod several_tenants;
        #[path = "../shared_suffix.rs"]
        mod shared_suffix;
        #[path = "../sign_in.rs"]
        mod sign_in;
        #[path = "../sign_in_pages.rs"]
        mod sign_in_pages;
        #[path = "../single_use.rs"]
        mod single_use;
        #[path = "../space_api.rs"]
        mod space_api;
        #[path = "../speckle/mod.rs"]
        mod speckle;
        #[path = "../stopped.rs"]
        mod stopped;
        #[path = "../store.rs"]
        mod store;
        #[path = "../suspension.rs"]
        mod suspension;
        #[path = "../temporary.rs"]
        mod temporary;
        #[path = "../threekit.rs"]
        mod threekit;
        #[path = "../threekit_callers.rs"]
        mod threekit_callers;
        #[path = "../token_list.rs"]
        mod token_list;
        #[path = "../token_use.rs"]
        mod token_use;
        #[path = "../tokens.rs"]
        mod tokens;
    };
}

/// On an SQLite file.
mod sqlite {
    mod backend;
    mod disk;
    mod entry_rate;
    mod file;
    mod many_tokens;
    mod master_key_file;
    mod migration;
    mod upgrade;

    suite!();
}

/// On a PostgreSQL database.
mod postgres {
    mod backend;
    mod cluster;
    mod database;
    mod disk;
    mod failover;
    mod other_epoch;
    mod restart;
    mod revocation_time;
    mod tls;

    suite!();
}

mod attacks;
mod binary;
mod catalog_types;
mod clock;
mod codegen;
mod described;
mod documented_requests;
mod issuer;
mod logs;
mod metrics;
mod openapi;
#[path = "openid/provider.rs"]
mod openid_provider;
mod operations;
mod public;
mod sdk;
mod settings;
mod shells;
mod slow_clients;
mod start;
mod stop;

/// What does not depend on the store is tested on a file.
use sqlite::running;
