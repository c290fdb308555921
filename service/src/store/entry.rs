//! Values in their columns, the same in every store: the target of an entry of the feed, and words.

use daypass::api::RevocationTarget;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

/// Returns the columns `level` and `name`.
pub(super) fn columns(target: &RevocationTarget) -> (&'static str, String) {
    match target {
        RevocationTarget::Token { serial } => ("token", serial.to_string()),
        RevocationTarget::Jwt { jti } => ("jwt", jti.clone()),
        RevocationTarget::Organization { organization } => ("organization", organization.clone()),
        RevocationTarget::IssuedBefore { time, .. } => ("issuedBefore", time.to_string()),
        RevocationTarget::IssuedUpTo { time, root_serial, .. } => ("issuedUpTo", format!("{time} {root_serial}")),
        RevocationTarget::Key { kid } => ("key", kid.clone()),
        RevocationTarget::Changed { serial, version } => ("changed", format!("{serial} {version}")),
        RevocationTarget::Suspended { organization } => ("suspended", organization.clone()),
        RevocationTarget::Resumed { organization } => ("resumed", organization.clone()),
    }
}

/// Returns the target in these columns.
///
/// # Errors
/// When they are not what [`columns`] returns.
pub(super) fn target(level: &str, name: String, organization: Option<String>) -> Result<RevocationTarget, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is not a number"));
    let numbers = |text: &str| {
        let (first, second) = text.split_once(' ').ok_or("expected two numbers")?;
        Ok::<_, String>((number(first)?, number(second)?))
    };
    let organization = || organization.ok_or("the entry lacks its organization");
    Ok(match level {
        "token" => RevocationTarget::Token { serial: number(&name)? },
        "jwt" => RevocationTarget::Jwt { jti: name },
        "organization" => RevocationTarget::Organization { organization: name },
        "issuedBefore" => RevocationTarget::IssuedBefore { organization: organization()?, time: number(&name)? },
        "issuedUpTo" => {
            let (time, root_serial) = numbers(&name)?;
            RevocationTarget::IssuedUpTo { organization: organization()?, time, root_serial }
        }
        "key" => RevocationTarget::Key { kid: name },
        "changed" => {
            let (serial, version) = numbers(&name)?;
            RevocationTarget::Changed { serial, version }
        }
        "suspended" => RevocationTarget::Suspended { organization: name },
        "resumed" => RevocationTarget::Resumed { organization: name },
        level => return Err(format!("{level} is not a level of revocation")),
    })
}

/// Returns the value whose name on the wire a column has.
///
/// # Errors
/// When no value has this name.
pub(super) fn word<T: DeserializeOwned>(name: &str) -> Result<T, Error> {
    let name: StrDeserializer<'_, Error> = name.into_deserializer();
    T::deserialize(name)
}
