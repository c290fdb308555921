//! The limits on requests with authentic tokens: [`RequestLimits`].

use std::num::NonZeroU32;

use governor::clock::Clock;
use governor::nanos::Nanos;

use super::limiter::Limiter;
use super::{Client, Policy, RateStatus, too_many_requests};
use crate::verify::token::AuthenticToken;
use crate::{Error, TokenKind};

/// How many requests one client may make with one publishable token each second, unless another
/// number is set.
const PER_CLIENT: NonZeroU32 = NonZeroU32::new(100).expect("a number above 0");
/// How many such clients a token serves at once, unless its own number is set: a page has many
/// visitors, and few of them make a hundred requests a second.
const CLIENTS: NonZeroU32 = NonZeroU32::new(10).expect("a number above 0");

/// The limits on requests with authentic tokens.
pub(super) struct RequestLimits<C: Clock<Instant = Nanos>> {
    clock: C,
    client: Limiter<C>,
    token: Limiter<C>,
    has_own_total: bool,
    organization: Option<Limiter<C>>,
}

impl<C: Clock<Instant = Nanos> + Clone> RequestLimits<C> {
    pub(super) fn new(clock: C) -> RequestLimits<C> {
        let limiter = |per_second| Limiter::new(per_second, clock.clone());
        let (client, token) = (limiter(PER_CLIENT), limiter(PER_CLIENT.saturating_mul(CLIENTS)));
        RequestLimits { clock, client, token, has_own_total: false, organization: None }
    }

    /// Sets the limit of one client with one publishable token, and with it the token's own unless
    /// that was set.
    pub(super) fn per_client(self, per_second: NonZeroU32) -> RequestLimits<C> {
        let limiter = |per_second| Limiter::new(per_second, self.clock.clone());
        let client = limiter(per_second);
        let token = if self.has_own_total { self.token } else { limiter(per_second.saturating_mul(CLIENTS)) };
        RequestLimits { client, token, ..self }
    }

    /// Sets the limit of all clients with one publishable token.
    pub(super) fn per_token(self, per_second: NonZeroU32) -> RequestLimits<C> {
        RequestLimits { token: Limiter::new(per_second, self.clock.clone()), has_own_total: true, ..self }
    }

    /// Sets the limit of all tokens of one organization.
    pub(super) fn per_organization(self, per_second: NonZeroU32) -> RequestLimits<C> {
        RequestLimits { organization: Some(Limiter::new(per_second, self.clock.clone())), ..self }
    }

    /// Counts a request.
    ///
    /// SECURITY: the narrowest limit comes first, and what it refuses does not count for the others:
    /// a client that floods takes no more of a token's rate than its own.
    pub(super) fn check(
        &self,
        token: &AuthenticToken,
        client: Option<Client>,
        status: &mut Option<RateStatus>,
    ) -> Result<(), Error> {
        if token.kind == TokenKind::Publishable {
            if let Some(client) = client {
                count(&self.client, Policy::Client, (client, token.root_serial), status)?;
            }
            count(&self.token, Policy::Token, token.root_serial, status)?;
        }
        match &self.organization {
            Some(limiter) => {
                let mut shared = None;
                let verdict = count(limiter, Policy::Organization, &token.organization, &mut shared);
                // SECURITY: a page does not learn how busy its customer is.
                if verdict.is_err() || token.kind.is_backend_only() {
                    *status = shared;
                }
                verdict
            }
            None => Ok(()),
        }
    }
}

/// Counts a request by one of the limits. The first that counts it, or the one that refuses it, gives
/// the status.
pub(super) fn count<C: Clock<Instant = Nanos>>(
    limiter: &Limiter<C>,
    policy: Policy,
    key: impl std::hash::Hash,
    status: &mut Option<RateStatus>,
) -> Result<(), Error> {
    match limiter.count(key) {
        Ok(remaining) => {
            status.get_or_insert_with(|| RateStatus::accepted(policy, limiter.per_second(), remaining));
            Ok(())
        }
        Err(wait) => {
            let error = too_many_requests(wait);
            *status = RateStatus::refused(policy, Some(limiter.per_second()), &error);
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::api::TokenRecord;
    use crate::verify::Generation;
    use crate::verify::clock::Moment;
    use crate::verify::token::tests::record;

    const TWO: NonZeroU32 = NonZeroU32::new(2).expect("a number above 0");
    const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("a number above 0");

    fn token(kind: TokenKind, serial: u64, organization: &str) -> AuthenticToken {
        let record = TokenRecord { serial, ..record(kind, "tok_1", organization) };
        AuthenticToken::from_record(record, Generation::Untracked, Moment::now())
    }

    /// Limits, a clock to set, and how many of so many requests are accepted.
    struct Limits(RequestLimits<FakeRelativeClock>, FakeRelativeClock);

    impl Limits {
        fn new(set: impl Fn(RequestLimits<FakeRelativeClock>) -> RequestLimits<FakeRelativeClock>) -> Limits {
            let clock = FakeRelativeClock::default();
            Limits(set(RequestLimits::new(clock.clone())), clock)
        }

        fn send(&self, token: &AuthenticToken, client: Option<u32>, requests: usize) -> usize {
            let client = client.map(Client::V4);
            (0..requests).filter(|_| self.0.check(token, client, &mut None).is_ok()).count()
        }
    }

    #[test]
    fn a4_a_client_that_floods_costs_the_other_visitors_of_the_token_nothing() {
        let limits = Limits::new(|limits| limits);
        let token = token(TokenKind::Publishable, 1, "org_1");
        for _ in 0..5 {
            assert!(limits.send(&token, Some(666), 2000) <= 200);
            // Eight visitors as busy as the limit allows, and a hundred quiet ones.
            for visitor in 0..8 {
                assert_eq!(limits.send(&token, Some(visitor), 100), 100, "{visitor}");
            }
            for visitor in 1000..1100 {
                assert_eq!(limits.send(&token, Some(visitor), 1), 1, "{visitor}");
            }
            limits.1.advance(Duration::from_secs(1));
        }
    }

    #[test]
    fn a_client_has_a_budget_for_each_token_and_the_token_one_for_all_clients() {
        let limits = Limits::new(|limits| limits.per_client(TWO).per_token(FIVE));
        let [one, other] = [1, 2].map(|serial| token(TokenKind::Publishable, serial, "org_1"));
        assert_eq!(limits.send(&one, Some(1), 9), 4);
        assert_eq!(limits.send(&other, Some(1), 9), 4);
        assert_eq!([2, 3, 4].map(|client| limits.send(&one, Some(client), 9)), [4, 2, 0]);
        assert_eq!(limits.send(&one, None, 9), 0);
    }

    #[test]
    fn without_an_address_the_tokens_total_alone_counts() {
        let limits = Limits::new(|limits| limits.per_client(TWO));
        let token = token(TokenKind::Publishable, 1, "org_1");
        assert_eq!(limits.send(&token, None, 99), 40);
    }

    #[test]
    fn the_total_is_ten_times_a_clients_unless_it_is_set_before_or_after() {
        let total = |limits: Limits| limits.0.token.per_second().get();
        assert_eq!(total(Limits::new(|limits| limits)), 1000);
        assert_eq!(total(Limits::new(|limits| limits.per_client(FIVE))), 50);
        assert_eq!(total(Limits::new(|limits| limits.per_client(FIVE).per_token(TWO))), 2);
        assert_eq!(total(Limits::new(|limits| limits.per_token(TWO).per_client(FIVE))), 2);
    }

    #[test]
    fn other_tokens_count_for_their_organization_alone_if_that_has_a_limit() {
        let [secret, temporary] = [TokenKind::Secret, TokenKind::Temporary].map(|kind| token(kind, 1, "org_1"));
        assert_eq!(Limits::new(|limits| limits.per_client(TWO)).send(&secret, Some(1), 9999), 9999);
        let limits = Limits::new(|limits| limits.per_organization(FIVE));
        assert_eq!(limits.send(&secret, Some(1), 7), 7);
        assert_eq!(limits.send(&temporary, Some(2), 7), 3);
        assert_eq!(limits.send(&token(TokenKind::Publishable, 1, "org_1"), Some(3), 7), 0);
        assert_eq!(limits.send(&token(TokenKind::Secret, 2, "org_2"), Some(1), 9), 9);
    }

    #[test]
    fn the_status_tells_of_the_narrowest_limit_or_of_the_one_that_refuses() {
        let Limits(limits, clock) = Limits::new(|limits| limits.per_client(FIVE).per_organization(TWO));
        let token = token(TokenKind::Publishable, 1, "org_1");
        let status = |client| {
            let mut status = None;
            let verdict = limits.check(&token, client, &mut status);
            let RateStatus { policy, quota, remaining, seconds } = status.expect("a limit counts");
            (verdict.is_ok(), policy, quota.expect("a quota").get(), remaining, seconds)
        };
        let client = |n| Some(Client::V4(n));
        assert_eq!(status(client(1)), (true, Policy::Client, 10, 9, 1));
        assert_eq!(status(None), (true, Policy::Token, 100, 98, 1));
        assert_eq!([(); 2].map(|()| status(client(1)).3), [8, 7]);
        assert_eq!(status(client(2)), (false, Policy::Organization, 4, 0, 1));
        for _ in 0..3 {
            let _ = status(client(1));
        }
        clock.advance(Duration::from_millis(100));
        assert_eq!(status(client(1)), (false, Policy::Organization, 4, 0, 1));
    }

    #[test]
    fn only_a_backend_is_told_how_much_its_organization_has_left() {
        for kind in TokenKind::ALL.into_iter().filter(|kind| *kind != TokenKind::Publishable) {
            let Limits(limits, _) = Limits::new(|limits| limits.per_organization(TWO));
            let told = [(); 5].map(|()| {
                let mut status = None;
                let _ = limits.check(&token(kind, 1, "org_1"), Some(Client::V4(1)), &mut status);
                status.map(|status| status.remaining)
            });
            let accepted = [3, 2, 1, 0].map(|remaining| kind.is_backend_only().then_some(remaining));
            assert_eq!((told[..4].to_vec(), told[4]), (accepted.to_vec(), Some(0)), "{kind}");
        }
    }
}
