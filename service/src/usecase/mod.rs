//! What the service does. Each use case takes the parts that it needs, reads the clock, asks the rules of
//! [`domain`](crate::domain) and writes to the store. The HTTP API and the command line both call them.
//!
//! | module | what it does |
//! | --- | --- |
//! | `access_tokens` | creates, lists and finds public and private tokens (Threekit) |
//! | `answers` | the responses of introspection that were given lately |
//! | `audit` | lists, exports and deletes entries of the audit trail |
//! | `bootstrap` | writes what a new store gets first |
//! | `bundles` | stores, signs and redeems parameter bundles |
//! | `catalog` | reads and sets the product's scopes |
//! | `clock` | tells the time |
//! | `crafter` | creates, finds and lists the access tokens of Crafter Profile |
//! | `current_catalog` | the catalogue of a running service |
//! | `explain` | finds the token that somebody asks about |
//! | `feed` | tells subscribers what was revoked |
//! | `fresh_keys` | signing keys that are as new as the question for them |
//! | `invitations` | invites users, and lets them accept |
//! | `introspect` | tells what a token is, and whether a JWT was revoked |
//! | `jwt_issuer` | signs JWTs for this service's issuer and audience |
//! | `keys` | lists, rotates and revokes signing keys |
//! | `oauth` | OAuth 2.1: what the authorization server does |
//! | `openid` | confirms who a person is at an OpenID Connect provider |
//! | `organizations` | creates, lists, finds, renames and suspends organizations |
//! | `parent` | the stored token that something is minted from |
//! | `passwords` | hashes passwords aside, a few at once |
//! | `personal_tokens` | creates, lists and revokes the personal tokens of a user |
//! | `rates` | how often clients may call, and make the store keep something |
//! | `retention_days` | simulated days in which clocks are wrong: no revocation is forgotten |
//! | `principals` | adds, lists, finds, edits and removes principals |
//! | `readiness` | whether the service can do its work |
//! | `refusals` | refusals of administrative requests, for the audit trail |
//! | `revoke` | revokes tokens, JWTs and organizations |
//! | `seal_keys` | seals the signing keys by the master key, or by another one |
//! | `shared_suffix` | logs which patterns temporary tokens and bundles accept that anyone may match |
//! | `sign_in` | signs people in and out, and changes their passwords |
//! | `signing_keys` | the keys of a running service |
//! | `sync` | polls the store, in which other processes write too |
//! | `temporary_token` | mints temporary tokens |
//! | `token_use` | counts how tokens are used, and tells it by the day |
//! | `token_uses` | notes when tokens were last used |
//! | `tokens` | creates, lists, finds and edits stored tokens |
//! | `write_probe` | finds out whether revocations can be written |

pub(crate) mod access_tokens;
pub(crate) mod answers;
pub(crate) mod audit;
pub(crate) mod bootstrap;
pub(crate) mod bundles;
pub(crate) mod catalog;
pub(crate) mod clock;
pub(crate) mod crafter;
pub(crate) mod current_catalog;
pub(crate) mod explain;
pub(crate) mod feed;
pub(crate) mod fresh_keys;
pub(crate) mod introspect;
pub(crate) mod invitations;
pub(crate) mod jwt_issuer;
pub(crate) mod keys;
pub(crate) mod oauth;
pub(crate) mod openid;
pub(crate) mod organizations;
pub(crate) mod parent;
pub(crate) mod passwords;
pub(crate) mod personal_tokens;
pub(crate) mod principals;
pub(crate) mod rates;
pub(crate) mod readiness;
pub(crate) mod refusals;
#[cfg(test)]
mod retention_days;
pub(crate) mod revoke;
pub(crate) mod seal_keys;
mod shared_suffix;
pub(crate) mod sign_in;
pub(crate) mod signing_keys;
pub(crate) mod sync;
pub(crate) mod temporary_token;
pub(crate) mod token_use;
pub(crate) mod token_uses;
pub(crate) mod tokens;
pub(crate) mod write_probe;
