//! Records and rules, pure: no async, no SQL, no HTTP, no clock and no randomness.
//!
//! A rule gets facts and answers. The facts are those that the [store](crate::store) read in the
//! transaction that the answer ends, so that they still hold when the answer is written.
//!
//! | module | what it has |
//! | --- | --- |
//! | `account` | accounts: how people sign in |
//! | `audit` | the audit trail: entries, actions, lists, exports |
//! | `bundle` | parameter bundles: lifetimes, retention, what they may do |
//! | `catalog_change` | changes of the catalogue: which scopes of tokens they remove |
//! | `catalogs` | the scopes that exist: the product's, and Daypass's own |
//! | `client_network` | the network that a client controls |
//! | `crafter` | access tokens of Crafter Profile: scopes, masters, ids |
//! | `cross_site` | which requests with a session come from the service's own pages |
//! | `days` | days in UTC |
//! | `grantor` | who creates or edits a token, and which scopes it can have |
//! | `hidden` | characters that people do not see: refused, and shown escaped |
//! | `introspection` | what an introspection tells about a token |
//! | `invitation` | invitations of users: when they may be made, and who accepts them |
//! | `key` | signing keys: states, rotation, revocation |
//! | `last_use` | when tokens were last used |
//! | `lifetime` | when what is minted expires |
//! | `log_text` | text in a line of the log |
//! | `membership` | the organizations of a signed-in person |
//! | `narrowing` | which of its parent's grants a temporary token gets |
//! | `numbered_page` | pages of a list by their number |
//! | `oauth` | OAuth 2.1: what clients may ask for, and when they get it |
//! | `organization` | organizations: their states and limits |
//! | `origins` | origins as people write them |
//! | `page_limit` | how many entries a page of a list has |
//! | `password` | passwords: which a person may set |
//! | `permissions` | public and private tokens, as Threekit tells them apart |
//! | `personal_token` | who creates and revokes the personal tokens of a user |
//! | `principal` | principals: their fields, and when one may be added |
//! | `principal_edit` | edits and removals of principals, and which tokens end with them |
//! | `protocol` | the systems whose protocols the service speaks |
//! | `public_part` | what lists show of a token's text |
//! | `retention` | how long the feed keeps entries, by order and not by time |
//! | `revocation` | which entries of the feed a revocation makes |
//! | `role` | what the users of an organization may do, by their role |
//! | `session` | sessions of signed-in people: when one has ended |
//! | `sign_in_rate` | how often sign-ins may fail |
//! | `timestamp` | times as people write them |
//! | `token` | stored tokens: when one may be added, when it is active |
//! | `token_edit` | edits of stored tokens |
//! | `token_fields` | the fields of a new token |
//! | `token_list` | lists of tokens: filters, pages, cursors |
//! | `token_owner` | the principal that a new token belongs to |
//! | `token_use` | how tokens are used, by day |
//! | `use_origins` | the origins of most requests |
//! | `versions` | the version of a record that an edit is meant for |
//! | `visitor` | what a temporary token says of its visitor, and where it may be used |
//! | `write_state` | whether revocations can be written, and what may still be added |

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod bundle;
pub(crate) mod catalog_change;
pub(crate) mod catalogs;
pub(crate) mod client_network;
pub(crate) mod crafter;
pub(crate) mod cross_site;
pub(crate) mod days;
pub(crate) mod grantor;
pub(crate) mod hidden;
pub(crate) mod introspection;
pub(crate) mod invitation;
pub(crate) mod key;
pub(crate) mod last_use;
pub(crate) mod lifetime;
pub(crate) mod log_text;
pub(crate) mod membership;
pub(crate) mod narrowing;
pub(crate) mod numbered_page;
pub(crate) mod oauth;
pub(crate) mod organization;
pub(crate) mod origins;
pub(crate) mod page_limit;
pub(crate) mod password;
pub(crate) mod permissions;
pub(crate) mod personal_token;
pub(crate) mod principal;
pub(crate) mod principal_edit;
pub(crate) mod protocol;
pub(crate) mod public_part;
pub(crate) mod retention;
pub(crate) mod revocation;
pub(crate) mod role;
pub(crate) mod session;
pub(crate) mod sign_in_rate;
pub(crate) mod timestamp;
pub(crate) mod token;
pub(crate) mod token_edit;
pub(crate) mod token_fields;
pub(crate) mod token_list;
pub(crate) mod token_owner;
pub(crate) mod token_use;
mod use_origins;
pub(crate) mod versions;
pub(crate) mod visitor;
pub(crate) mod write_state;
