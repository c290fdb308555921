//! The refresh engine: its rules one by one, then simulated days with an oracle.

use daypass::session::refresh::{Effect, Event, Failure, Loss, NEVER, Refresh, Status, TIMEOUT, Token, time_left};
use wasm_bindgen_test::wasm_bindgen_test;

const HOUR: u64 = 3_600_000;

fn fetched(effects: &[Effect]) -> Option<u32> {
    effects.iter().find_map(|effect| if let Effect::Fetch { call, .. } = effect { Some(*call) } else { None })
}

fn timer_of(effects: &[Effect]) -> Option<u64> {
    match effects.last() {
        Some(Effect::SetTimer(milliseconds)) => *milliseconds,
        other => panic!("every step ends by setting the timer, not with {other:?}"),
    }
}

/// An engine whose first call began at 0 and brought a token.
fn with_token(lifetime: u64) -> Refresh {
    let mut engine = Refresh::new(0.5);
    assert_eq!(fetched(&engine.step(Event::Requested, 0)), Some(1));
    let effects = engine.step(Event::Received { call: 1, lifetime }, 10);
    assert!(effects.contains(&Effect::Activate { call: 1, lifetime }) && effects.contains(&Effect::WakeWaiters));
    engine
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_fetched_before_a_token_is_requested() {
    let mut engine = Refresh::new(0.5);
    assert_eq!(engine.status(0), Status::Idle);
    assert_eq!(fetched(&engine.step(Event::Tick, 0)), None);
    assert_eq!(fetched(&engine.step(Event::Requested, 0)), Some(1));
}

#[wasm_bindgen_test(unsupported = test)]
fn one_call_serves_all_who_request_a_token() {
    let mut engine = Refresh::new(0.5);
    assert_eq!(fetched(&engine.step(Event::Requested, 0)), Some(1));
    for now in 1..100 {
        assert_eq!(fetched(&engine.step(Event::Requested, now)), None);
        assert_eq!(engine.status(now), Status::Refreshing);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_refresh_comes_at_a_share_of_the_lifetime_spread_by_the_jitter() {
    for lifetime in [6_000, 900_000, HOUR, 24 * HOUR] {
        for (jitter, share) in [(0.0, 0.75), (0.5, 0.80), (1.0, 0.85)] {
            let mut engine = Refresh::new(jitter);
            let _ = engine.step(Event::Requested, 0);
            let wake = timer_of(&engine.step(Event::Received { call: 1, lifetime }, 0)).unwrap();
            assert_eq!(wake, (lifetime as f64 * share) as u64, "{lifetime} ms, jitter {jitter}");
            assert_eq!(fetched(&engine.step(Event::Tick, wake - 1)), None);
            assert_eq!(fetched(&engine.step(Event::Tick, wake)), Some(2));
            assert_eq!(engine.status(wake), Status::Valid(1), "the old token is valid until the new one arrives");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn expiry_is_seen_on_use_even_if_no_timer_fired() {
    let mut engine = with_token(HOUR);
    assert_eq!(engine.status(HOUR - 1), Status::Valid(1));
    assert_eq!(engine.status(HOUR), Status::Idle);
    let effects = engine.step(Event::Requested, 3 * HOUR);
    assert!(effects.contains(&Effect::Clear(Loss::Expired)));
    assert_eq!(fetched(&effects), Some(2));
}

#[wasm_bindgen_test(unsupported = test)]
fn back_off_doubles_with_each_failure_and_never_ends_refreshing() {
    let mut engine = Refresh::new(1.0);
    let mut now = 0;
    let pauses = (1..10).map(|call| {
        assert_eq!(fetched(&engine.step(Event::Requested, now)), Some(call));
        let effects = engine.step(Event::Failed { call }, now);
        let pause = timer_of(&effects).unwrap();
        assert!(effects.contains(&Effect::NotifyFailure { failure: Failure::Failed, retry_in: Some(pause) }));
        assert_eq!(engine.status(now), Status::BackingOff);
        assert_eq!(
            fetched(&engine.step(Event::Requested, now + pause - 1)),
            None,
            "wanting does not shorten the pause"
        );
        now += pause;
        pause
    });
    assert_eq!(pauses.collect::<Vec<_>>(), [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_provider_that_hangs_times_out_and_its_late_response_is_dropped() {
    let mut engine = Refresh::new(0.5);
    assert_eq!(timer_of(&engine.step(Event::Requested, 0)), Some(TIMEOUT));
    for at in [TIMEOUT, TIMEOUT + 99] {
        let effects = engine.clone().step(Event::Tick, at);
        assert!(effects.iter().any(|e| matches!(e, Effect::NotifyFailure { failure: Failure::TimedOut, .. })), "{at}");
    }
    let _ = engine.step(Event::Tick, TIMEOUT);
    let late = engine.step(Event::Received { call: 1, lifetime: HOUR }, TIMEOUT + 1);
    assert!(!late.contains(&Effect::Activate { call: 1, lifetime: HOUR }));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tab_that_was_suspended_during_a_call_gets_the_queued_response() {
    for resumed_at in [TIMEOUT + 100, 60_000] {
        resume_during_a_call(resumed_at);
    }
}

fn resume_during_a_call(resumed_at: u64) {
    let mut engine = Refresh::new(0.5);
    let _ = engine.step(Event::Requested, 0);
    assert_eq!(engine.step(Event::Tick, resumed_at), [Effect::SetTimer(Some(3_000))], "the timer fires first");
    assert_eq!(engine.status(resumed_at), Status::Refreshing);
    let effects = engine.clone().step(Event::Received { call: 1, lifetime: HOUR }, resumed_at + 100);
    assert!(effects.contains(&Effect::Activate { call: 1, lifetime: HOUR }), "{effects:?}");
    // If the response does not come, the call fails, however late that is noticed.
    for at in [resumed_at + 3_000, resumed_at + 60_000] {
        let effects = engine.clone().step(Event::Tick, at);
        assert!(
            effects.iter().any(|e| matches!(e, Effect::NotifyFailure { failure: Failure::TimedOut, .. })),
            "{at}: {effects:?}"
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_from_a_cache_is_stale_and_the_old_one_stays() {
    let mut engine = with_token(HOUR);
    let due = HOUR * 8 / 10;
    assert_eq!(fetched(&engine.step(Event::Tick, due)), Some(2));
    let effects = engine.step(Event::Stale { call: 2 }, due);
    assert!(effects.iter().any(|e| matches!(e, Effect::NotifyFailure { failure: Failure::Stale, .. })));
    assert_eq!(engine.status(due), Status::Valid(1));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_too_short_to_use_is_a_failure_and_causes_no_flood() {
    for lifetime in [0, 1, 1_000] {
        let mut engine = Refresh::new(0.5);
        let _ = engine.step(Event::Requested, 0);
        let effects = engine.step(Event::Received { call: 1, lifetime }, 0);
        assert!(
            effects.iter().any(|e| matches!(e, Effect::NotifyFailure { failure: Failure::Stale, .. })),
            "{lifetime} ms"
        );
        assert_eq!(fetched(&effects), None);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_that_is_expired_when_it_arrives_is_a_failure_and_causes_no_flood() {
    let mut engine = Refresh::new(0.5);
    let _ = engine.step(Event::Requested, 0);
    let effects = engine.step(Event::Received { call: 1, lifetime: 6_000 }, 5_000);
    assert!(effects.iter().any(|e| matches!(e, Effect::NotifyFailure { failure: Failure::Stale, .. })));
    assert_eq!(fetched(&effects), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_from_another_tab_is_used_at_once_and_ends_a_call_that_began_earlier() {
    let mut engine = with_token(HOUR);
    assert_eq!(fetched(&engine.step(Event::Unauthorized { call: 1 }, 1_000)), Some(2));
    let token = Token { fetched_at: 1_500, lifetime: HOUR, rejections: 1 };
    let effects = engine.step(Event::ReceivedElsewhere(token), 2_000);
    assert!(effects.contains(&Effect::Activate { call: 3, lifetime: HOUR }), "{effects:?}");
    assert_eq!((engine.status(2_000), engine.expires_in(2_000)), (Status::Valid(3), Some(HOUR - 500)));
    let late = engine.step(Event::Received { call: 2, lifetime: HOUR }, 3_000);
    assert!(!late.contains(&Effect::Activate { call: 2, lifetime: HOUR }), "its fetch began earlier");
    assert_eq!(
        fetched(&engine.step(Event::Unauthorized { call: 3 }, 2_000)),
        None,
        "the back-off grows for all tabs together"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_call_that_began_after_another_tabs_goes_on() {
    let mut engine = with_token(HOUR);
    assert_eq!(fetched(&engine.step(Event::Unauthorized { call: 1 }, 1_000)), Some(2));
    let token = Token { fetched_at: 900, lifetime: HOUR, rejections: 0 };
    assert!(
        engine.step(Event::ReceivedElsewhere(token), 1_100).contains(&Effect::Activate { call: 3, lifetime: HOUR })
    );
    assert!(
        engine
            .step(Event::Received { call: 2, lifetime: HOUR }, 1_200)
            .contains(&Effect::Activate { call: 2, lifetime: HOUR })
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_from_another_tab_that_has_nearly_expired_is_ignored() {
    let mut engine = with_token(HOUR);
    let token = Token { fetched_at: 1_000, lifetime: HOUR, rejections: 0 };
    assert_eq!(
        engine
            .step(Event::ReceivedElsewhere(token), HOUR + 500)
            .iter()
            .filter(|e| matches!(e, Effect::Activate { .. }))
            .count(),
        0
    );
    let _ = engine.step(Event::Forbidden { call: 2 }, HOUR + 600);
    let token = Token { fetched_at: HOUR, lifetime: HOUR, rejections: 0 };
    let effects = engine.step(Event::ReceivedElsewhere(token), HOUR + 700);
    assert_eq!((effects.len(), engine.status(HOUR + 700)), (1, Status::Exhausted), "a stop is final");
}

#[wasm_bindgen_test(unsupported = test)]
fn forbidden_ends_refreshing_and_leaves_the_token_its_lifetime() {
    let mut engine = with_token(HOUR);
    let due = HOUR * 8 / 10;
    let _ = engine.step(Event::Tick, due);
    let effects = engine.step(Event::Forbidden { call: 2 }, due);
    assert!(effects.contains(&Effect::NotifyFailure { failure: Failure::Forbidden, retry_in: None }));
    assert_eq!(engine.status(HOUR - 1), Status::Valid(1));
    let effects = engine.step(Event::Requested, HOUR);
    assert_eq!((fetched(&effects), timer_of(&effects), engine.status(HOUR)), (None, None, Status::Exhausted));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_token_may_expire_before_the_current_one() {
    let mut engine = with_token(24 * HOUR);
    let due = 24 * HOUR * 8 / 10;
    let _ = engine.step(Event::Tick, due);
    let effects = engine.step(Event::Received { call: 2, lifetime: 900_000 }, due);
    assert!(effects.contains(&Effect::Activate { call: 2, lifetime: 900_000 }));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rejected_token_is_replaced_at_once_and_the_next_ones_after_a_growing_back_off() {
    let mut engine = with_token(HOUR);
    let effects = engine.step(Event::Unauthorized { call: 1 }, 1_000);
    assert_eq!((fetched(&effects), engine.status(1_000)), (Some(2), Status::Refreshing));
    assert_eq!(
        fetched(&engine.step(Event::Unauthorized { call: 1 }, 1_000)),
        None,
        "an old 401 says nothing about the new token"
    );

    let (mut now, mut pauses) = (1_000, Vec::new());
    for call in 2..10 {
        let fetched_at = now;
        let _ = engine.step(Event::Received { call, lifetime: HOUR }, now);
        while fetched(&engine.step(Event::Unauthorized { call }, now)).is_none() {
            assert_eq!(engine.status(now), Status::Valid(call), "it stays in use");
            now += 50;
        }
        pauses.push(now - fetched_at);
    }
    assert_eq!(pauses, [750, 1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_that_has_just_replaced_a_rejected_one_is_known_as_that() {
    let mut engine = with_token(HOUR);
    assert!(!engine.is_replacement(20));
    let _ = engine.step(Event::Unauthorized { call: 1 }, 1_000);
    assert!(!engine.is_replacement(1_000), "it is being replaced");
    let _ = engine.step(Event::Received { call: 2, lifetime: HOUR }, 1_100);
    assert!(engine.is_replacement(1_100), "a 401 that arrives now is about the token before");
    assert_eq!(fetched(&engine.step(Event::Unauthorized { call: 2 }, 1_200)), None);
    assert!(!engine.is_replacement(1_750));
    let _ = engine.step(Event::Unauthorized { call: 2 }, 1_750);
    assert!(!engine.is_replacement(1_750));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rejected_token_stays_until_another_arrives() {
    let mut engine = with_token(HOUR);
    assert_eq!(fetched(&engine.step(Event::Unauthorized { call: 1 }, 1_000)), Some(2));
    let effects = engine.step(Event::Failed { call: 2 }, 1_100);
    assert_eq!(engine.status(1_100), Status::Valid(1));
    let pause = timer_of(&effects).unwrap();
    assert_eq!(fetched(&engine.step(Event::Tick, 1_100 + pause)), Some(3));
    let _ = engine.step(Event::Forbidden { call: 3 }, 2_000);
    assert_eq!((engine.status(2_000), engine.status(HOUR)), (Status::Valid(1), Status::Exhausted));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_that_worked_for_a_while_is_replaced_at_once() {
    let mut engine = with_token(HOUR);
    let _ = engine.step(Event::Unauthorized { call: 1 }, 1_000);
    let _ = engine.step(Event::Received { call: 2, lifetime: HOUR }, 1_000);
    assert_eq!(fetched(&engine.step(Event::Unauthorized { call: 2 }, 9_000)), Some(3));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wish_for_a_new_token_is_fulfilled_at_once_and_the_current_token_stays_until_then() {
    let mut engine = with_token(HOUR);
    let wish = engine.wish(1_000);
    assert_eq!(fetched(&engine.step(Event::Renew, 1_000)), Some(2));
    assert_eq!((engine.wish(1_000), engine.fulfils(wish)), (wish, false));
    assert_eq!((engine.status(1_000), engine.is_renewing()), (Status::Valid(1), true));
    let effects = engine.step(Event::Received { call: 2, lifetime: HOUR }, 1_200);
    assert!(effects.contains(&Effect::Activate { call: 2, lifetime: HOUR }));
    assert_eq!((fetched(&effects), engine.is_renewing(), engine.fulfils(wish)), (None, false, true));
    assert_eq!(fetched(&engine.step(Event::Tick, 60_000)), None, "one wish, one call");

    let mut idle = Refresh::new(0.5);
    assert_eq!(fetched(&idle.step(Event::Renew, 0)), Some(1));
    let mut offline = with_token(HOUR);
    let _ = offline.step(Event::Offline, 20);
    assert_eq!(fetched(&offline.step(Event::Renew, 30)), Some(2), "a page that asks knows better");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_call_that_began_before_a_wish_does_not_fulfil_it_however_it_ends() {
    for (end, is_active) in [
        (Event::Received { call: 2, lifetime: HOUR }, true),
        (Event::Received { call: 2, lifetime: 1 }, false),
        (Event::Failed { call: 2 }, false),
        (Event::Stale { call: 2 }, false),
    ] {
        let mut engine = with_token(HOUR);
        let due = HOUR * 8 / 10;
        assert_eq!(fetched(&engine.step(Event::Tick, due)), Some(2));
        // A wish of the same millisecond is later too.
        let wishes = [due, due, due + 100].map(|now| {
            let wish = engine.wish(now);
            assert_eq!(fetched(&engine.step(Event::Renew, now)), None, "no two calls at once");
            wish
        });
        let effects = engine.step(end, due + 100);
        assert!(!wishes.iter().any(|wish| engine.fulfils(*wish)), "{end:?}");
        assert_eq!(effects.contains(&Effect::Activate { call: 2, lifetime: HOUR }), is_active, "{end:?}");
        assert_eq!((fetched(&effects), engine.is_renewing()), (Some(3), true), "{end:?}");
        let effects = engine.step(Event::Received { call: 3, lifetime: HOUR }, due + 400);
        assert_eq!((fetched(&effects), engine.is_renewing()), (None, false), "three wishes, one call: {end:?}");
        assert!(wishes.iter().all(|wish| engine.fulfils(*wish)), "{end:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wish_does_not_outlive_the_failure_of_its_call_and_shortens_no_other_back_off() {
    for (end, failure) in [
        (Event::Failed { call: 2 }, Failure::Failed),
        (Event::Stale { call: 2 }, Failure::Stale),
        (Event::Tick, Failure::TimedOut),
    ] {
        let mut engine = with_token(HOUR);
        let _ = engine.step(Event::Renew, 1_000);
        let effects = engine.step(end, 1_000 + TIMEOUT);
        let retry_in = Some(HOUR * 8 / 10 - 1_000 - TIMEOUT);
        assert!(effects.contains(&Effect::NotifyFailure { failure, retry_in }), "{effects:?}");
        assert_eq!((fetched(&effects), engine.is_renewing(), timer_of(&effects)), (None, false, retry_in));
        assert_eq!(engine.status(1_000 + TIMEOUT), Status::Valid(1));
    }
    let mut engine = Refresh::new(0.5);
    let _ = engine.step(Event::Requested, 0);
    let _ = engine.step(Event::Failed { call: 1 }, 10);
    assert_eq!(fetched(&engine.step(Event::Renew, 20)), Some(2), "the page asks again");
    let _ = engine.step(Event::Failed { call: 2 }, 30);
    assert_eq!((engine.status(40), fetched(&engine.step(Event::Requested, 40))), (Status::BackingOff, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wish_ends_where_there_are_no_more_tokens() {
    let mut engine = with_token(HOUR);
    let _ = engine.step(Event::Tick, HOUR * 8 / 10);
    let _ = engine.step(Event::Renew, HOUR * 8 / 10 + 1);
    let effects = engine.step(Event::Forbidden { call: 2 }, HOUR * 8 / 10 + 2);
    assert_eq!((fetched(&effects), engine.is_renewing()), (None, false));
    assert_eq!((fetched(&engine.step(Event::Renew, HOUR - 1)), engine.is_renewing()), (None, false));
    let mut alone = Refresh::new(0.5).with_token(HOUR, 0).without_provider();
    assert_eq!((fetched(&alone.step(Event::Renew, 1)), alone.is_renewing()), (None, false));
    let mut closed = with_token(HOUR);
    let _ = closed.step(Event::Renew, 20);
    let _ = closed.step(Event::Closed, 30);
    assert!(!closed.is_renewing());
}

#[wasm_bindgen_test(unsupported = test)]
fn another_tabs_token_fulfils_a_wish_if_its_fetch_began_after_it() {
    let token = |fetched_at| Event::ReceivedElsewhere(Token { fetched_at, lifetime: HOUR, rejections: 0 });
    let mut engine = with_token(HOUR);
    assert_eq!(fetched(&engine.step(Event::Tick, HOUR * 8 / 10)), Some(2));
    let _ = engine.step(Event::Renew, HOUR * 8 / 10 + 100);
    let early = engine.clone().step(token(HOUR * 8 / 10 + 50), HOUR * 8 / 10 + 200);
    assert!(fetched(&early).is_some(), "it is newer than the call in flight, and older than the wish");
    let late = engine.step(token(HOUR * 8 / 10 + 150), HOUR * 8 / 10 + 200);
    assert_eq!((fetched(&late), engine.is_renewing()), (None, false));
}

#[wasm_bindgen_test(unsupported = test)]
fn offline_nothing_is_fetched_unless_requested_and_online_fetches_at_once() {
    let mut engine = with_token(HOUR);
    let _ = engine.step(Event::Offline, 20);
    assert_eq!(fetched(&engine.step(Event::Tick, HOUR)), None);
    assert_eq!(fetched(&engine.step(Event::Online, HOUR + 1)), Some(2));
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_happens_after_closing() {
    let mut engine = with_token(HOUR);
    let effects = engine.step(Event::Closed, 20);
    assert!(effects.contains(&Effect::Clear(Loss::Closed)) && timer_of(&effects).is_none());
    let late =
        [Event::Requested, Event::Tick, Event::Online, Event::Received { call: 1, lifetime: HOUR }, Event::Closed];
    for event in late {
        assert_eq!(engine.step(event, 30), []);
    }
    assert_eq!(engine.status(30), Status::Closed);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_without_a_provider_is_used_until_it_expires() {
    let mut engine = Refresh::new(0.5).with_token(HOUR, 100).without_provider();
    assert_eq!(timer_of(&engine.step(Event::Tick, 100)), Some(HOUR));
    assert_eq!((engine.status(HOUR + 99), engine.status(HOUR + 100)), (Status::Valid(0), Status::Exhausted));
    let endless = Refresh::new(0.5).with_token(NEVER, 100).without_provider();
    assert_eq!((endless.status(u64::MAX - 1), endless.expires_in(100)), (Status::Valid(0), None));
}

#[wasm_bindgen_test(unsupported = test)]
fn wrong_clocks_do_no_harm() {
    const NOW: u64 = 1_616_079_083;
    const DAY: u64 = 86_400;
    let (issued, expires) = (NOW, NOW + 3_600);
    let cases = [
        ("the server's time decides", Some(issued), Some(NOW * 1000), (NOW + DAY) * 1000, Some(HOUR)),
        ("a correct clock counts", Some(issued), None, (NOW + 600) * 1000, Some(3_000_000)),
        ("a clock a day behind: the whole lifetime", Some(issued), None, (NOW - DAY) * 1000, Some(HOUR)),
        ("a clock a day ahead: the whole lifetime", Some(issued), None, (NOW + DAY) * 1000, Some(HOUR)),
        ("opaque and expired", None, None, (NOW + DAY) * 1000, None),
        ("expired by the server's time", Some(issued), Some((NOW + 3_600) * 1000), NOW * 1000, None),
    ];
    for (case, issued, server, visitor, expected) in cases {
        assert_eq!(time_left(expires, issued, server, visitor), expected, "{case}");
    }
    assert_eq!(time_left(u64::MAX, None, None, 0), Some(u64::MAX), "no overflow");
}

#[wasm_bindgen_test(unsupported = test)]
fn random_days() {
    for seed in 0..2_000 {
        crate::days::one::simulate(seed);
    }
}
