//! Access tokens as JSON: `{id, application, master, tenantPermissions, expiresOn}`.

use daypass::api::TokenRecord;
use daypass::{Error, Grant, Scope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::crafter::{self, SCOPES};

/// The actions, in the order of the scopes that they stand for.
const ACTIONS: [&str; 6] =
    ["CREATE_TENANT", "READ_TENANT", "UPDATE_TENANT", "DELETE_TENANT", "MANAGE_PROFILES", "MANAGE_TICKETS"];
/// Every action.
const EVERY_ACTION: &str = "*";

/// A token as a caller posts it. An unknown field is refused: a misspelt restriction must not give a token without it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PostedToken {
    #[serde(default)]
    pub(super) id: Option<String>,
    pub(super) application: String,
    #[serde(default)]
    pub(super) master: Option<bool>,
    #[serde(default)]
    tenant_permissions: Option<Vec<TenantPermission>>,
    #[serde(default)]
    expires_on: Option<Time>,
}

/// A time as Jackson reads it: in milliseconds since 1970, or as text (RFC 3339).
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected milliseconds since 1970, or a time such as 2027-01-31T12:00:00Z")]
enum Time {
    Milliseconds(i64),
    Text(String),
}

/// What a token may do on a tenant.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TenantPermission {
    tenant: String,
    allowed_actions: Vec<String>,
}

impl PostedToken {
    /// Returns a grant for each tenant on which an action is allowed.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`], which names the first unknown action.
    pub(super) fn grants(&self) -> Result<Vec<Grant>, Error> {
        let permissions = self.tenant_permissions.iter().flatten();
        let grants = permissions.filter(|permission| !permission.allowed_actions.is_empty()).map(|permission| {
            let scopes =
                permission.allowed_actions.iter().map(|action| scopes(action)).collect::<Result<Vec<_>, _>>()?;
            let scopes = scopes.into_iter().flatten().cloned().collect();
            Ok(Grant { tenant: permission.tenant.clone(), scopes, resources: vec![] })
        });
        grants.collect()
    }

    /// Returns when it expires, in whole seconds: never later than what was posted.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if it is no time, or before 1970.
    pub(super) fn expires_at(&self) -> Result<Option<u64>, Error> {
        let Some(time) = &self.expires_on else { return Ok(None) };
        let seconds = match time {
            Time::Milliseconds(milliseconds) => Some(milliseconds.div_euclid(1000)),
            Time::Text(text) => text.parse::<Timestamp>().ok().map(|time| time.as_millisecond().div_euclid(1000)),
        };
        let why = "The expiry, `expiresOn`, must be milliseconds since 1970, or a time such as 2027-01-31T12:00:00Z.";
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        seconds.map(Some).ok_or_else(|| Error::InvalidRequest(why.into()))
    }
}

/// Returns the scopes that an action stands for.
fn scopes(action: &str) -> Result<&'static [Scope], Error> {
    static SCOPES_OF_ACTIONS: [Scope; 6] = SCOPES;
    if action == EVERY_ACTION {
        return Ok(&SCOPES_OF_ACTIONS);
    }
    let index = ACTIONS.iter().position(|known| *known == action);
    index.map(|index| &SCOPES_OF_ACTIONS[index..=index]).ok_or_else(|| {
        let known = ACTIONS.join("`, `");
        Error::InvalidRequest(format!("Each of `allowedActions` must be one of `{known}`, or `*` for all of them."))
    })
}

/// A token as the protocol shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownToken {
    id: String,
    application: String,
    master: bool,
    tenant_permissions: Vec<TenantPermission>,
    expires_on: Option<u64>,
}

impl ShownToken {
    /// Shows a token with this id, which is the one by which the caller named it.
    pub(super) fn new(id: String, record: &TokenRecord) -> ShownToken {
        let master = crafter::is_master(record);
        let shown = record.grants.iter().map(|grant| permission(grant, master.then_some(&*record.organization)));
        ShownToken {
            id,
            application: record.name.clone(),
            master,
            tenant_permissions: shown.filter(|permission| !permission.allowed_actions.is_empty()).collect(),
            expires_on: record.expires_at.map(|seconds| seconds * 1000),
        }
    }
}

/// Shows a grant. What a master token has on its organization is not repeated.
///
/// SECURITY: what has no action is shown by its own text, which equals no action. So a grant that is limited to some
/// resources is never shown as the action on all of them.
fn permission(grant: &Grant, master_of: Option<&str>) -> TenantPermission {
    let tenant = grant.tenant.clone();
    if !grant.resources.is_empty() {
        let limits: Vec<String> = grant.resources.iter().map(|limit| format!("{}:{}", limit.kind, limit.id)).collect();
        let limited = |scope: &Scope| format!("{scope} only {}", limits.join(" "));
        return TenantPermission { tenant, allowed_actions: grant.scopes.iter().map(limited).collect() };
    }
    let has = |scope: &Scope| grant.scopes.iter().any(|held| held == scope);
    let mut allowed_actions: Vec<String> = if SCOPES.iter().all(has) {
        vec![EVERY_ACTION.into()]
    } else {
        ACTIONS.iter().zip(&SCOPES).filter(|(_, scope)| has(scope)).map(|(action, _)| (*action).into()).collect()
    };
    let is_shown = |scope: &Scope| {
        SCOPES.contains(scope) || (master_of == Some(&*tenant) && crafter::master_grant(&tenant).scopes.covers(scope))
    };
    allowed_actions.extend(grant.scopes.iter().filter(|scope| !is_shown(scope)).map(Scope::to_string));
    TenantPermission { tenant, allowed_actions }
}
