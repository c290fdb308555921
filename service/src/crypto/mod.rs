//! Cryptography: keys, encryption and randomness. Pure but for the randomness that it takes from the
//! operating system.
//!
//! | module | what it has |
//! | --- | --- |
//! | `master_key` | what seals signing keys |
//! | `password` | hashes of passwords |
//! | `pkce` | the challenges of PKCE |
//! | `random` | ids and bytes that cannot be guessed |
//! | `redeemer` | who redeems a bundle's reference |
//! | `seal` | encryption of a bundle's parameters |
//! | `secret` | secrets of sessions and invitations |
//! | `signing_key` | one Ed25519 key pair, and what it signs |

pub(crate) mod master_key;
pub(crate) mod password;
pub(crate) mod pkce;
pub(crate) mod random;
pub(crate) mod redeemer;
pub(crate) mod seal;
pub(crate) mod secret;
pub(crate) mod signing_key;
