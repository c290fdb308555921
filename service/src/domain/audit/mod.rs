//! The audit trail: who did what, from where, when, and with which outcome.
//!
//! | module | what it has |
//! | --- | --- |
//! | `action` | the vocabulary of actions |
//! | `actor` | who acts |
//! | `change` | what an operation changes, as an entry tells it |
//! | `export` | entries as CSV and as lines of JSON |
//! | `list` | lists of entries: filters, cursors |
//! | `refusals` | how many refusals become entries |

pub(crate) mod action;
pub(crate) mod actor;
pub(crate) mod change;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod refusals;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use action::Action;
use actor::Actor;

/// What happened to the request or command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "AuditOutcome")]
pub(crate) enum Outcome {
    /// It was done.
    Ok,
    /// The caller may not do it.
    Refused,
    /// The service could not do it.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub(crate) const ALL: [Outcome; 3] = [Outcome::Ok, Outcome::Refused, Outcome::Failed];

    /// Returns the name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AuditTarget")]
pub(crate) struct Target {
    /// What it is, such as `token`.
    pub(crate) kind: String,
    /// Its id.
    pub(crate) id: String,
}

/// What an entry tells beside the others: which fields changed, and to what.
///
/// SECURITY: never a token's text, a password, or a hash of one.
pub(crate) type Facts = Map<String, Value>;

/// An entry to be stored. The store gives its id and its time.
#[derive(Debug, Clone)]
pub(crate) struct NewEntry {
    /// The organization that it concerns; none if it concerns the service itself.
    pub(crate) organization: Option<String>,
    /// Who did it.
    pub(crate) actor: Actor,
    /// What was done.
    pub(crate) action: Action,
    /// To what.
    pub(crate) target: Option<Target>,
    /// The address of the client.
    pub(crate) address: Option<String>,
    /// The id of the request.
    pub(crate) request_id: Option<String>,
    /// What happened.
    pub(crate) outcome: Outcome,
    /// The code of the error.
    pub(crate) code: Option<String>,
    /// What changed.
    pub(crate) facts: Facts,
}

/// An entry, as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditEntry")]
pub(crate) struct Entry {
    /// Its number, which grows.
    pub(crate) id: u64,
    /// When.
    pub(crate) at: u64,
    /// The organization that it concerns; none if it concerns the service itself.
    pub(crate) organization: Option<String>,
    /// Who did it.
    pub(crate) actor: EntryActor,
    /// What was done, one of [`Action`].
    pub(crate) action: String,
    /// To what.
    pub(crate) target: Option<Target>,
    /// The address of the client.
    pub(crate) address: Option<String>,
    /// The id of the request.
    pub(crate) request_id: Option<String>,
    /// What happened.
    pub(crate) outcome: Outcome,
    /// The code of the error.
    pub(crate) code: Option<String>,
    /// What changed.
    pub(crate) facts: Facts,
}

/// Who did what an entry tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AuditActor")]
pub(crate) struct EntryActor {
    /// What it is, such as `token`.
    pub(crate) kind: String,
    /// Its id.
    pub(crate) id: Option<String>,
    /// A token's name, or a person's email.
    pub(crate) name: Option<String>,
    /// The id of the principal that a token belongs to.
    pub(crate) owner: Option<String>,
}
