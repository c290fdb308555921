//! Parameter bundles: how long they live, how long they are kept, and what they may do.

use daypass::api::OrganizationLimits;
use daypass::verify::TokenHash;
use daypass::{Error, Grant};

use super::catalogs::Catalogs;
use super::retention::MARKS;
use super::token::{NewToken, TokenState, require_active_parent};

/// The shortest lifetime of a signed bundle, in seconds: opening a page takes less.
pub(crate) const LEAST: u64 = 60;
/// The lifetime of a reference, and of a signed bundle whose request names none, in seconds.
pub(crate) const DEFAULT: u64 = 3600;
/// How many marks references are kept after they have expired: a day. Until then their holders are told so.
const KEEP: u64 = 24;
/// The most references that the addition of another one deletes.
pub(crate) const MOST_DELETED: usize = 100;
/// About how many bytes the rows of a reference and their index entries take beside what is stored in them.
const ROWS: u64 = 1024;
/// How long the redeemer of a single-use reference may repeat the redemption, in seconds: for a page that is loaded again.
const REPEAT: u64 = 60;

/// A bundle reference to be stored.
#[derive(Clone)]
pub(crate) struct NewBundle {
    /// The reference itself, which is a stored token.
    pub(crate) token: NewToken,
    /// The hash of the token that it is minted from.
    pub(crate) parent: TokenHash,
    /// The parameters, encrypted.
    pub(crate) parameters: Vec<u8>,
    /// What its one redemption gives; `None` for a reference that can be redeemed often.
    pub(crate) single_use: Option<SingleUse>,
}

impl NewBundle {
    /// Returns about how many bytes it takes in the store.
    pub(crate) fn stored_bytes(&self) -> u64 {
        let sealed = self.single_use.as_ref().and_then(|single_use| single_use.sealed.as_ref());
        ROWS + (self.parameters.len() + sealed.map_or(0, String::len)) as u64
    }
}

/// The most active references of a token that are counted. Of more, that is known alone.
pub(crate) const MOST_COUNTED: u64 = 10_000;

/// The active bundle references of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ActiveBundles {
    /// How many there are; one more than [`MOST_COUNTED`] for more.
    pub(crate) number: u64,
    /// When the last one of them expires.
    pub(crate) last_end: Option<u64>,
}

/// The bundle references of an organization that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BundleUsage {
    /// How many there are.
    pub(crate) number: u64,
    /// How many bytes they take.
    pub(crate) bytes: u64,
}

/// What decides about the addition of a bundle reference.
pub(crate) struct BundleFacts {
    /// The state of its parent, if the store has it.
    pub(crate) parent: Option<TokenState>,
    /// The number of the newest mark of the feed.
    pub(crate) newest_mark: u64,
    /// What its organization may have.
    pub(crate) limits: OrganizationLimits,
    /// What its organization has, with marks from [`delete_before`] on.
    pub(crate) usage: BundleUsage,
}

/// What is written when a bundle reference is added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BundleAddition {
    /// When it expires.
    pub(crate) expires_at: u64,
    /// The newest mark of the feed, by which it is deleted some day.
    pub(crate) mark: u64,
    /// References with an earlier mark can be deleted.
    pub(crate) delete_before: u64,
    /// About how many bytes it takes.
    pub(crate) bytes: u64,
}

/// Returns the mark before which references can be deleted, while a mark is the newest.
///
/// The clock that dated the ends of references may have been wrong, or may be wrong now. When as many marks have
/// followed a reference as make a JWT expire, it has expired by its own lifetime.
pub(crate) fn delete_before(newest_mark: u64) -> u64 {
    newest_mark.saturating_sub(MARKS + KEEP)
}

impl BundleAddition {
    /// The addition of a reference that takes so many bytes and expires at a time, while a mark is the newest.
    pub(crate) fn new(expires_at: u64, newest_mark: u64, bytes: u64) -> BundleAddition {
        BundleAddition { expires_at, mark: newest_mark, delete_before: delete_before(newest_mark), bytes }
    }
}

/// Requires that an organization may store another reference of so many bytes.
///
/// # Errors
/// [`Error::LimitReached`].
pub(crate) fn require_room(facts: &BundleFacts, bytes: u64) -> Result<(), Error> {
    let OrganizationLimits { bundles, bundle_bytes, .. } = facts.limits;
    let of_number = (bundles.map(u64::from), facts.usage.number + 1, "bundles of the last two days");
    let of_bytes = (bundle_bytes, facts.usage.bytes.saturating_add(bytes), "bytes of bundles of the last two days");
    for (most, wanted, what) in [of_number, of_bytes] {
        if let Some(most) = most.filter(|most| wanted > *most) {
            return Err(Error::LimitReached { most, what });
        }
    }
    Ok(())
}

/// What the redemption of a single-use reference gives beside the parameters.
///
/// SECURITY: the reference's own record has no grants. It would otherwise be a credential for everyone who sees it,
/// redeemed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SingleUse {
    /// The grants of the signed bundle.
    pub(crate) grants: Vec<Grant>,
    /// The sealed parameters of the signed bundle: a JWE.
    pub(crate) sealed: Option<String>,
}

/// Who redeems a reference: a hash that two redemptions have in common if one client made both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Redeemer(pub(crate) [u8; 32]);

/// The first redemption of a single-use reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Redemption {
    /// When.
    pub(crate) at: u64,
    /// By whom.
    pub(crate) redeemer: Redeemer,
}

/// What decides whether a single-use reference can be redeemed.
pub(crate) struct RedemptionFacts {
    /// The state of the reference, which ends with its parent.
    pub(crate) state: TokenState,
    /// Its first redemption, if there was one.
    pub(crate) first: Option<Redemption>,
}

/// What a bundle reference stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoredBundle {
    /// The id of the token that it was minted from.
    pub(crate) parent: String,
    /// The parameters, encrypted.
    pub(crate) parameters: Vec<u8>,
    /// What its one redemption gives; `None` for a reference that can be redeemed often.
    pub(crate) single_use: Option<SingleUse>,
}

/// Returns the redemption to be stored of a single-use reference; `None` if its redeemer repeats it.
///
/// # Errors
/// [`Error::InvalidToken`] if the store lacks the reference, [`Error::BundleUsed`] if another client redeemed it or the time
/// to repeat is over, and those of a reference that is not active.
pub(crate) fn redeem(
    facts: Option<&RedemptionFacts>,
    redeemer: Redeemer,
    now: u64,
) -> Result<Option<Redemption>, Error> {
    require_active_parent(facts.map(|facts| facts.state), now)?;
    match facts.and_then(|facts| facts.first) {
        None => Ok(Some(Redemption { at: now, redeemer })),
        // The clock may have been set back since, or be another node's.
        Some(first) if first.redeemer == redeemer && now.abs_diff(first.at) < REPEAT => Ok(None),
        Some(_) => Err(Error::BundleUsed),
    }
}

/// Returns when a reference expires. Its request names no lifetime, so that a parent that expires
/// earlier shortens it.
pub(crate) fn reference_expiry(now: u64, parent_expires_at: Option<u64>) -> u64 {
    parent_expires_at.map_or(now + DEFAULT, |end| end.min(now + DEFAULT))
}

/// Returns what a bundle may do that is minted from these grants: as much in the product, nothing in
/// Daypass.
pub(crate) fn grants(parent: &[Grant], catalogs: &Catalogs) -> Vec<Grant> {
    let narrowed = parent.iter().map(|grant| Grant { scopes: catalogs.without_own(&grant.scopes), ..grant.clone() });
    narrowed.filter(|grant| !grant.scopes.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use daypass::Catalog;

    use super::*;

    #[test]
    fn only_its_redeemer_repeats_a_redemption_and_only_for_a_minute() {
        let [one, other] = [1, 2].map(|byte| Redeemer([byte; 32]));
        let facts = |first, revoked_at| {
            Some(RedemptionFacts { state: TokenState { expires_at: Some(900), revoked_at, suspended_at: None }, first })
        };
        let first = Some(Redemption { at: 100, redeemer: one });
        for (facts, redeemer, now, expected) in [
            (facts(None, None), one, 100, Ok(first)),
            (facts(first, None), one, 100, Ok(None)),
            (facts(first, None), one, 159, Ok(None)),
            (facts(first, None), one, 160, Err(Error::BundleUsed)),
            (facts(first, None), one, 41, Ok(None)),
            (facts(first, None), one, 40, Err(Error::BundleUsed)),
            (facts(first, None), other, 100, Err(Error::BundleUsed)),
            (facts(first, None), one, 900, Err(Error::TokenExpired)),
            (facts(None, None), one, 900, Err(Error::TokenExpired)),
            (facts(first, Some(101)), one, 110, Err(Error::TokenRevoked)),
            (None, one, 100, Err(Error::InvalidToken)),
        ] {
            assert_eq!(redeem(facts.as_ref(), redeemer, now), expected, "{now}");
        }
    }

    #[test]
    fn a_reference_is_deleted_a_day_after_the_longest_lifetime_and_a_clock_makes_no_difference() {
        for (newest_mark, delete_before) in [(0, 0), (49, 0), (50, 1), (149, 100)] {
            for expires_at in [0, 900, u64::MAX] {
                let expected = BundleAddition { expires_at, mark: newest_mark, delete_before, bytes: 7 };
                assert_eq!(BundleAddition::new(expires_at, newest_mark, 7), expected);
            }
        }
    }

    #[test]
    fn an_organization_stores_as_many_references_and_bytes_as_its_limits_allow() {
        let of = |bundles, bundle_bytes| OrganizationLimits { bundles, bundle_bytes, ..<_>::default() };
        for (limits, number, bytes, refused_by) in [
            (of(Some(2), Some(100)), 1, 90, None),
            (of(Some(2), Some(100)), 2, 0, Some(2)),
            (of(Some(2), Some(100)), 1, 91, Some(100)),
            (of(Some(0), None), 0, 0, Some(0)),
            (of(None, None), u64::MAX - 1, u64::MAX, None),
        ] {
            let facts = BundleFacts { parent: None, newest_mark: 0, limits, usage: BundleUsage { number, bytes } };
            let refused = match require_room(&facts, 10) {
                Err(Error::LimitReached { most, .. }) => Some(most),
                other => other.map(|()| None).expect("a limit"),
            };
            assert_eq!(refused, refused_by, "{limits:?}");
        }
    }

    #[test]
    fn a_bundle_gets_nothing_of_daypass() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let own = Catalog::daypass().all();
        assert_eq!(grants(&[Grant { tenant: "t".into(), scopes: own, resources: vec![] }], &catalogs), []);
    }
}
