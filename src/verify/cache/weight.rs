//! What the entries of a cache weigh: [`Bytes`].

use std::sync::Arc;

use quick_cache::Weighter;

use super::Fingerprint;
use crate::verify::token::{AuthenticToken, Rare, Shared};
use crate::{Grant, OriginPattern, Resource, Scope};

/// What the cache itself needs for an entry, in bytes: its place in a list that grows by doubling and in a hash table, and
/// the counters of references.
const ENTRY: usize = 120;

/// Weighs entries in bytes.
#[derive(Clone)]
pub(super) struct Bytes;

impl Weighter<Fingerprint, Arc<AuthenticToken>> for Bytes {
    /// What it shares is weighed in the table of that.
    fn weight(&self, _: &Fingerprint, token: &Arc<AuthenticToken>) -> u64 {
        let rare = token.rare.as_deref().map_or(0, rare_bytes);
        let apart = if token.is_apart { shared_bytes(&token.shared) } else { 0 };
        (ENTRY + size_of::<AuthenticToken>() + token.id.len() + rare + apart) as u64
    }
}

/// Returns what an entry of the table of shared parts weighs, in bytes.
pub(super) fn shared_weight(shared: &Shared) -> usize {
    ENTRY + shared_bytes(shared)
}

fn shared_bytes(shared: &Shared) -> usize {
    let Shared { kind: _, parent, organization, grants, origins, key_id } = shared;
    let texts = [parent.as_ref(), Some(organization), key_id.as_ref()];
    let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
    let (grants, origins) = (grants.iter().map(grant_bytes), origins.iter().map(origin_bytes));
    size_of::<Shared>() + texts + grants.sum::<usize>() + origins.sum::<usize>()
}

fn grant_bytes(grant: &Grant) -> usize {
    let scopes = grant.scopes.iter().map(|scope| size_of::<Scope>() + scope.as_str().len());
    let limits = grant.resources.iter().map(|limit| size_of::<Resource>() + limit.kind.len() + limit.id.len());
    size_of::<Grant>() + grant.tenant.len() + scopes.sum::<usize>() + limits.sum::<usize>()
}

fn origin_bytes(pattern: &OriginPattern) -> usize {
    size_of::<OriginPattern>() + pattern.host().len() + pattern.scheme().map_or(0, str::len)
}

fn rare_bytes(rare: &Rare) -> usize {
    let texts = [&rare.bound_to, &rare.subject].into_iter().flatten().map(|text| text.len());
    // A node of a B-tree has room for twice as many entries as it needs.
    let claims = rare.claims.iter().map(|(name, text)| 2 * size_of::<(String, String)>() + name.len() + text.len());
    // Their keys and values, and what a map needs for them.
    let sealed = rare.sealed.as_ref().and_then(|sealed| serde_json::to_vec(sealed.as_ref().ok()?).ok());
    size_of::<Rare>() + texts.sum::<usize>() + claims.sum::<usize>() + sealed.map_or(0, |json| 2 * json.len())
}
