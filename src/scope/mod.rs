//! What a token may do: [`Scope`] and [`ScopeSet`].

mod required;
#[cfg(feature = "schema")]
mod schema;
mod set;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

pub use required::RequiredScope;
pub use set::ScopeSet;

/// The longest resource or action name, in bytes.
const MAX_NAME: usize = 64;
/// The longest resource id, in bytes.
const MAX_ID: usize = 128;

/// One permission: `resource:action`, narrowed to one resource by `resource:action:resourceId`.
///
/// The text form and the Space API's object form `{resource, action, resourceId?}` parse to the same value.
/// `resource:*` stands for every action on a resource, `*` for everything.
///
/// ```
/// use daypass::Scope;
/// let scope: Scope = "floor:readPrivate".parse()?;
/// assert_eq!((scope.resource(), scope.action()), ("floor", "readPrivate"));
/// assert_eq!("floor".parse::<Scope>().unwrap_err().to_string(), "`floor` is not a scope: expected resource:action");
/// # Ok::<(), daypass::ParseScopeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    text: Cow<'static, str>,
    /// Where the resource and the action end. Every decision reads them, so they are kept.
    resource_end: u8,
    action_end: u8,
}

impl Scope {
    /// Everything: `*`.
    pub const ALL: Scope = Scope::literal("*");

    /// Makes a scope from a literal. In a constant, an invalid text is a compile error.
    ///
    /// # Panics
    /// If `text` is not a scope.
    #[must_use]
    pub const fn literal(text: &'static str) -> Scope {
        match ends(text.as_bytes()) {
            Some((resource_end, action_end)) => Scope { text: Cow::Borrowed(text), resource_end, action_end },
            None => panic!("not a scope: expected resource:action"),
        }
    }

    /// Parses a scope, without the error message that `FromStr` builds.
    pub(crate) fn read(text: &str) -> Option<Scope> {
        let (resource_end, action_end) = ends(text.as_bytes())?;
        Some(Scope { text: Cow::Owned(text.to_owned()), resource_end, action_end })
    }

    /// Returns the resource: `floor` in `floor:readPrivate`; `*` for everything.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.text[..usize::from(self.resource_end)]
    }

    /// Returns the action: `readPrivate` in `floor:readPrivate`; `*` for every action.
    #[must_use]
    pub fn action(&self) -> &str {
        self.text.get(usize::from(self.resource_end) + 1..usize::from(self.action_end)).unwrap_or("*")
    }

    /// Returns the id of the one resource that this scope is narrowed to.
    #[must_use]
    pub fn resource_id(&self) -> Option<&str> {
        self.text.get(usize::from(self.action_end) + 1..)
    }

    /// Returns whether the scope is one of Daypass's own (`catalogs/daypass.json`), as `*` is.
    #[must_use]
    pub fn is_of_daypass(&self) -> bool {
        matches!(self.resource(), "token" | "bundle" | "daypass" | "*")
    }

    /// Returns the text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether a holder of this scope may do what `other` names.
    ///
    /// ```
    /// # use daypass::Scope;
    /// let all_floors = Scope::literal("floor:readPrivate");
    /// let one_floor = Scope::literal("floor:readPrivate:f1");
    /// assert!(all_floors.covers(&one_floor));
    /// assert!(!one_floor.covers(&all_floors));
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Scope) -> bool {
        self.covers_for(other, other.resource_id())
    }

    /// Like `covers`, but for the resource `id` instead of the one that `other` names.
    pub(crate) fn covers_for(&self, other: &Scope, id: Option<&str>) -> bool {
        let covers = |mine: &str, theirs: &str| mine == "*" || mine == theirs;
        covers(self.resource(), other.resource())
            && covers(self.action(), other.action())
            && self.resource_id().is_none_or(|own| id == Some(own))
    }

    /// Returns what both scopes allow: the narrower of each part. `floor:*:f1` and `floor:read` share `floor:read:f1`.
    fn intersection(&self, other: &Scope) -> Option<Scope> {
        let narrower = |mine, theirs| match (mine, theirs) {
            ("*", part) | (part, "*") => Some(part),
            _ => (mine == theirs).then_some(mine),
        };
        let (resource, action) =
            (narrower(self.resource(), other.resource())?, narrower(self.action(), other.action())?);
        match (self.resource_id(), other.resource_id()) {
            _ if resource == "*" => Some(Scope::ALL),
            (Some(mine), Some(theirs)) if mine != theirs => None,
            (Some(id), _) | (_, Some(id)) => Scope::read(&format!("{resource}:{action}:{id}")),
            (None, None) => Scope::read(&format!("{resource}:{action}")),
        }
    }
}

/// Returns where the resource and the action end, if the text is a scope.
#[expect(clippy::cast_possible_truncation, reason = "two names and a colon have at most 129 bytes")]
const fn ends(text: &[u8]) -> Option<(u8, u8)> {
    if matches!(text, b"*") {
        return Some((1, 1));
    }
    let Some(resource_end) = name_end(text, 0) else { return None };
    if resource_end >= text.len() || text[resource_end] != b':' {
        return None;
    }
    let action = resource_end + 1;
    let action_end = if action < text.len() && text[action] == b'*' {
        action + 1
    } else {
        match name_end(text, action) {
            Some(end) => end,
            None => return None,
        }
    };
    if action_end == text.len() || (text[action_end] == b':' && is_id(text, action_end + 1)) {
        Some((resource_end as u8, action_end as u8))
    } else {
        None
    }
}

/// Returns where the name that starts at `start` ends: a letter, then letters, digits, `_` and `-`.
const fn name_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while at < text.len() && (text[at].is_ascii_alphanumeric() || matches!(text[at], b'_' | b'-')) {
        at += 1;
    }
    if at == start || at - start > MAX_NAME || !text[start].is_ascii_alphabetic() { None } else { Some(at) }
}

/// Returns whether the rest from `start` is a resource id: unreserved characters of RFC 3986, section 2.3.
const fn is_id(text: &[u8], start: usize) -> bool {
    let mut at = start;
    while at < text.len() {
        if !(text[at].is_ascii_alphanumeric() || matches!(text[at], b'.' | b'_' | b'~' | b'-')) {
            return false;
        }
        at += 1;
    }
    at > start && at - start <= MAX_ID
}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Scope::read(text)
            .ok_or_else(|| ParseScopeError(text.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The error for a text that does not parse as a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseScopeError(String);

impl fmt::Display for ParseScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a scope: expected resource:action", self.0)
    }
}

impl std::error::Error for ParseScopeError {}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm)
    }
}

struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = Scope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope: \"resource:action\" or {\"resource\", \"action\"}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scope, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Scope, A::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Object {
            resource: String,
            action: String,
            resource_id: Option<String>,
        }
        let Object { resource, action, resource_id } = Object::deserialize(de::value::MapAccessDeserializer::new(map))?;
        // A colon within a name would shift the text behind it into the next field.
        if resource.contains(':') || action.contains(':') {
            return Err(de::Error::custom("a scope's `resource` and `action` are names without a colon"));
        }
        let text = match resource_id {
            Some(id) => format!("{resource}:{action}:{id}"),
            None => format!("{resource}:{action}"),
        };
        text.parse().map_err(de::Error::custom)
    }
}
