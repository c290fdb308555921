//! The engine for many tabs: its rules one by one, then simulated days with an oracle.

use daypass::session::refresh::{self, Failure, Refresh, Status, TIMEOUT, Token};
use daypass::session::tabs::{Content, Effect, Event, Mark, Message, Others, Tabs};
use wasm_bindgen_test::wasm_bindgen_test;

const HOUR: u64 = 3_600_000;
const REQUESTED: Event = Event::Refresh(refresh::Event::Requested);
const RENEW: Event = Event::Refresh(refresh::Event::Renew);
const TICK: Event = Event::Refresh(refresh::Event::Tick);
const TOKEN: Token = Token { fetched_at: 1_000, lifetime: HOUR, rejections: 0 };

fn tab(others: Others) -> Tabs {
    let mut tab = Tabs::new(Refresh::new(0.5), 0);
    let _ = tab.step(Event::Others(others), 0);
    tab
}

/// A tab whose first call began at 0 and brought a token for an hour.
fn tab_with_token() -> Tabs {
    let mut tab = tab(Others::None);
    assert!(fetches(&tab.step(REQUESTED, 0)));
    assert!(posts(&tab.step(received(1), 10)).contains(&token_of(Token { fetched_at: 0, ..TOKEN }, u32::MAX / 2)));
    tab
}

fn received(call: u32) -> Event {
    Event::Refresh(refresh::Event::Received { call, lifetime: HOUR })
}

fn unauthorized(call: u32) -> Event {
    Event::Refresh(refresh::Event::Unauthorized { call })
}

fn token_of(token: Token, by: u32) -> Content {
    Content::Token { by, token }
}

fn message(sent_at: u64, content: Content) -> Event {
    Event::Received(Message { sent_at, content })
}

fn fetches(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Refresh(refresh::Effect::Fetch { .. })))
}

fn activates(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Refresh(refresh::Effect::Activate { .. })))
}

fn posts(effects: &[Effect]) -> Vec<Content> {
    let content = |effect: &Effect| if let Effect::Post(message) = effect { Some(message.content) } else { None };
    effects.iter().filter_map(content).collect()
}

fn timer_of(effects: &[Effect]) -> Option<u64> {
    match effects.last() {
        Some(Effect::Refresh(refresh::Effect::SetTimer(milliseconds))) => *milliseconds,
        other => panic!("every step ends by setting the timer, not with {other:?}"),
    }
}

/// Lets the timer fire until the tab fetches, and returns when.
fn fetches_at(tab: &mut Tabs, mut effects: Vec<Effect>, mut now: u64) -> u64 {
    while !fetches(&effects) {
        now += timer_of(&effects).unwrap();
        effects = tab.step(TICK, now);
    }
    now
}

#[wasm_bindgen_test(unsupported = test)]
fn a_lone_tab_fetches_at_once() {
    let effects = tab(Others::None).step(REQUESTED, 0);
    assert_eq!(effects[0], Effect::Lock, "a tab that opens meanwhile waits for it");
    assert!(fetches(&effects));
    assert_eq!((posts(&effects), timer_of(&effects)), (vec![Content::Fetching], Some(TIMEOUT)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tab_that_turns_out_to_be_alone_fetches_at_once() {
    let mut tab = Tabs::new(Refresh::new(0.5), 0);
    assert!(!fetches(&tab.step(REQUESTED, 0)));
    assert!(fetches(&tab.step(Event::Others(Others::None), 2)));
}

#[wasm_bindgen_test(unsupported = test)]
fn before_it_fetches_a_tab_listens_and_longer_for_its_first_token_when_there_may_be_others() {
    for (others, event, longest) in [
        (Others::Unknown, Event::NoLock, 50),
        (Others::Unknown, Event::Locked, 250),
        (Others::Some, Event::Locked, 250),
        (Others::Some, Event::NoLock, 250),
    ] {
        let mut tab = tab(others);
        assert!(!fetches(&tab.step(REQUESTED, 0)));
        let effects = tab.step(event, 1);
        assert_eq!(posts(&effects), [Content::Query { after: None }]);
        let at = fetches_at(&mut tab, effects, 1) - 1;
        assert!((longest / 2..=longest).contains(&at), "{others:?}, {event:?}: {at} ms");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_late_tab_gets_the_token_and_releases_the_lock() {
    let mut old = tab_with_token();
    let mut late = tab(Others::Some);
    let _ = late.step(REQUESTED, 5_000);
    let [query] = posts(&late.step(Event::Locked, 5_000))[..] else { panic!("one query") };
    let [answer] = posts(&old.step(message(5_000, query), 5_001))[..] else { panic!("one answer") };
    let effects = late.step(message(5_001, answer), 5_002);
    assert!(activates(&effects) && effects.contains(&Effect::Unlock));
    assert_eq!(late.refresh().expires_in(5_002), Some(HOUR - 5_002));
    assert_eq!(
        posts(
            &old.step(message(5_003, Content::Query { after: Some(Mark { fetched_at: 0, by: u32::MAX / 2 }) }), 5_003)
        ),
        []
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_frozen_neighbour_with_the_lock_costs_less_than_four_seconds() {
    for jitter in [0.0, 0.5, 1.0] {
        let mut tab = Tabs::new(Refresh::new(jitter), 0);
        let _ = tab.step(Event::Others(Others::Some), 0);
        let effects = tab.step(REQUESTED, 0);
        let at = fetches_at(&mut tab, effects, 0);
        assert!((1_750..=3_500).contains(&at), "{at} ms");
    }
    let mut tab = tab(Others::Some);
    let _ = tab.step(REQUESTED, 0);
    let effects = tab.step(Event::Locked, 2_600);
    assert!(fetches_at(&mut tab, effects, 2_600) < 4_000);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tab_waits_for_a_neighbour_that_is_fetching() {
    let mut tab = tab(Others::Some);
    let mut effects = tab.step(REQUESTED, 0);
    let mut now = 0;
    while now < 9_000 {
        now += timer_of(&effects).unwrap();
        let ticked = tab.step(TICK, now);
        assert!(!fetches(&ticked), "{now} ms");
        assert_eq!(posts(&ticked), [Content::Query { after: None }]);
        effects = tab.step(message(now, Content::Fetching), now);
    }
    let effects = tab.step(message(now, token_of(Token { fetched_at: 10, ..TOKEN }, 7)), now);
    assert!(activates(&effects) && effects.contains(&Effect::Unlock));
}

#[wasm_bindgen_test(unsupported = test)]
fn with_the_lock_earlier_messages_do_not_count() {
    let mut tab = tab(Others::Some);
    let _ = tab.step(REQUESTED, 0);
    let _ = tab.step(Event::Locked, 1_000);
    let effects = tab.step(message(999, Content::Fetching), 1_001);
    assert!(fetches_at(&mut tab, effects, 1_001) <= 1_250);
}

#[wasm_bindgen_test(unsupported = test)]
fn only_tabs_that_wait_share_a_failure() {
    let mut waiting = tab(Others::Some);
    let _ = waiting.step(REQUESTED, 1_000);
    let effects = waiting.step(message(1_100, Content::Failed), 1_101);
    let pause = Effect::Refresh(refresh::Effect::NotifyFailure { failure: Failure::Failed, retry_in: Some(750) });
    assert!(effects.contains(&pause) && effects.contains(&Effect::Unlock));
    assert_eq!((posts(&effects), waiting.refresh().status(1_101)), (vec![], Status::BackingOff));

    let mut content = tab_with_token();
    assert_eq!(content.step(message(1_100, Content::Failed), 1_101).len(), 1);

    let mut thawed = tab(Others::Some);
    let _ = thawed.step(REQUESTED, 1_000);
    let _ = thawed.step(message(1_100, Content::Failed), 60_000);
    assert!(thawed.refresh().status(60_000) == Status::Refreshing, "the failure was long ago");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_own_call_that_failed_is_posted() {
    for event in
        [refresh::Event::Failed { call: 1 }, refresh::Event::Stale { call: 1 }, refresh::Event::Forbidden { call: 1 }]
    {
        let mut tab = tab(Others::None);
        let _ = tab.step(REQUESTED, 0);
        let effects = tab.step(Event::Refresh(event), 10);
        assert!(posts(&effects) == [Content::Failed] && effects.contains(&Effect::Unlock), "{event:?}");
    }
    let mut tab = tab(Others::None);
    let _ = tab.step(REQUESTED, 0);
    assert_eq!(posts(&tab.step(TICK, TIMEOUT)), [Content::Failed]);
}

#[wasm_bindgen_test(unsupported = test)]
fn waiting_for_another_tab_does_not_count_against_the_provider() {
    let mut tab = tab(Others::Some);
    let effects = tab.step(REQUESTED, 0);
    let at = fetches_at(&mut tab, effects, 0);
    let _ = tab.step(TICK, at + TIMEOUT - 1);
    assert_eq!(tab.refresh().status(at + TIMEOUT - 1), Status::Refreshing);
    let _ = tab.step(received(1), at + TIMEOUT - 1);
    assert_eq!(tab.refresh().expires_in(at + TIMEOUT - 1), Some(HOUR - TIMEOUT + 1));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_late_message_makes_no_token_younger() {
    let mut thawed = tab(Others::Some);
    assert!(!activates(&thawed.step(message(2_000, token_of(TOKEN, 7)), TOKEN.fetched_at + HOUR)), "it has expired");
    assert!(activates(&thawed.step(message(2_000, token_of(TOKEN, 7)), TOKEN.fetched_at + HOUR - 60_000)));
    assert_eq!(thawed.refresh().expires_in(TOKEN.fetched_at + HOUR - 60_000), Some(60_000));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_from_the_future_is_not_believed() {
    let mut tab = tab_with_token();
    let token = Token { fetched_at: HOUR, lifetime: HOUR, rejections: 0 };
    assert!(!activates(&tab.step(message(1_000, token_of(token, 9)), 1_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tab_whose_clock_is_ahead_is_not_believed() {
    let mut tab = tab(Others::Some);
    let token = Token { fetched_at: HOUR, ..TOKEN };
    assert!(!activates(&tab.step(message(HOUR, token_of(token, 7)), HOUR - 2_001)));
    assert!(activates(&tab.step(message(HOUR, token_of(token, 7)), HOUR - 2_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rejected_token_is_neither_posted_nor_used_again() {
    let mut tab = tab_with_token();
    let _ = tab.step(message(1_100, token_of(TOKEN, 7)), 1_101);
    let effects = tab.step(unauthorized(2), 2_000);
    assert!(effects.contains(&Effect::Lock) && !fetches(&effects), "it knows about another tab now");
    assert_eq!(posts(&tab.step(message(2_001, Content::Query { after: None }), 2_002)), []);
    for (token, by) in [(TOKEN, 7), (TOKEN, 6), (Token { fetched_at: 900, ..TOKEN }, 8)] {
        assert!(!activates(&tab.step(message(2_003, token_of(token, by)), 2_004)));
    }
    assert!(activates(&tab.step(message(2_005, token_of(Token { fetched_at: 2_001, ..TOKEN }, 1)), 2_006)));
    assert!(!activates(&tab.step(message(2_007, token_of(TOKEN, 7)), 2_008)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wish_for_a_new_token_waits_for_no_other_tab_and_its_token_reaches_all() {
    let (mut wishing, mut other) = (tab(Others::Some), tab(Others::Some));
    for tab in [&mut wishing, &mut other] {
        let _ = tab.step(message(1_100, token_of(TOKEN, 7)), 1_101);
    }
    let effects = wishing.step(RENEW, 2_000);
    assert!(fetches(&effects) && effects.contains(&Effect::Lock), "a tab that needs a token meanwhile waits for it");
    assert_eq!(posts(&effects), [Content::Fetching]);
    let effects = wishing.step(received(2), 2_100);
    let [token] = posts(&effects)[..] else { panic!("one token") };
    assert!(matches!(token, Content::Token { token: Token { fetched_at: 2_000, .. }, .. }) && !fetches(&effects));
    assert!(activates(&other.step(message(2_100, token), 2_101)));
    assert_eq!(other.refresh().expires_in(2_101), Some(HOUR - 101));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wish_ends_the_wait_for_another_tabs_token() {
    let mut tab = tab(Others::Some);
    assert!(!fetches(&tab.step(REQUESTED, 1_000)));
    let _ = tab.step(message(1_001, Content::Fetching), 1_001);
    assert!(fetches(&tab.step(RENEW, 1_002)), "the other tab's call began before");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wish_during_an_older_call_outlives_another_tabs_older_token() {
    let mut tab = tab(Others::Some);
    let _ = tab.step(message(1_100, token_of(TOKEN, 7)), 1_101);
    let effects = tab.step(unauthorized(1), 2_000);
    let began_at = fetches_at(&mut tab, effects, 2_000);
    assert!(!fetches(&tab.step(RENEW, began_at + 100)), "no two calls at once");
    let effects =
        tab.step(message(began_at + 120, token_of(Token { fetched_at: began_at + 50, ..TOKEN }, 9)), began_at + 121);
    assert!(activates(&effects) && fetches(&effects), "{effects:?}");
    // What comes now belongs to the call that the wish began.
    let effects =
        tab.step(message(began_at + 130, token_of(Token { fetched_at: began_at + 90, ..TOKEN }, 9)), began_at + 131);
    assert!(activates(&effects) && !effects.contains(&Effect::Unlock), "{effects:?}");
    assert!(tab.refresh().is_renewing());
}

#[wasm_bindgen_test(unsupported = test)]
fn two_tabs_that_wish_at_the_same_time_make_no_more_calls_than_wishes() {
    let (mut one, mut other) = (tab(Others::Some), tab(Others::Some));
    for tab in [&mut one, &mut other] {
        let _ = tab.step(message(1_100, token_of(TOKEN, 7)), 1_101);
    }
    assert!(fetches(&one.step(RENEW, 2_000)) && fetches(&other.step(RENEW, 2_001)));
    let token = posts(&other.step(received(2), 2_050))[0];
    let effects = one.step(message(2_050, token), 2_051);
    assert!(activates(&effects) && !fetches(&effects) && !one.refresh().is_renewing());
    assert!(!activates(&one.step(received(2), 2_060)), "the older token comes too late");
    assert!(!fetches(&one.step(TICK, 60_000)) && !fetches(&other.step(TICK, 60_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn closing_releases_the_lock_and_nothing_follows() {
    let mut tab = tab(Others::Some);
    let _ = tab.step(REQUESTED, 0);
    let effects = tab.step(Event::Refresh(refresh::Event::Closed), 10);
    assert!(effects.contains(&Effect::Unlock) && timer_of(&effects).is_none());
    for event in
        [REQUESTED, TICK, Event::Locked, message(10, token_of(TOKEN, 7)), message(10, Content::Query { after: None })]
    {
        assert_eq!(tab.step(event, 20), []);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn random_days_of_many_tabs() {
    for seed in 0..100 {
        crate::days::many::simulate(seed);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn random_days_of_many_tabs_whose_pages_want_new_tokens() {
    for seed in 0..100 {
        crate::days::many::simulate_with_wishes(seed);
    }
}
