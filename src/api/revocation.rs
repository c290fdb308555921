//! Revocations, and the feed of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One entry of the revocation feed, `GET /v2/revocation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocation {
    /// Its number in the feed. Later entries have greater numbers.
    pub seq: u64,
    /// When it was entered.
    pub at: u64,
    /// What it revokes or changes.
    #[serde(flatten)]
    pub target: RevocationTarget,
}

/// What an entry of the feed is about. Of the levels that revoke, any one is enough to refuse a token.
///
/// SECURITY: a reader that does not know a level must not go on, since the entry may revoke something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "level")]
pub enum RevocationTarget {
    /// A stored token, and everything minted from it.
    Token {
        /// [`TokenRecord::serial`](super::TokenRecord::serial).
        serial: u64,
    },
    /// One signed token or bundle.
    Jwt {
        /// [`Claims::jti`](crate::jwt::Claims::jti).
        jti: String,
    },
    /// All tokens of an organization, present and future.
    Organization {
        /// Its id.
        organization: String,
    },
    /// All tokens of an organization that were issued before a time, as earlier versions of the service told it.
    IssuedBefore {
        /// Its id.
        organization: String,
        /// The first second whose tokens stay valid.
        time: u64,
    },
    /// All tokens of an organization that were issued before a time, told by their order, which no clock can change.
    ///
    /// SECURITY: a level of its own, so that a reader that knows [`IssuedBefore`](RevocationTarget::IssuedBefore) alone
    /// does not go on. By the time it would miss what a revoked token minted after it.
    IssuedUpTo {
        /// Its id.
        organization: String,
        /// The first second whose tokens stay valid. Refuse a JWT from before it whose
        /// [`feed_seq`](crate::jwt::Claims::feed_seq) is lower than the entry's number.
        time: u64,
        /// The last stored token that is revoked. Refuse all up to this serial number, and everything minted from them.
        #[serde(rename = "rootSerial")]
        root_serial: u64,
    },
    /// Everything that a key signed.
    Key {
        /// The key's id in the JWKS.
        kid: String,
    },
    /// A stored token that was edited: nothing is revoked, and an older record of it is out of date.
    Changed {
        /// [`TokenRecord::serial`](super::TokenRecord::serial).
        serial: u64,
        /// The version that it has now: [`TokenRecord::version`](super::TokenRecord::version).
        version: u64,
    },
    /// All tokens of an organization, until it is resumed. The newest of these two levels counts.
    Suspended {
        /// Its id.
        organization: String,
    },
    /// An organization that is no longer suspended.
    Resumed {
        /// Its id.
        organization: String,
    },
}

/// Names the target in words, for logs and people.
impl fmt::Display for RevocationTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RevocationTarget::Token { serial } => write!(f, "the stored token with serial number {serial}"),
            RevocationTarget::Jwt { jti } => write!(f, "the signed token {jti}"),
            RevocationTarget::Organization { organization } => {
                write!(f, "all tokens of the organization {organization}")
            }
            RevocationTarget::IssuedBefore { organization, time } => {
                write!(f, "all tokens of the organization {organization} issued before {time}")
            }
            RevocationTarget::IssuedUpTo { organization, time, root_serial } => write!(
                f,
                "all tokens of the organization {organization} issued before {time}, up to serial number {root_serial}"
            ),
            RevocationTarget::Key { kid } => write!(f, "everything signed by the key {kid}"),
            RevocationTarget::Changed { serial, version } => {
                write!(f, "the edit of the stored token with serial number {serial} to version {version}")
            }
            RevocationTarget::Suspended { organization } => write!(f, "the suspension of {organization}"),
            RevocationTarget::Resumed { organization } => write!(f, "the end of the suspension of {organization}"),
        }
    }
}

/// The response of `GET /v2/revocation?after=` to a client that polls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevocationPage {
    /// The entries after the requested number, oldest first; all entries that are kept if the feed has not reached that
    /// number.
    pub revocations: Vec<Revocation>,
    /// The feed's last number, counting other organizations' entries. A page with fewer entries than
    /// [`RevocationPage::MOST`] is complete up to this number. After a full page, ask again after its last entry.
    pub latest: u64,
    /// The name of the feed's history: that of the store, the same on every node and after a restart. In another one, of a
    /// backup that was restored, the same numbers may stand for other entries: when the epoch changes, ask for all again.
    pub epoch: String,
    /// The number up to which entries of stored tokens and JWTs are no longer kept.
    ///
    /// SECURITY: refuse every JWT whose [`feed_seq`](crate::jwt::Claims::feed_seq) is lower. It was minted before one of
    /// them, which may have revoked it.
    pub deleted_up_to: u64,
    /// The ids of the key that signs and of those that will. A key is announced before it signs.
    pub keys: Vec<String>,
    /// The only organization whose tokens the entries are about, beside those of keys; `None` if they are about
    /// the tokens of every organization. It depends on the reader's token.
    ///
    /// SECURITY: refuse the tokens of every other organization, since they may have been revoked. Without the
    /// member a page cannot be read, so that a service that does not know it is not taken for one that tells of
    /// all.
    #[serde(deserialize_with = "Option::deserialize")]
    pub organization: Option<String>,
}

impl RevocationPage {
    /// The most entries that a page has.
    pub const MOST: usize = 1000;
}

/// The feed's event `heartbeat`: no entry up to `latest` is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// The feed's last number, counting other organizations' entries.
    pub latest: u64,
    /// The name of the feed's history, as in a [`RevocationPage`].
    pub epoch: String,
    /// The number up to which entries are no longer kept, as in a [`RevocationPage`].
    pub deleted_up_to: u64,
    /// The keys that sign or will, as in a [`RevocationPage`].
    pub keys: Vec<String>,
    /// The only organization whose entries the stream has, as in a [`RevocationPage`].
    #[serde(deserialize_with = "Option::deserialize")]
    pub organization: Option<String>,
    /// The moment that the heartbeat speaks of: milliseconds after the stream began, by the service's monotonic clock. It
    /// lets the subscriber detect an event that took long to arrive.
    pub elapsed_milliseconds: u64,
}
