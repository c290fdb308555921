//! What the entries of a cache weigh: [`Bytes`].

use std::sync::Arc;

use quick_cache::Weighter;

use super::Fingerprint;
use crate::verify::SealedError;
use crate::verify::token::{AuthenticToken, Visitor};
use crate::{Grant, OriginPattern, Parameters, Resource, Scope};

/// What the cache itself needs for an entry, in bytes, including the key and the reference counters.
const ENTRY: usize = 88;

/// Weighs entries in bytes.
#[derive(Clone)]
pub(super) struct Bytes;

impl Weighter<Fingerprint, Arc<AuthenticToken>> for Bytes {
    /// Counts grants in full even if other tokens share them, so that the bound holds if none do.
    fn weight(&self, _: &Fingerprint, token: &Arc<AuthenticToken>) -> u64 {
        let texts = [Some(&token.id), token.parent.as_ref(), Some(&token.organization), token.bound_to.as_ref()];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let origins: usize = token.origins.iter().map(origin_bytes).sum();
        let visitor = token.visitor.as_deref().map_or(0, visitor_bytes);
        let sealed = token.sealed.as_deref().map_or(0, sealed_bytes);
        (ENTRY + size_of::<AuthenticToken>() + texts + origins + visitor + sealed + grant_bytes(&token.grants)) as u64
    }
}

impl Weighter<Arc<[Grant]>, Arc<[Grant]>> for Bytes {
    fn weight(&self, grants: &Arc<[Grant]>, _: &Arc<[Grant]>) -> u64 {
        (ENTRY + grant_bytes(grants)) as u64
    }
}

fn origin_bytes(pattern: &OriginPattern) -> usize {
    size_of::<OriginPattern>() + pattern.host().len() + pattern.scheme().map_or(0, str::len)
}

fn visitor_bytes(visitor: &Visitor) -> usize {
    // A node of a B-tree has room for twice as many entries as it needs.
    let claims = visitor.claims.iter().map(|(name, text)| 2 * size_of::<(String, String)>() + name.len() + text.len());
    size_of::<Visitor>() + visitor.subject.as_ref().map_or(0, |subject| subject.len()) + claims.sum::<usize>()
}

fn sealed_bytes(sealed: &Result<Parameters, SealedError>) -> usize {
    // Their keys and values, and what a map needs for them.
    let text = sealed.as_ref().ok().and_then(|parameters| serde_json::to_vec(parameters).ok());
    size_of_val(sealed) + text.map_or(0, |text| 2 * text.len())
}

fn grant_bytes(grants: &[Grant]) -> usize {
    let one = |grant: &Grant| {
        let scopes: usize = grant.scopes.iter().map(|scope| size_of::<Scope>() + scope.as_str().len()).sum();
        let limits = grant.resources.iter();
        let limits: usize = limits.map(|limit| size_of::<Resource>() + limit.kind.len() + limit.id.len()).sum();
        size_of::<Grant>() + grant.tenant.len() + scopes + limits
    };
    grants.iter().map(one).sum()
}
